//! Alarms of the stack, evaluated by the observer's clock and published to their topics.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use cloudwatch_model::alarm::{Alarm, AlarmSet, Evaluator, Kind, State, Transition};
use cloudwatch_model::math::MathError;
use cloudwatch_model::{MetricStore, Period, Timestamp};
use serde_json::{Value, json};

use super::board::Board;
use super::clock::{Clock, rfc3339};
use aws_client::chain;
use aws_client::{Aws, AwsError};

/// This source, as problems name it.
const SOURCE: &str = "alarms";
/// How long after its end a minute is looked at, by the day's clock: what is reported by then counts.
const SETTLING: Duration = Duration::from_secs(2);
/// How many transitions are remembered.
const MAX_HISTORY: usize = 1000;
const SNS: (&str, &str) = ("sns", "2010-03-31");
const CLOUDWATCH: (&str, &str) = ("monitoring", "2010-08-01");

/// The alarms and what became of them.
#[derive(Debug, Default)]
pub struct AlarmBoard {
    evaluator: Evaluator,
    /// The last minute that was looked at.
    evaluated: Option<Timestamp>,
    history: VecDeque<Transition>,
    /// How many transitions there ever were.
    count: usize,
}

impl AlarmBoard {
    /// Alarms that were just created.
    #[must_use]
    pub fn new(set: AlarmSet) -> Self {
        Self { evaluator: Evaluator::new(set), ..Self::default() }
    }

    /// The alarms.
    #[must_use]
    pub fn set(&self) -> &AlarmSet {
        self.evaluator.set()
    }

    /// The state of an alarm; `None` for one that does not exist.
    #[must_use]
    pub fn state(&self, name: &str) -> Option<State> {
        self.set().get(name).map(|_| self.evaluator.state(name))
    }

    /// Up to when the alarms were evaluated.
    #[must_use]
    pub fn evaluated(&self) -> Option<Timestamp> {
        self.evaluated
    }

    /// The transitions remembered, oldest first.
    #[must_use]
    pub fn history(&self) -> impl DoubleEndedIterator<Item = &Transition> {
        self.history.iter()
    }

    /// The transitions after the first `seen`, and how many there ever were.
    #[must_use]
    pub fn after(&self, seen: usize) -> (Vec<Transition>, usize) {
        let new = self.count.saturating_sub(seen).min(self.history.len());
        (self.history.iter().skip(self.history.len() - new).cloned().collect(), self.count)
    }

    /// Evaluates all alarms at the end of a minute.
    fn tick(&mut self, store: &MetricStore, at: Timestamp) -> Result<Vec<Transition>, MathError> {
        let transitions = self.evaluator.tick(store, at)?;
        self.evaluated = Some(at);
        self.count += transitions.len();
        self.history.extend(transitions.iter().cloned());
        let excess = self.history.len().saturating_sub(MAX_HISTORY);
        self.history.drain(..excess);
        Ok(transitions)
    }
}

/// Evaluates each minute that ends, until the watching ends.
pub(super) async fn follow(board: Arc<Board>, aws: Aws, clock: Clock) {
    let minute = Period::MINUTE.as_millis();
    let settling = i64::try_from(SETTLING.as_millis()).unwrap_or(0) * i64::from(clock.rate());
    // Never a minute that began before anybody looked.
    let mut next = clock.now().start_of(Period::MINUTE).plus_millis(2 * minute);
    loop {
        let early = next.as_millis() + settling - clock.now().as_millis();
        if early > 0 {
            tokio::time::sleep(clock.wait(early).max(Duration::from_millis(1))).await;
            continue;
        }
        let mut changed = Vec::new();
        let mut failure = None;
        board.write(|seen| match seen.alarms.tick(&seen.metrics, next) {
            Ok(transitions) => {
                let alarm = |transition: &Transition| seen.alarms.set().get(&transition.alarm).cloned();
                changed = transitions.into_iter().filter_map(|it| Some((alarm(&it)?, it))).collect();
            }
            Err(error) => failure = Some(chain(&error)),
        });
        for (alarm, transition) in changed {
            if let Err(error) = publish(&aws, &alarm, &transition).await {
                failure = Some(chain(&error));
            }
        }
        board.note(SOURCE, failure);
        next = next.plus_millis(minute);
    }
}

/// Notifies the topics that the alarm names, in the form of CloudWatch's own message, and lets the engine's API show the state.
async fn publish(aws: &Aws, alarm: &Alarm, transition: &Transition) -> Result<(), AwsError> {
    let Transition { alarm: name, to, reason, .. } = transition;
    if matches!(alarm.kind, Kind::Metric(_)) {
        let state = [("AlarmName", name.as_str()), ("StateValue", to.as_str()), ("StateReason", reason)];
        match aws.query(CLOUDWATCH.0, CLOUDWATCH.1, "SetAlarmState", &state).await {
            // Alarms on expressions, which the engine refuses.
            Err(AwsError::Refused { code, .. }) if code == "ResourceNotFound" => {}
            other => drop(other?),
        }
    }
    let subject = format!("{to}: \"{name}\" in {}", aws.region());
    let subject: String = subject.chars().take(100).collect();
    let message = message(aws.region(), alarm, transition).to_string();
    for topic in alarm.actions.on(*to) {
        let alarm = alarm_arn(topic, name);
        let publish = [
            ("TopicArn", topic.as_str()),
            ("Subject", subject.as_str()),
            ("Message", message.as_str()),
            // By which the engine asks the topic's policy as CloudWatch's, and not as root's.
            ("Local.Service", "cloudwatch.amazonaws.com"),
            ("Local.SourceArn", alarm.as_str()),
        ];
        aws.query(SNS.0, SNS.1, "Publish", &publish).await?;
    }
    Ok(())
}

/// The alarm's ARN, in the account and region of the topic that it notifies.
fn alarm_arn(topic: &str, alarm: &str) -> String {
    let scope: Vec<&str> = topic.split(':').skip(3).take(2).collect();
    format!("arn:aws:cloudwatch:{}:alarm:{alarm}", scope.join(":"))
}

fn message(region: &str, alarm: &Alarm, transition: &Transition) -> Value {
    json!({
        "AlarmName": alarm.name,
        "AlarmDescription": alarm.description,
        "NewStateValue": transition.to.as_str(),
        "OldStateValue": transition.from.as_str(),
        "NewStateReason": transition.reason,
        "StateChangeTime": rfc3339(transition.at),
        "Region": region,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transition(index: usize) -> Transition {
        Transition {
            alarm: format!("a{index}"),
            at: Timestamp::from_millis(0),
            from: State::Ok,
            to: State::Alarm,
            reason: String::new(),
        }
    }

    fn names(transitions: &[Transition]) -> Vec<&str> {
        transitions.iter().map(|transition| transition.alarm.as_str()).collect()
    }

    #[test]
    fn who_asks_gets_each_transition_once_and_what_is_forgotten_never() {
        let mut board = AlarmBoard::default();
        assert_eq!(board.after(0), (Vec::new(), 0));
        board.history.extend((0..3).map(transition));
        board.count = 3;
        let (first, seen) = board.after(0);
        assert_eq!((names(&first), seen), (vec!["a0", "a1", "a2"], 3));
        assert_eq!(board.after(2).0, [transition(2)]);
        assert_eq!(board.after(seen).0, []);
        board.history.pop_front();
        assert_eq!(names(&board.after(0).0), ["a1", "a2"]);
    }
}
