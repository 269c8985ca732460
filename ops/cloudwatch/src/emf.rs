//! Parser of CloudWatch's Embedded Metric Format: a log line becomes datapoints.
//!
//! CloudWatch drops what breaks the format and only counts it in a metric of its own; here each breach has
//! a name, and one breach refuses the whole line, so that a local run fails where AWS would lose data.

mod error;
mod limits;
mod members;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

pub use error::{EmfError, Place};
use limits::{MAX_AGE_MILLIS, MAX_AHEAD_MILLIS};
pub use limits::{MAX_LINE_BYTES, MAX_METRICS};
use members::{array, distribution, filled_array, object, string};

use crate::datapoint::{Datapoint, InvalidDatapoint, Resolution, Unit};
use crate::id::{Dimensions, MAX_DIMENSIONS, MetricId};
use crate::time::Timestamp;

/// The datapoints of a line, or `None` if it is an ordinary log line: not JSON, or without `_aws`.
///
/// `received` is when the line came; values may be two weeks older or two hours ahead.
///
/// # Errors
/// The first breach of the format found, and where.
#[must_use]
pub fn parse(line: &str, received: Timestamp) -> Option<Result<Vec<Datapoint>, EmfError>> {
    // Most lines are ordinary; this recognises them without parsing.
    if !line.contains("\"_aws\"") {
        return None;
    }
    let Ok(Value::Object(root)) = serde_json::from_str(line) else { return None };
    let metadata = root.get("_aws")?;
    Some(check_size(line).and_then(|()| datapoints(metadata, &root, received)))
}

fn check_size(line: &str) -> Result<(), EmfError> {
    match line.len() {
        0..=MAX_LINE_BYTES => Ok(()),
        bytes => Err(EmfError::TooLong { bytes }),
    }
}

fn datapoints(
    metadata: &Value,
    root: &Map<String, Value>,
    received: Timestamp,
) -> Result<Vec<Datapoint>, EmfError> {
    let place = Place::root();
    let metadata = object(metadata, &place)?;
    let timestamp = timestamp(metadata.get("Timestamp"), received)?;
    let place = place.member("CloudWatchMetrics");
    let directives = array(metadata.get("CloudWatchMetrics"), &place)?;
    let mut found = Vec::new();
    for (index, directive) in directives.iter().enumerate() {
        let place = place.index(index);
        let directive = Directive::read(object(directive, &place)?, root, &place)?;
        directive.datapoints(root, timestamp, &mut found)?;
    }
    Ok(found)
}

fn timestamp(value: Option<&Value>, received: Timestamp) -> Result<Timestamp, EmfError> {
    let millis = value.and_then(Value::as_i64).ok_or(EmfError::Timestamp)?;
    let age_millis = received.as_millis().saturating_sub(millis);
    if (-MAX_AHEAD_MILLIS..=MAX_AGE_MILLIS).contains(&age_millis) {
        return Ok(Timestamp::from_millis(millis));
    }
    Err(EmfError::TimestampAge { age_millis })
}

/// One member of `CloudWatchMetrics`: the metrics of a namespace, each under each dimension set.
struct Directive<'a> {
    namespace: &'a str,
    sets: Vec<Dimensions>,
    definitions: &'a [Value],
    place: Place,
}

impl<'a> Directive<'a> {
    fn read(
        directive: &'a Map<String, Value>,
        root: &Map<String, Value>,
        place: &Place,
    ) -> Result<Self, EmfError> {
        let namespace = string(directive.get("Namespace"), &place.member("Namespace"))?;
        let sets = dimension_sets(directive.get("Dimensions"), root, &place.member("Dimensions"))?;
        let metrics_place = place.member("Metrics");
        let definitions = filled_array(directive.get("Metrics"), &metrics_place)?;
        if definitions.len() > MAX_METRICS {
            return Err(EmfError::TooManyMetrics { place: metrics_place, count: definitions.len() });
        }
        Ok(Self { namespace, sets, definitions, place: metrics_place })
    }

    fn datapoints(
        &self,
        root: &Map<String, Value>,
        timestamp: Timestamp,
        found: &mut Vec<Datapoint>,
    ) -> Result<(), EmfError> {
        for (index, definition) in self.definitions.iter().enumerate() {
            let place = self.place.index(index);
            let definition = object(definition, &place)?;
            let name = string(definition.get("Name"), &place.member("Name"))?;
            let unit = unit(definition.get("Unit"), &place)?;
            let resolution = resolution(definition.get("StorageResolution"), &place)?;
            let values = distribution(root.get(name), name)?;
            for set in &self.sets {
                let metric = MetricId::new(self.namespace, name, set.clone())
                    .map_err(|source| EmfError::Id { place: place.clone(), source })?;
                found.push(Datapoint { metric, timestamp, unit, values: values.clone(), resolution });
            }
        }
        Ok(())
    }
}

/// A set may be empty, `[[]]`; a list without any set would publish under none at all.
fn dimension_sets(
    value: Option<&Value>,
    root: &Map<String, Value>,
    place: &Place,
) -> Result<Vec<Dimensions>, EmfError> {
    let sets = filled_array(value, place)?.iter().enumerate();
    sets.map(|(index, set)| dimension_set(set, root, &place.index(index))).collect()
}

fn dimension_set(value: &Value, root: &Map<String, Value>, place: &Place) -> Result<Dimensions, EmfError> {
    let names = array(Some(value), place)?;
    if names.len() > MAX_DIMENSIONS {
        return Err(EmfError::TooManyDimensions { place: place.clone(), count: names.len() });
    }
    let pairs: Result<Vec<(&str, &str)>, EmfError> = names
        .iter()
        .enumerate()
        .map(|(index, name)| {
            let name = string(Some(name), &place.index(index))?;
            match root.get(name) {
                Some(Value::String(value)) => Ok((name, value.as_str())),
                Some(_) => Err(EmfError::DimensionNotString { name: name.to_owned() }),
                None => Err(EmfError::MissingTarget { name: name.to_owned() }),
            }
        })
        .collect();
    Dimensions::new(pairs?).map_err(|source| EmfError::Id { place: place.clone(), source })
}

fn unit(value: Option<&Value>, place: &Place) -> Result<Unit, EmfError> {
    let Some(value) = value else { return Ok(Unit::None) };
    let place = place.member("Unit");
    let text = string(Some(value), &place)?;
    text.parse().map_err(|source| EmfError::Definition { place, source })
}

fn resolution(value: Option<&Value>, place: &Place) -> Result<Resolution, EmfError> {
    match value.map(Value::as_i64) {
        None | Some(Some(60)) => Ok(Resolution::Standard),
        Some(Some(1)) => Ok(Resolution::High),
        Some(_) => {
            let found = value.map(ToString::to_string).unwrap_or_default();
            let source = InvalidDatapoint::Resolution(found);
            Err(EmfError::Definition { place: place.member("StorageResolution"), source })
        }
    }
}
