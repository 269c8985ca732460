//! Alarms and dashboards of the repository, and the one queue that makes an alarm ring.

use std::error::Error;
use std::path::Path;

use cloudwatch_model::dashboard::Dashboard;
use cloudwatch_model::scenario::folder;
use cloudwatch_model::{
    Datapoint, Dimensions, Distribution, Inputs, MetricId, Resolution, Template, Timestamp, Unit,
};
use local_stack::deploy::DeployedDashboard;
use local_stack::observe::Seen;
use local_stack::observe::alarms::AlarmBoard;
use serde_json::Value;

use super::ROOT;

/// The repository's own alarms and dashboards; one alarm has rung.
pub(crate) fn put(seen: &mut Seen, now_ms: i64) -> Result<(), Box<dyn Error>> {
    let root = Path::new(ROOT);
    let (_, alarms) = folder::read(root)?.bench().alarms()?;
    let at = |minutes: i64| Timestamp::from_millis(now_ms - minutes * 60_000);
    seen.alarms = AlarmBoard::new(alarms, at(600));
    let letters = MetricId::new(
        "AWS/SQS",
        "ApproximateNumberOfMessagesVisible",
        Dimensions::new([("QueueName", "image-processing-dlq")])?,
    )?;
    for minute in 0..40 {
        let values = Distribution::of_values(&[if minute < 7 { 3.0 } else { 0.0 }])?;
        let (metric, unit, resolution) = (letters.clone(), Unit::Count, Resolution::Standard);
        seen.metrics.put(Datapoint { metric, timestamp: at(minute), unit, values, resolution });
    }
    for minute in (0..300).rev() {
        seen.alarms.tick(&seen.metrics, at(minute))?;
    }
    for name in ["overview", "status", "time", "uploads"] {
        let text = std::fs::read_to_string(root.join(format!("dashboards/{name}.json")))?;
        let template = Template::parse(name, &text)?;
        let parameters = template
            .parameters()
            .map(|name| {
                (name.to_owned(), if name == "NamePrefix" { String::new() } else { "1000".to_owned() })
            })
            .collect();
        let inputs = Inputs { parameters, region: "ap-northeast-1".to_owned(), account_id: "0".to_owned() };
        for resource in template.resolve(&inputs)? {
            let property =
                |key: &str| resource.properties.get(key).and_then(Value::as_str).unwrap_or_default();
            let (name, body) = (property("DashboardName").to_owned(), property("DashboardBody").to_owned());
            if body.is_empty() {
                continue;
            }
            let dashboard = Dashboard::read(&name, &serde_json::from_str(&body)?)?;
            seen.dashboards.insert(name, DeployedDashboard { body, dashboard });
        }
    }
    Ok(())
}
