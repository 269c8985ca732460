//! Alarms of the stack, evaluated by the observer's clock and published to their topics.

mod history;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use cloudwatch_model::alarm::{Alarm, AlarmSet, Evaluator, State, Transition};
use cloudwatch_model::math::MathError;
use cloudwatch_model::{MetricStore, Period, Timestamp};
use serde_json::{Value, json};

use super::board::Board;
use super::clock::{Clock, rfc3339};
use super::news::Topic;
use aws_client::Aws;
use aws_client::chain;
use history::History;
pub use history::{Action, Entry, Event};

/// This source, as problems name it.
const SOURCE: &str = "alarms";
/// How long after its end a minute is looked at, by the day's clock: what is reported by then counts.
const SETTLING: Duration = Duration::from_secs(2);
const SNS: (&str, &str) = ("sns", "2010-03-31");

/// The alarms and what became of them.
#[derive(Debug, Default)]
pub struct AlarmBoard {
    evaluator: Evaluator,
    created: Timestamp,
    /// The last minute that was looked at.
    evaluated: Option<Timestamp>,
    standing: BTreeMap<String, Standing>,
    history: History,
}

/// What setting a state did.
pub(crate) enum StateSet {
    /// There is no such alarm.
    Unknown,
    /// The alarm was in that state already.
    Same,
    /// It entered the state.
    Changed(Box<(Alarm, Transition)>),
}

/// Since when an alarm is in its state, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Why.
    pub reason: String,
    /// When it entered the state.
    pub since: Timestamp,
    /// When the state was set last, which may be the same again.
    pub updated: Timestamp,
}

impl AlarmBoard {
    /// Alarms that were created at that instant.
    #[must_use]
    pub fn new(set: AlarmSet, created: Timestamp) -> Self {
        let history = History::of(&set, created);
        Self { evaluator: Evaluator::new(set), created, history, ..Self::default() }
    }

    /// The alarms.
    #[must_use]
    pub fn set(&self) -> &AlarmSet {
        self.evaluator.set()
    }

    /// When they were created.
    #[must_use]
    pub fn created(&self) -> Timestamp {
        self.created
    }

    /// The state of an alarm; `None` for one that does not exist.
    #[must_use]
    pub fn state(&self, name: &str) -> Option<State> {
        self.set().get(name).map(|_| self.evaluator.state(name))
    }

    /// Since when an alarm is in its state, and why; `None` for one whose state never changed.
    #[must_use]
    pub fn standing(&self, name: &str) -> Option<&Standing> {
        self.standing.get(name)
    }

    /// Up to when the alarms were evaluated.
    #[must_use]
    pub fn evaluated(&self) -> Option<Timestamp> {
        self.evaluated
    }

    /// The transitions remembered, oldest first.
    #[must_use]
    pub fn history(&self) -> impl DoubleEndedIterator<Item = &Transition> {
        self.history.transitions()
    }

    /// All that is remembered, oldest first.
    #[must_use]
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.history.entries()
    }

    /// The transitions after the first `seen`, and how many there ever were.
    #[must_use]
    pub fn after(&self, seen: usize) -> (Vec<Transition>, usize) {
        self.history.after(seen)
    }

    /// Evaluates all alarms at the end of a minute.
    ///
    /// # Errors
    /// An expression that cannot be evaluated; reading the set excludes it.
    pub fn tick(&mut self, store: &MetricStore, at: Timestamp) -> Result<Vec<Transition>, MathError> {
        let transitions = self.evaluator.tick(store, at)?;
        self.evaluated = Some(at);
        for transition in &transitions {
            self.note(transition);
        }
        Ok(transitions)
    }

    /// Sets the state of an alarm until it is evaluated again, as `SetAlarmState` does. The actions of what entered another
    /// state are still to be taken.
    pub(crate) fn set_state(&mut self, name: &str, to: State, reason: &str, at: Timestamp) -> StateSet {
        let Some(alarm) = self.set().get(name).cloned() else { return StateSet::Unknown };
        if let Some(transition) = self.evaluator.set_state(name, to, reason, at) {
            self.note(&transition);
            return StateSet::Changed(Box::new((alarm, transition)));
        }
        let since = self.standing(name).map_or(self.created, |standing| standing.since);
        let standing = Standing { reason: reason.to_owned(), since, updated: at };
        self.standing.insert(name.to_owned(), standing);
        StateSet::Same
    }

    fn note(&mut self, transition: &Transition) {
        let Transition { alarm, at, reason, .. } = transition;
        let standing = Standing { reason: reason.clone(), since: *at, updated: *at };
        self.standing.insert(alarm.clone(), standing);
        self.history.put(alarm, *at, Event::Changed(transition.clone()));
    }
}

/// Evaluates each minute that ends, until the watching ends.
pub(super) async fn follow(board: Arc<Board>, aws: Aws, clock: Clock) {
    let minute = Period::MINUTE.as_millis();
    let mut rates = clock.changes();
    // Never a minute that began before anybody looked.
    let mut next = clock.now().start_of(Period::MINUTE).plus_millis(2 * minute);
    loop {
        let early = next.as_millis() - clock.before(SETTLING).as_millis();
        if early > 0 {
            // What has settled may have been faster than what comes, so that no wait is longer than that.
            let wait = clock.wait(early).clamp(Duration::from_millis(1), SETTLING);
            tokio::select! { () = tokio::time::sleep(wait) => {} () = rates.next() => {} }
            continue;
        }
        let mut changed = Vec::new();
        let mut failure = None;
        board.write(&[Topic::Alarms], |seen| match seen.alarms.tick(&seen.metrics, next) {
            Ok(transitions) => {
                let alarm = |transition: &Transition| seen.alarms.set().get(&transition.alarm).cloned();
                changed = transitions.into_iter().filter_map(|it| Some((alarm(&it)?, it))).collect();
            }
            Err(error) => failure = Some(chain(&error)),
        });
        for (alarm, transition) in changed {
            let failed = act(&board, &aws, &alarm, &transition).await;
            failure = failure.or(failed);
        }
        board.note(SOURCE, failure);
        next = next.plus_millis(minute);
    }
}

/// Notifies the topics that the alarm names, in the form of CloudWatch's own message; returns why the first failed.
pub(super) async fn act(board: &Board, aws: &Aws, alarm: &Alarm, transition: &Transition) -> Option<String> {
    let Transition { alarm: name, to, at, .. } = transition;
    let subject = format!("{to}: \"{name}\" in {}", aws.region());
    let subject: String = subject.chars().take(100).collect();
    let message = message(aws.region(), alarm, transition).to_string();
    let mut first = None;
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
        let failure = aws.query(SNS.0, SNS.1, "Publish", &publish).await.err().map(|error| chain(&error));
        first = first.or_else(|| failure.clone());
        let action = Action { topic: topic.clone(), message: message.clone(), to: *to, failure };
        board.write(&[Topic::Alarms], |seen| seen.alarms.history.put(name, *at, Event::Acted(action)));
    }
    first
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
