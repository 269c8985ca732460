//! Logs: the newest lines, found by a filter pattern as CloudWatch has them, and the stack's saved queries.

mod saved;
mod search;

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::{SystemTime, UNIX_EPOCH};

use aws_client::AwsError;
use axum::Router;
use axum::extract::Query;
use axum::response::Html;
use axum::routing::get;
use futures_util::future::try_join_all;
use local_stack::observe::logs::{LogFilter, LogLine};
use local_stack::observe::news::Topic;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;

use super::Page;
use crate::app::{App, Base};
use crate::assets;
use crate::layout::{Head, page};
use crate::ui::{self, href};

/// How many lines are shown.
const SHOWN: usize = 200;
const LEVELS: [&str; 4] = ["ERROR", "WARN", "INFO", "DEBUG"];

pub(super) fn routes() -> Router<Base> {
    Router::new().route("/logs", get(show)).route("/logs/queries", get(saved::show))
}

/// What is searched for; empty fields match everything.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Filter {
    /// A filter pattern, which CloudWatch's own API understands.
    pattern: String,
    group: String,
    level: String,
    image: String,
    trace: String,
}

impl Filter {
    fn is_empty(&self) -> bool {
        [&self.pattern, &self.group, &self.level, &self.image, &self.trace]
            .iter()
            .all(|it| it.trim().is_empty())
    }

    /// The same to the observer, which knows no patterns.
    fn observed(&self) -> LogFilter {
        let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        LogFilter { image_id: given(&self.image), trace_id: given(&self.trace), level: given(&self.level) }
    }

    fn form(&self, groups: &[String]) -> Markup {
        html! {
            form .filter role="search" action="/logs" aria-label="Log lines" {
                label .wide { "Filter pattern" input type="search" name="pattern" value=(self.pattern) autocomplete="off"
                    spellcheck="false" placeholder="{ $.level = \"ERROR\" }"; }
                label { "Log group" select name="group" {
                    option value="" { "All" }
                    @for group in groups { option value=(group) selected[*group == self.group] { (short(group)) } }
                } }
                label { "Level" select name="level" {
                    option value="" { "Any" }
                    @for level in LEVELS { option value=(level) selected[level == self.level] { (level) } }
                } }
                label { "Image id" input type="search" name="image" value=(self.image) autocomplete="off"; }
                label { "Trace id" input type="search" name="trace" value=(self.trace) autocomplete="off"; }
                div .buttons {
                    button .primary type="submit" { "Search" }
                    @if !self.is_empty() { a .button href="/logs" { "Show all" } }
                }
            }
        }
    }
}

async fn show(app: App, Query(filter): Query<Filter>) -> Page {
    let groups = &app.source.info.log_groups;
    let found = if filter.pattern.trim().is_empty() {
        Ok(observed(&app, &filter))
    } else {
        matching(&app, &filter).await?
    };
    let list = html! {
        div .waiting { button #waiting-lines .primary type="button" hidden {} }
        div .card {
            @match &found {
                Err(why) => p .problem { "CloudWatch does not take this pattern: " (why) },
                Ok(found) if found.lines.is_empty() && !found.is_cut => (nothing(&filter)),
                Ok(found) => { (table(&found.lines)) (missing(found)) },
            }
        }
    };
    let content = html! {
        (tabs(false))
        (filter.form(groups))
        (ui::live("logs", &[Topic::Logs], list))
        script src=(assets::path("logs.js")) defer {}
    };
    Ok(Html(page(&app, Head { at: "/logs", title: "Logs", lead: LEAD }, content).into_string()))
}

const LEAD: &str = "What the functions wrote, without the lines that are metrics; newest first.";

fn tabs(shows_queries: bool) -> Markup {
    html! {
        nav .choices .toolbar aria-label="Views of the logs" {
            a href="/logs" aria-current=[(!shows_queries).then_some("true")] { "Lines" }
            a href="/logs/queries" aria-current=[shows_queries.then_some("true")] { "Saved queries" }
        }
    }
}

/// What a search found.
#[derive(Debug, Default)]
struct Found {
    lines: Vec<LogLine>,
    /// Whether there may be older ones, which nobody looked for.
    has_more: bool,
    /// Whether the search ended before all was searched that had to be.
    is_cut: bool,
}

impl Found {
    /// The newest of them, which come first.
    fn newest(mut self) -> Self {
        self.lines.sort_by_key(|line| std::cmp::Reverse(line.timestamp_ms));
        self.has_more |= self.lines.len() > SHOWN;
        self.lines.truncate(SHOWN);
        self
    }
}

fn observed(app: &App, filter: &Filter) -> Found {
    // One more than is shown: whether there are more.
    let limit = if filter.group.is_empty() { SHOWN + 1 } else { usize::MAX };
    let mut lines = app.source.observer.logs(&filter.observed(), limit);
    lines.retain(|line| filter.group.is_empty() || line.group == filter.group);
    lines.reverse();
    let has_more = lines.len() > SHOWN;
    lines.truncate(SHOWN);
    Found { lines, has_more, is_cut: false }
}

/// The lines that CloudWatch's own search finds, or why it refuses the pattern.
async fn matching(app: &App, filter: &Filter) -> Result<Result<Found, String>, AwsError> {
    let groups = app.source.info.log_groups.iter();
    let wanted = groups.filter(|group| filter.group.is_empty() || **group == filter.group);
    let found = match try_join_all(wanted.map(|group| search::newest(&app.source.aws, group, filter))).await {
        Err(search::Failure::Pattern(why)) => return Ok(Err(why)),
        Err(search::Failure::Call(error)) => return Err(error),
        Ok(found) => found,
    };
    let all = found.into_iter().fold(Found::default(), |mut all, found| {
        all.lines.extend(found.lines);
        all.has_more |= found.has_more;
        all.is_cut |= found.is_cut;
        all
    });
    Ok(Ok(all.newest()))
}

/// Now, in milliseconds since 1970.
fn today() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_millis()).unwrap_or(i64::MAX)
}

/// What the page does not show, if anything.
fn missing(found: &Found) -> Markup {
    html! {
        @if found.is_cut {
            p .inset .problem { "Not all was searched: more lines match than CloudWatch answers. Choose a log group, or a pattern that fewer match." }
        } @else if found.has_more {
            p .inset .soft { "The newest " (SHOWN) " are shown; there may be older ones." }
        }
    }
}

fn nothing(filter: &Filter) -> Markup {
    if filter.is_empty() {
        let how = html! {
            p { "Functions log what goes wrong; what goes well is in the traces. Send something that is no image:" }
            (ui::command("cargo run -- upload README.md"))
        };
        return ui::empty("No lines yet.", how);
    }
    let how = html! { p { "A pattern is words, " code { "\"a phrase\"" } ", or " code { "{ $.level = \"ERROR\" }" } " for lines of JSON." } };
    ui::empty("No line is like that.", how)
}

fn table(lines: &[LogLine]) -> Markup {
    let link = |line: &LogLine| line.fields.get("trace_id").and_then(Value::as_str).map(href::trace);
    let rows = html! {
        @for (line, name) in lines.iter().zip(names(lines)) {
            tr id=(name) {
                td { (ui::time::ago(line.timestamp_ms)) }
                td { (ui::badge(line.level.as_deref().unwrap_or("-"))) }
                td .message { details { summary { (line.message) } pre .json { (serde_json::to_string_pretty(&line.fields).unwrap_or_default()) } } }
                td { (short(&line.group)) }
                td { @if let Some(trace) = link(line) { a href=(trace) { "trace" } } }
            }
        }
    };
    let columns = ["Written", "Level", "Message", "Group", "Trace"].map(ui::Column::Text);
    ui::table("Log lines", &columns, rows)
}

/// A name for each row, by its line and by how many older ones are alike: a line keeps its row when newer ones come.
fn names(lines: &[LogLine]) -> Vec<String> {
    let mut alike: BTreeMap<u64, usize> = BTreeMap::new();
    let mut name = |line: &LogLine| {
        let mut hasher = DefaultHasher::new();
        (line.timestamp_ms, &line.group, &line.stream, &line.message, &line.fields).hash(&mut hasher);
        let before = alike.entry(hasher.finish()).or_default();
        *before += 1;
        format!("line-{:016x}-{before}", hasher.finish())
    };
    let mut names: Vec<String> = lines.iter().rev().map(&mut name).collect();
    names.reverse();
    names
}

/// A log group's name without what all of them begin with.
fn short(group: &str) -> &str {
    group.trim_start_matches("/aws/lambda/")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use local_stack::observe::Seen;
    use local_stack::observe::logs::LogLine;
    use serde_json::json;

    use super::names;
    use crate::tests::Harness;

    fn seen() -> Seen {
        let mut seen = Seen::default();
        for (at, level, message) in [(1, "WARN", "Image <rejected>"), (2, "ERROR", "Access denied")] {
            let raw = json!({"level": level, "message": message, "image_id": message, "trace_id": "4bf9"})
                .to_string();
            let line = LogLine::read("/aws/lambda/one", "s", at, &raw);
            seen.logs.put(line, &raw, cloudwatch_model::Timestamp::default(), &mut seen.metrics);
        }
        seen
    }

    #[tokio::test]
    async fn lines_are_listed_newest_first_and_lead_to_their_trace() {
        let page = Harness::new(seen()).page("/logs").await;
        let at = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text} in {page}"));
        assert!(at("Access denied") < at("Image &lt;rejected&gt;"));
        assert!(page.contains("href=\"/traces/4bf9\""), "{page}");
    }

    #[test]
    fn a_line_keeps_its_row_when_newer_ones_come_and_lines_that_are_alike_have_each_their_own() {
        let line = |at| LogLine::read("/aws/lambda/one", "s", at, "words");
        let before = names(&[line(2), line(1), line(1)]);
        let after = names(&[line(3), line(2), line(2), line(1), line(1)]);
        assert_eq!((&after[2], &after[3..]), (&before[0], &before[1..]));
        assert_eq!(after.iter().collect::<BTreeSet<_>>().len(), 5, "{after:?}");
    }

    #[tokio::test]
    async fn lines_are_found_by_level_and_image_and_group() {
        let harness = Harness::new(seen());
        for (query, found) in
            [("level=ERROR", true), ("level=WARN", false), ("image=Access", true), ("group=other", false)]
        {
            let page = harness.page(&format!("/logs?{query}")).await;
            assert_eq!(page.contains("<summary>Access denied"), found, "{query}: {page}");
        }
        assert!(harness.page("/logs?level=DEBUG").await.contains("No line is like that."));
        assert!(Harness::new(Seen::default()).page("/logs").await.contains("No lines yet."));
    }
}
