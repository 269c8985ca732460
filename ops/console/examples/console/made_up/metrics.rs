//! Metrics of three hours: whatever a dashboard draws, in waves; what goes wrong, now and then.

use std::collections::HashSet;
use std::error::Error;

use cloudwatch_model::dashboard::{Content, Drawn};
use cloudwatch_model::{Datapoint, Distribution, Resolution, Timestamp, Unit};
use local_stack::observe::Seen;

const MINUTES: u32 = 180;
/// Parts of the names of metrics that are seldom reported.
const SELDOM: [&str; 6] = ["Fault", "Reject", "Error", "Throttle", "5xx", "ColdStart"];

pub(crate) fn put(seen: &mut Seen, now_ms: i64) -> Result<(), Box<dyn Error>> {
    let mut known = HashSet::new();
    let contents = seen.dashboards.values().flat_map(|it| &it.dashboard.widgets).map(|it| &it.content);
    let mut metrics = Vec::new();
    for content in contents {
        let Content::Metrics(widget) = content else { continue };
        for line in &widget.lines {
            let axis = if line.on_right { &widget.right } else { &widget.left };
            if let Drawn::Metric(stat) = &line.of
                && known.insert(stat.metric.clone())
            {
                metrics.push((stat.metric.clone(), size(&axis.label)));
            }
        }
    }
    for ((metric, size), number) in metrics.into_iter().zip(1_u32..) {
        let is_seldom = SELDOM.iter().any(|part| metric.name().contains(part));
        for minute in 0..MINUTES {
            if is_seldom && (minute + number) % 47 != 0 {
                continue;
            }
            let wave = 1.0 + (f64::from(minute + 13 * number) / 17.0).sin() / 2.0;
            let value = (size * wave).round();
            let values = Distribution::of_values(&[value, (value * 1.7).round()])?;
            let timestamp = Timestamp::from_millis(now_ms - i64::from(MINUTES - minute) * 60_000);
            let (metric, unit, resolution) = (metric.clone(), Unit::None, Resolution::Standard);
            seen.metrics.put(Datapoint { metric, timestamp, unit, values, resolution });
        }
    }
    Ok(())
}

/// A usual value of what an axis shows.
fn size(label: &str) -> f64 {
    match label {
        "ms" => 90.0,
        "bytes" => 2_400_000.0,
        "pixels" => 12_000_000.0,
        _ => 4.0,
    }
}
