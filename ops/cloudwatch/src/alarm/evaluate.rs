//! Evaluation of a metric alarm at an instant.

use super::missing::{Fate, decide};
use super::{MetricAlarm, MissingData, Source, State};
use crate::math::{MathError, Values};
use crate::statistic::{Percentile, Statistic};
use crate::store::Statistics;
use crate::time::{Period, Timestamp};

/// How many datapoints are fetched beyond `EvaluationPeriods`, in case some are missing: 2, as in AWS's
/// examples, where 5 are fetched for 3 periods. AWS documents that the number depends on period and resolution,
/// and not how.
pub const EXTRA_POINTS: usize = 2;
const TEN_SECONDS_MILLIS: i64 = 10_000;

/// What an evaluation found.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// The state from now on.
    pub state: State,
    /// The datapoints fetched, oldest first.
    pub points: Values,
    /// Whether the percentile had too few samples to be judged, so that the state stayed.
    pub few_samples: bool,
}

impl MetricAlarm {
    /// How often the alarm is evaluated, in milliseconds.
    #[must_use]
    pub const fn step_millis(&self) -> i64 {
        if self.period.as_seconds() < 60 { TEN_SECONDS_MILLIS } else { Period::MINUTE.as_millis() }
    }

    /// The state at `now`, of the windows that end at the last step, coming from the state `before`.
    ///
    /// # Errors
    /// An expression that does not come to one series; reading an alarm from a template excludes it.
    pub fn evaluate(
        &self,
        store: &dyn Statistics,
        now: Timestamp,
        before: State,
    ) -> Result<Verdict, MathError> {
        let until = self.last_step(now);
        let points = self.source.points(store, until, self.period, self.evaluation_periods + EXTRA_POINTS)?;
        if self.ignores_few_samples && self.has_few_samples(store, until) {
            return Ok(Verdict { state: before, points, few_samples: true });
        }
        let fates: Vec<Fate> = points.iter().map(|point| self.fate(*point)).collect();
        let (periods, to_alarm) = (self.evaluation_periods, self.datapoints_to_alarm);
        let state = decide(&fates, periods, to_alarm, self.missing_as(), before);
        Ok(Verdict { state, points, few_samples: false })
    }

    /// The last instant up to `now` at which it is evaluated.
    #[must_use]
    pub fn last_step(&self, now: Timestamp) -> Timestamp {
        now.plus_millis(-now.as_millis().rem_euclid(self.step_millis()))
    }

    /// What a datapoint counts as.
    #[must_use]
    pub fn fate(&self, point: Option<f64>) -> Fate {
        match point {
            None => Fate::Missing,
            Some(value) if self.comparison.breaches(value, self.threshold) => Fate::Breaching,
            Some(_) => Fate::Within,
        }
    }

    /// AWS/DynamoDB's missing data is always ignored, whatever the alarm states.
    fn missing_as(&self) -> MissingData {
        let dynamodb = self.source.metrics().any(|stat| stat.metric.namespace() == "AWS/DynamoDB");
        if dynamodb { MissingData::Ignore } else { self.missing }
    }

    fn has_few_samples(&self, store: &dyn Statistics, until: Timestamp) -> bool {
        let Source::Metric(stat) = &self.source else { return false };
        let Statistic::Percentile(percentile) = stat.statistic else { return false };
        let periods = i64::try_from(self.evaluation_periods).unwrap_or(i64::MAX);
        let from = until.plus_millis(-periods.saturating_mul(self.period.as_millis()));
        let count = store.statistic(&stat.metric, Statistic::SampleCount, stat.unit, from, until);
        count.unwrap_or(0.0) < samples_needed(percentile)
    }

    /// Why a verdict is what it is.
    #[must_use]
    pub fn explain(&self, verdict: &Verdict) -> String {
        if verdict.few_samples {
            return "too few samples for the percentile".to_owned();
        }
        let points = &verdict.points;
        let count = points.len();
        let found = if points.iter().all(Option::is_none) {
            format!("no data in the last {count} periods (missing data is {})", self.missing_as().as_str())
        } else {
            let breaching = points.iter().filter(|point| self.fate(**point) == Fate::Breaching).count();
            let (comparison, threshold) = (self.comparison.as_str(), number(self.threshold));
            format!("{breaching} of {count} breach {comparison} {threshold} ({})", runs(points))
        };
        format!("{found}; {} of {} make an alarm", self.datapoints_to_alarm, self.evaluation_periods)
    }
}

/// Datapoints, oldest first, equal neighbours together: `0, 3 × 2, 4 missing`.
fn runs(points: &Values) -> String {
    let same = points.chunk_by(|one, next| one == next);
    let run = |run: &[Option<f64>]| match (run.first().copied().flatten(), run.len()) {
        (None, length) => format!("{length} missing"),
        (Some(value), 1) => number(value),
        (Some(value), length) => format!("{} × {length}", number(value)),
    };
    same.map(run).collect::<Vec<_>>().join(", ")
}

/// Ten samples beyond the percentile, or before it if it is below the median.
pub(super) fn samples_needed(percentile: Percentile) -> f64 {
    let fraction = percentile.fraction();
    if fraction >= 1.0 {
        return 0.0;
    }
    // Rounded, as 10 / (1 - 0.99) is a hair above 1000 in binary.
    (10.0 / if fraction >= 0.5 { 1.0 - fraction } else { fraction }).round()
}

/// A number as people write it: no more than four decimals.
fn number(value: f64) -> String {
    let text = format!("{value:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
