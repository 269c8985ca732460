//! From an event to lines that CloudWatch takes.
//!
//! A dimension set has lines of its own, since a line holds one value per dimension. Within it values go
//! in rounds of a hundred per metric, and each round in pages of a hundred metrics and a bounded size: so
//! no line names a metric twice.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::{Map, Value};

use super::{
    Emf, Group, Series,
    limits::{METRIC_BYTES, METRICS, VALUES},
};
use crate::{NAMESPACE, fields::escaped_length};

/// The lines of an event.
#[derive(Debug)]
pub(crate) struct Rendered<'a> {
    pub(crate) lines: Vec<Line<'a>>,
    /// Values that CloudWatch does not take, and properties that found no room.
    pub(crate) lost: u64,
}

/// One whole document; written straight from the event, since the caller's answer waits for it.
#[derive(Debug)]
pub(crate) struct Line<'a> {
    emf: &'a Emf,
    group: &'a Group,
    page: Vec<Part<'a>>,
    base: &'a Map<String, Value>,
    millis: u64,
}

/// Some values of one metric, few enough for one line.
type Part<'a> = (&'a Series, &'a [f64]);

impl Emf {
    /// The lines of this event; `base` has the members that every line of it carries.
    pub(crate) fn render<'a>(&'a self, base: &'a Map<String, Value>, at: SystemTime) -> Rendered<'a> {
        let millis = at.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
        let millis = u64::try_from(millis).unwrap_or(u64::MAX);
        let line = |group, page| Line { emf: self, group, page, base, millis };
        let lines: Vec<Line<'a>> = self
            .groups
            .iter()
            .flat_map(|group| pages(group).into_iter().map(move |page| line(group, page)))
            .collect();
        let unplaced = lines.iter().map(Line::unplaced).sum::<u64>();
        Rendered { lost: self.refused + self.properties.lost() + unplaced, lines }
    }
}

impl Line<'_> {
    /// Whether `name` is that of a member which is no property.
    fn is_taken(&self, name: &str) -> bool {
        name == "_aws"
            || self.base.contains_key(name)
            || self.group.dimensions.iter().any(|(dimension, _)| dimension.name() == name)
            || self.page.iter().any(|(series, _)| series.name == name)
    }

    /// Properties that this line cannot carry.
    fn unplaced(&self) -> u64 {
        self.emf.properties.iter().filter(|(name, _)| self.is_taken(name)).count() as u64
    }

    fn metadata(&self) -> Metadata<'_> {
        let mut dimensions = vec![vec!["service"]];
        if !self.group.dimensions.is_empty() {
            let names = self.group.dimensions.iter().map(|(dimension, _)| dimension.name());
            dimensions.push(["service"].into_iter().chain(names).collect());
        }
        let storage_resolution = self.emf.high_resolution.then_some(1);
        let metrics = self.page.iter().map(|(series, _)| Definition {
            name: &series.name,
            unit: series.unit,
            storage_resolution,
        });
        let directive = Directive { namespace: NAMESPACE, dimensions, metrics: metrics.collect() };
        Metadata { timestamp: self.millis, cloud_watch_metrics: [directive] }
    }
}

impl Serialize for Line<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut line = serializer.serialize_map(None)?;
        line.serialize_entry("_aws", &self.metadata())?;
        for (name, value) in self.base {
            line.serialize_entry(name, value)?;
        }
        for (dimension, value) in &self.group.dimensions {
            line.serialize_entry(dimension.name(), value)?;
        }
        for (series, values) in &self.page {
            match values {
                [single] => line.serialize_entry(&series.name, single)?,
                several => line.serialize_entry(&series.name, several)?,
            }
        }
        for (name, value) in self.emf.properties.iter().filter(|(name, _)| !self.is_taken(name)) {
            line.serialize_entry(name, value)?;
        }
        line.end()
    }
}

/// The member `_aws`.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Metadata<'a> {
    timestamp: u64,
    cloud_watch_metrics: [Directive<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Directive<'a> {
    namespace: &'static str,
    dimensions: Vec<Vec<&'static str>>,
    metrics: Vec<Definition<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Definition<'a> {
    name: &'a str,
    unit: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    storage_resolution: Option<u8>,
}

/// The parts of `group`, line by line.
fn pages(group: &Group) -> Vec<Vec<Part<'_>>> {
    let longest = group.metrics.iter().map(|series| series.values.len()).max().unwrap_or_default();
    (0..longest.div_ceil(VALUES)).flat_map(|round| pages_of_round(group, round)).collect()
}

fn pages_of_round(group: &Group, round: usize) -> Vec<Vec<Part<'_>>> {
    let mut pages = Vec::new();
    let mut page = Vec::new();
    let mut bytes = 0;
    for series in &group.metrics {
        let Some(values) = series.values.chunks(VALUES).nth(round) else { continue };
        let length = most_bytes(series, values);
        if page.len() == METRICS || bytes + length > METRIC_BYTES {
            pages.push(std::mem::take(&mut page));
            bytes = 0;
        }
        bytes += length;
        page.push((series, values));
    }
    pages.push(page);
    pages.retain(|page| !page.is_empty());
    pages
}

/// At least what the definition and the values take: a double is 24 characters at most.
fn most_bytes(series: &Series, values: &[f64]) -> usize {
    const DEFINITION: usize = r#"{"Name":"","Unit":"Kilobytes/Second","StorageResolution":1},"":[],"#.len();
    DEFINITION + 2 * escaped_length(&series.name) + values.len() * 25
}
