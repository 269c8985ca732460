//! Metric data of an alarm: a statistic of a metric, or a metric math expression over such.

use crate::datapoint::Unit;
use crate::id::MetricId;
use crate::math::{Expression, ExpressionValue, MathError, Scope, Values};
use crate::statistic::Statistic;
use crate::store::Statistics;
use crate::time::{Period, Timestamp};

/// A statistic of a metric.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricStat {
    /// Which metric.
    pub metric: MetricId,
    /// Which statistic.
    pub statistic: Statistic,
    /// Only values in this unit.
    pub unit: Option<Unit>,
}

/// A member of an alarm's `Metrics`.
#[derive(Clone, Debug)]
pub struct DataQuery {
    /// What expressions call it.
    pub id: String,
    /// Its caption for people.
    pub label: Option<String>,
    /// What it is.
    pub of: Queried,
}

/// What a [`DataQuery`] asks for.
#[derive(Clone, Debug)]
pub enum Queried {
    /// A metric.
    Metric(MetricStat),
    /// An expression over the others.
    Expression(Expression),
}

/// What an alarm compares with its threshold.
#[derive(Clone, Debug)]
pub enum Source {
    /// One metric.
    Metric(MetricStat),
    /// An expression over metrics.
    Math {
        /// All that are asked for, each naming only those before it.
        queries: Vec<DataQuery>,
        /// The id of the one that is compared.
        returned: String,
    },
}

impl Source {
    /// Every metric that is read.
    pub fn metrics(&self) -> impl Iterator<Item = &MetricStat> {
        let (one, queries) = match self {
            Self::Metric(stat) => (Some(stat), [].as_slice()),
            Self::Math { queries, .. } => (None, queries.as_slice()),
        };
        let asked = queries.iter().filter_map(|query| match &query.of {
            Queried::Metric(stat) => Some(stat),
            Queried::Expression(_) => None,
        });
        one.into_iter().chain(asked)
    }

    /// The datapoints of `count` periods, the last of which ends at `until`; oldest first.
    ///
    /// # Errors
    /// An expression that does not come to one series; a source that was read does.
    pub fn points(
        &self,
        store: &dyn Statistics,
        until: Timestamp,
        period: Period,
        count: usize,
    ) -> Result<Values, MathError> {
        let starts = starts(until, period, count);
        let values = |stat: &MetricStat| -> Values {
            let each = starts.iter().map(|start| {
                let end = start.plus_millis(period.as_millis());
                store.statistic(&stat.metric, stat.statistic, stat.unit, *start, end)
            });
            each.collect()
        };
        match self {
            Self::Metric(stat) => Ok(values(stat)),
            Self::Math { queries, returned } => evaluate(queries, returned, starts.clone(), period, values),
        }
    }
}

fn evaluate(
    queries: &[DataQuery],
    returned: &str,
    starts: Vec<Timestamp>,
    period: Period,
    values: impl Fn(&MetricStat) -> Values,
) -> Result<Values, MathError> {
    let mut scope = Scope { starts, period, metrics: Vec::new(), expressions: [].into() };
    for query in queries {
        match &query.of {
            Queried::Metric(stat) => scope.metrics.push((query.id.clone(), values(stat))),
            Queried::Expression(expression) => {
                let outcome = expression.evaluate(&scope)?;
                scope.expressions.insert(query.id.clone(), outcome);
            }
        }
    }
    let metric = scope.metrics.into_iter().find(|(id, _)| id == returned).map(|(_, values)| values);
    match (metric, scope.expressions.remove(returned)) {
        (Some(values), _) | (None, Some(ExpressionValue::Series(values))) => Ok(values),
        (None, Some(ExpressionValue::Array(mut items))) if items.len() == 1 => {
            Ok(items.pop().unwrap_or_default())
        }
        _ => Err(MathError::Kinds {
            operation: "an alarm".to_owned(),
            given: "what is not one series".to_owned(),
        }),
    }
}

fn starts(until: Timestamp, period: Period, count: usize) -> Vec<Timestamp> {
    let back = (1..=i64::try_from(count).unwrap_or(i64::MAX)).rev();
    back.map(|periods| until.plus_millis(-periods.saturating_mul(period.as_millis()))).collect()
}
