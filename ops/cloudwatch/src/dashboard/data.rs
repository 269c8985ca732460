//! Data of a metric widget: the series of its metrics and expressions.

use std::collections::BTreeMap;

use super::{DashboardError, Drawn, MetricWidget, View};
use crate::math::{Expression, ExpressionValue, Scope, Values};
use crate::store::Statistics;
use crate::time::Timestamp;

/// What a line comes to.
#[derive(Clone, Debug, PartialEq)]
pub struct Plot {
    /// What the legend calls it.
    pub label: String,
    /// Its colour, if it has one of its own.
    pub color: Option<String>,
    /// Whether its values belong to the axis on the right.
    pub on_right: bool,
    /// A value or a gap for each period.
    pub values: Values,
}

/// The plots of a widget over the same periods.
#[derive(Clone, Debug, PartialEq)]
pub struct Plots {
    /// When each period began, oldest first.
    pub starts: Vec<Timestamp>,
    /// The visible lines.
    pub plots: Vec<Plot>,
}

impl MetricWidget {
    /// The data that the widget shows at `now`, looking back `span_millis`.
    ///
    /// Over time, periods begin at multiples of their length, as on CloudWatch's graphs; a number, dial or
    /// table shows the one period that ends now.
    ///
    /// # Errors
    /// An expression that is not evaluated.
    pub fn plots(
        &self,
        store: &dyn Statistics,
        now: Timestamp,
        span_millis: i64,
    ) -> Result<Plots, DashboardError> {
        let length = self.period.as_millis();
        let starts = self.starts(now, span_millis);
        let mut scope =
            Scope { starts, period: self.period, metrics: Vec::new(), expressions: BTreeMap::new() };
        for line in &self.lines {
            if let Drawn::Metric(stat) = &line.of {
                let value = |start: &Timestamp| {
                    let end = start.plus_millis(length);
                    store.statistic(&stat.metric, stat.statistic, stat.unit, *start, end)
                };
                scope.metrics.push((line.id.clone(), scope.starts.iter().map(value).collect()));
            }
        }
        self.expressions(&mut scope)?;
        let plots = self.lines.iter().filter(|line| line.visible).flat_map(|line| {
            let metric =
                scope.metrics.iter().find(|(id, _)| *id == line.id).map(|(_, values)| values.clone());
            let series = match (metric, scope.expressions.get(&line.id)) {
                (Some(values), _) => vec![values],
                (None, Some(ExpressionValue::Series(values))) => vec![values.clone()],
                (None, Some(ExpressionValue::Array(items))) => items.clone(),
                (None, Some(ExpressionValue::Scalar(_)) | None) => Vec::new(),
            };
            let plot = |values| Plot {
                label: line.label.clone(),
                color: line.color.clone(),
                on_right: line.on_right,
                values,
            };
            series.into_iter().map(plot).collect::<Vec<_>>()
        });
        let plots = plots.collect();
        Ok(Plots { starts: scope.starts, plots })
    }

    /// When each period of the widget begins that is drawn at `now`, looking back `span_millis`; oldest first.
    #[must_use]
    pub fn starts(&self, now: Timestamp, span_millis: i64) -> Vec<Timestamp> {
        let length = self.period.as_millis();
        if self.view != View::TimeSeries {
            return vec![now.plus_millis(-length)];
        }
        let first = now.plus_millis(-span_millis).start_of(self.period).as_millis();
        let count = (now.as_millis() - first).div_euclid(length) + 1;
        (0..count).map(|index| Timestamp::from_millis(first + index * length)).collect()
    }

    /// Evaluates expressions until none waits for another.
    fn expressions(&self, scope: &mut Scope) -> Result<(), DashboardError> {
        let mut waiting: Vec<(&str, &Expression)> = self
            .lines
            .iter()
            .filter_map(|line| match &line.of {
                Drawn::Expression(expression) => Some((line.id.as_str(), expression)),
                Drawn::Metric(_) => None,
            })
            .collect();
        while !waiting.is_empty() {
            let known = |id: &str| {
                scope.expressions.contains_key(id) || scope.metrics.iter().any(|(metric, _)| metric == id)
            };
            // Where none is ready, evaluating one names the id that is missing.
            let ready = waiting.iter().position(|(_, expression)| expression.ids().into_iter().all(known));
            let (id, expression) = waiting.remove(ready.unwrap_or(0));
            let outcome = expression.evaluate(scope).map_err(|source| DashboardError::Math {
                location: self.location.clone(),
                id: id.to_owned(),
                source,
            })?;
            scope.expressions.insert(id.to_owned(), outcome);
        }
        Ok(())
    }
}
