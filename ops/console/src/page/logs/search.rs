//! Search: the newest lines that CloudWatch's own search finds in a log group.
//!
//! `FilterLogEvents` answers the oldest first, and the local engine cuts at 10,000 without a token to go on with. So what was
//! written last is searched first, window by window into the past, and a window whose answer is cut is halved.

use aws_client::{Aws, AwsError};
use local_stack::observe::logs::LogLine;
use serde_json::{Value, json};

use super::{Filter, Found, SHOWN};

/// Events that one answer holds at most, here as on AWS.
const MOST: usize = 10_000;
/// Answers of one window whose token is followed; a window of more is halved.
const ANSWERS: usize = 4;
/// Calls for one group, after which a page is answered with what there is.
const CALLS: usize = 64;
/// How far back the windows reach; one of all that is older comes last.
const WINDOWS_MS: [i64; 3] = [5 * 60_000, 60 * 60_000, 24 * 60 * 60_000];
/// How far the clocks of those who write may be ahead.
const AHEAD_MS: i64 = 5 * 60_000;

/// Why a search has no answer.
#[derive(Debug)]
pub(super) enum Failure {
    /// CloudWatch does not take the pattern, by its own words.
    Pattern(String),
    /// Something else.
    Call(AwsError),
}

/// A time, from its first to its last millisecond since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Window {
    from: i64,
    to: i64,
}

impl Window {
    /// The older half and the newer one; `None` for a single millisecond.
    fn halves(self) -> Option<[Self; 2]> {
        let middle = i64::midpoint(self.from, self.to);
        (self.from < self.to).then_some([Self { to: middle, ..self }, Self { from: middle + 1, ..self }])
    }
}

/// All that was written until now; the newest comes last.
fn windows(now_ms: i64) -> Vec<Window> {
    let mut to = now_ms + AHEAD_MS;
    let begins = WINDOWS_MS.iter().map(|back| now_ms - back).chain([0]);
    let mut windows: Vec<Window> = begins
        .map(|from| {
            let window = Window { from, to };
            to = from - 1;
            window
        })
        .collect();
    windows.reverse();
    windows
}

/// A search in one group.
struct Search<'a> {
    aws: &'a Aws,
    group: &'a str,
    filter: &'a Filter,
    calls: usize,
}

/// The newest lines of a group that match, in no order.
pub(super) async fn newest(aws: &Aws, group: &str, filter: &Filter) -> Result<Found, Failure> {
    let mut search = Search { aws, group, filter, calls: 0 };
    let observed = filter.observed();
    let mut windows = windows(super::today());
    let mut found = Found::default();
    while let Some(window) = windows.pop() {
        if search.calls >= CALLS {
            found.is_cut = true;
            break;
        }
        let (mut lines, is_cut) = search.read(window).await?;
        if is_cut && let Some(halves) = window.halves() {
            windows.extend(halves);
            continue;
        }
        found.is_cut |= is_cut;
        lines.retain(|line| observed.takes(line));
        found.lines.append(&mut lines);
        if found.lines.len() >= SHOWN {
            found.has_more |= !windows.is_empty();
            break;
        }
    }
    Ok(found)
}

impl Search<'_> {
    /// The lines of a window, and whether there are more of them than were answered.
    async fn read(&mut self, window: Window) -> Result<(Vec<LogLine>, bool), Failure> {
        let mut ask = json!({
            "logGroupName": self.group, "filterPattern": self.filter.pattern, "startTime": window.from, "endTime": window.to,
        });
        let mut lines = Vec::new();
        for _ in 0..ANSWERS {
            let Some(answer) = self.call(&ask).await? else { return Ok((lines, false)) };
            let events =
                answer.get("events").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            lines.extend(events.iter().map(|event| read(self.group, event)));
            let token = answer.get("nextToken").filter(|token| !token.is_null());
            let Some(token) = token else { return Ok((lines, events.len() >= MOST)) };
            if let Some(ask) = ask.as_object_mut() {
                ask.insert("nextToken".to_owned(), token.clone());
            }
        }
        Ok((lines, true))
    }

    /// One answer; a function that was never called has no log group yet.
    async fn call(&mut self, ask: &Value) -> Result<Option<Value>, Failure> {
        self.calls += 1;
        match self.aws.json("logs", "Logs_20140328.FilterLogEvents", ask.clone()).await {
            Ok(answer) => Ok(Some(answer)),
            Err(AwsError::Refused { message, .. }) if message.contains("attern") => {
                Err(Failure::Pattern(message))
            }
            Err(AwsError::Refused { status: 400, .. }) => Ok(None),
            Err(error) => Err(Failure::Call(error)),
        }
    }
}

fn read(group: &str, event: &Value) -> LogLine {
    let text = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default();
    let at = event.get("timestamp").and_then(Value::as_i64).unwrap_or_default();
    LogLine::read(group, text("logStreamName"), at, text("message"))
}

#[cfg(test)]
mod tests {
    use local_stack::observe::Seen;

    use super::*;
    use crate::tests::{Harness, answering};

    /// A log group as the local engine searches it, which has lines of these times: the oldest first, and cut without a token.
    async fn with(times: Vec<i64>) -> Harness {
        let answer = move |body: &str| {
            let ask: Value = serde_json::from_str(body).unwrap_or_default();
            let bound = |name: &str, or: i64| ask[name].as_i64().unwrap_or(or);
            let within = bound("startTime", 0)..=bound("endTime", i64::MAX);
            let found = times.iter().filter(|at| within.contains(at)).take(MOST);
            let events: Vec<Value> =
                found.map(|at| json!({"timestamp": at, "message": format!("line of {at}")})).collect();
            json!({ "events": events })
        };
        let mut info = answering(answer).await;
        info.log_groups = vec!["/aws/lambda/one".to_owned()];
        Harness::of(Seen::default(), &info)
    }

    fn found(page: &str) -> Vec<i64> {
        let lines = page.split("<summary>line of ").skip(1);
        lines.map(|rest| rest.split('<').next().unwrap().parse().unwrap()).collect()
    }

    #[tokio::test]
    async fn the_newest_lines_are_found_where_more_match_than_one_answer_holds_and_the_rest_is_owned_up_to() {
        let now = super::super::today();
        let times: Vec<i64> = (0..25_000).map(|number| now - 250_000 + number * 10).collect();
        let newest: Vec<i64> = times.iter().rev().take(SHOWN).copied().collect();
        let page = with(times).await.page("/logs?pattern=line").await;
        assert_eq!(found(&page), newest);
        assert!(page.contains("The newest 200 are shown"), "{page}");
    }

    #[tokio::test]
    async fn a_line_is_found_however_old_and_nothing_is_then_missing() {
        let now = super::super::today();
        let times = vec![1_000, now - 90_000_000, now - 4_000_000, now - 400_000, now];
        let page = with(times.clone()).await.page("/logs?pattern=line").await;
        assert_eq!(found(&page), times.into_iter().rev().collect::<Vec<_>>());
        assert!(!page.contains("are shown") && !page.contains("Not all was searched"), "{page}");
    }

    #[tokio::test]
    async fn a_millisecond_with_more_lines_than_an_answer_holds_is_stated_as_not_searched_whole() {
        let now = super::super::today();
        let page = with(vec![now - 1_000; MOST]).await.page("/logs?pattern=line&level=ERROR").await;
        assert!(page.contains("Not all was searched") && !page.contains("No line is like that"), "{page}");
    }

    #[tokio::test]
    async fn a_token_is_followed_to_the_lines_behind_it() {
        let answer = |body: &str| {
            let event = |at: i64| json!({"timestamp": at, "message": format!("line of {at}")});
            match body {
                body if !body.contains("\"startTime\":0") => json!({"events": []}),
                body if body.contains("\"nextToken\":\"on\"") => json!({"events": [event(2)]}),
                _ => json!({"events": [event(1)], "nextToken": "on"}),
            }
        };
        let mut info = answering(answer).await;
        info.log_groups = vec!["/aws/lambda/one".to_owned()];
        let page = Harness::of(Seen::default(), &info).page("/logs?pattern=line").await;
        assert_eq!(found(&page), [2, 1]);
    }

    #[test]
    fn windows_leave_no_millisecond_out_and_have_none_twice() {
        let mut windows = windows(1_800_000_000_000);
        let halves = windows.pop().and_then(Window::halves).unwrap();
        windows.extend(halves);
        assert_eq!(windows[0].from, 0);
        assert!(windows.windows(2).all(|pair| pair[0].to + 1 == pair[1].from), "{windows:?}");
        assert_eq!(Window { from: 1, to: 1 }.halves(), None);
    }
}
