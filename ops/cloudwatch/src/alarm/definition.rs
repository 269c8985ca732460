//! Definition of an alarm as a document, for people and programs.

use serde_json::{Value, json};

use super::{Alarm, Kind, Source};

impl Alarm {
    /// What decides the alarm's state: its metrics, periods and threshold, or its rule.
    #[must_use]
    pub fn definition(&self) -> Value {
        match &self.kind {
            Kind::Composite(rule) => json!({ "rule": rule.to_string(), "looks_at": rule.alarms() }),
            Kind::Metric(metric) => {
                let metrics: Vec<String> = metric
                    .source
                    .metrics()
                    .map(|stat| format!("{} of {}", stat.statistic, stat.metric))
                    .collect();
                json!({
                    "metrics": metrics,
                    "expression": matches!(metric.source, Source::Math { .. }),
                    "period_seconds": metric.period.as_seconds(),
                    "datapoints_to_alarm": metric.datapoints_to_alarm,
                    "evaluation_periods": metric.evaluation_periods,
                    "comparison": metric.comparison.as_str(),
                    "threshold": metric.threshold,
                    "missing_data": metric.missing.as_str(),
                })
            }
        }
    }
}
