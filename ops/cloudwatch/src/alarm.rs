//! Alarms as CloudFormation states them, evaluated as CloudWatch documents it.
//!
//! What is documented and followed: an alarm is evaluated every minute (every ten seconds for shorter periods)
//! on windows that end then; more datapoints are fetched than `EvaluationPeriods`; the rules for missing data,
//! premature alarms and few samples; warm-up; AWS/DynamoDB, whose missing data is always ignored. Not documented is how
//! many more datapoints are fetched: [`EXTRA_POINTS`] is the number of the documented examples.

mod data;
mod definition;
mod error;
mod evaluate;
mod missing;
mod read;
mod rule;
mod set;
#[cfg(test)]
mod tests;
mod timeline;
mod warm_up;

use std::fmt;

pub use data::{DataQuery, MetricStat, Queried, Source};
pub use error::AlarmError;
pub use evaluate::{EXTRA_POINTS, Verdict};
pub use missing::{Fate, decide};
pub use rule::{Rule, RuleError};
pub use set::{AlarmSet, Evaluator, Transition};
pub use timeline::{Stretch, timeline};
pub use warm_up::WarmUp;

use crate::location::Location;
use crate::time::Period;

/// The state of an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Within the threshold.
    Ok,
    /// Outside of it.
    Alarm,
    /// Too few datapoints to decide.
    InsufficientData,
}

impl State {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Ok, Self::Alarm, Self::InsufficientData];

    /// As CloudWatch spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Alarm => "ALARM",
            Self::InsufficientData => "INSUFFICIENT_DATA",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An alarm of either kind.
#[derive(Clone, Debug)]
pub struct Alarm {
    /// Its name.
    pub name: String,
    /// Its logical id in the template.
    pub id: String,
    /// The text that its notifications have.
    pub description: String,
    /// Why it is as it is.
    pub notes: Notes,
    /// Its actions on entering each state.
    pub actions: Actions,
    /// When it is in which state.
    pub kind: Kind,
    /// Where it stands.
    pub location: Location,
}

/// An alarm's `Metadata`, for people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notes {
    /// `page`, `ticket` or `silent`.
    pub severity: String,
    /// Who answers for it.
    pub owner: String,
    /// The runbook's file, from the repository's root.
    pub runbook: String,
    /// Why it is as it is.
    pub reason: String,
}

/// Actions by the state that is entered: ARNs, of topics as a rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Actions {
    /// Whether none is taken: `ActionsEnabled` is false.
    pub are_disabled: bool,
    /// On entering OK.
    pub ok: Vec<String>,
    /// On entering ALARM.
    pub alarm: Vec<String>,
    /// On entering `INSUFFICIENT_DATA`.
    pub insufficient_data: Vec<String>,
}

impl Actions {
    /// The actions on entering a state; none when they are disabled.
    #[must_use]
    pub fn on(&self, state: State) -> &[String] {
        match state {
            _ if self.are_disabled => &[],
            State::Ok => &self.ok,
            State::Alarm => &self.alarm,
            State::InsufficientData => &self.insufficient_data,
        }
    }
}

/// When an alarm is in which state.
#[derive(Clone, Debug)]
pub enum Kind {
    /// By metrics.
    Metric(Box<MetricAlarm>),
    /// By the states of other alarms.
    Composite(Rule),
}

/// An alarm on a metric or on an expression over metrics.
#[derive(Clone, Debug)]
pub struct MetricAlarm {
    /// What is compared.
    pub source: Source,
    /// How long each datapoint gathers.
    pub period: Period,
    /// N: how many datapoints are looked at.
    pub evaluation_periods: usize,
    /// M: how many of them must breach.
    pub datapoints_to_alarm: usize,
    /// How a datapoint is compared with the threshold.
    pub comparison: Comparison,
    /// What it is compared with.
    pub threshold: f64,
    /// What a missing datapoint counts as.
    pub missing: MissingData,
    /// Whether a percentile of few samples leaves the state as it is.
    pub ignores_few_samples: bool,
    /// How long after its creation it waits for data.
    pub warm_up: Option<WarmUp>,
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident: $($(#[$line:meta])* $variant:ident = $text:literal,)*) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$line])* $variant,)* }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// As a template spells it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

words! {
    /// How a datapoint breaches.
    Comparison:
    /// Above the threshold.
    Greater = "GreaterThanThreshold",
    /// At the threshold or above.
    GreaterOrEqual = "GreaterThanOrEqualToThreshold",
    /// Below the threshold.
    Less = "LessThanThreshold",
    /// At the threshold or below.
    LessOrEqual = "LessThanOrEqualToThreshold",
}

impl Comparison {
    /// Whether `value` breaches.
    #[must_use]
    pub fn breaches(self, value: f64, threshold: f64) -> bool {
        match self {
            Self::Greater => value > threshold,
            Self::GreaterOrEqual => value >= threshold,
            Self::Less => value < threshold,
            Self::LessOrEqual => value <= threshold,
        }
    }
}

words! {
    /// What a missing datapoint counts as.
    MissingData:
    /// As nothing: with nothing else, `INSUFFICIENT_DATA`.
    Missing = "missing",
    /// As a reason to stay as it is.
    Ignore = "ignore",
    /// As breaching.
    Breaching = "breaching",
    /// As within the threshold.
    NotBreaching = "notBreaching",
}
