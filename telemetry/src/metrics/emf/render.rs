//! Renders an event as lines of EMF within the limits.
//!
//! Each dimension set has its own lines, since a line holds one value per dimension. Its values are split in
//! rounds of a hundred per metric, and each round in pages of a hundred metrics and a bounded size, so no line
//! names a metric twice.

use std::time::{SystemTime, UNIX_EPOCH};

use super::{
    Emf, Group, Series,
    limits::{METRIC_BYTES, METRICS, VALUES},
};
use crate::{
    logs::fields::{Fields, append, escaped_length},
    metrics::catalogue::NAMESPACE,
};

/// The lines of an event.
#[derive(Debug)]
pub(crate) struct Rendered<'a> {
    pub(crate) lines: Vec<Line<'a>>,
    /// Values that CloudWatch does not accept, and properties that were dropped.
    pub(crate) lost: u64,
}

/// One EMF document, written straight from the event, since a caller's answer may wait for it.
#[derive(Debug)]
pub(crate) struct Line<'a> {
    emf: &'a Emf,
    group: &'a Group,
    page: Vec<Part<'a>>,
    base: &'a Fields,
    millis: u64,
}

/// Some values of one metric, few enough for one line.
type Part<'a> = (&'a Series, &'a [f64]);

impl Emf {
    /// The lines of this event; `base` has the members of every line.
    pub(crate) fn render<'a>(&'a self, base: &'a Fields, at: SystemTime) -> Rendered<'a> {
        let millis = at.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
        let millis = u64::try_from(millis).unwrap_or(u64::MAX);
        let line = |group, page| Line { emf: self, group, page, base, millis };
        let mut lines = Vec::new();
        for group in &self.groups {
            lines.extend(pages(group).into_iter().map(|page| line(group, page)));
        }
        let unplaced = lines.iter().map(Line::unplaced).sum::<u64>();
        Rendered { lost: self.refused + self.properties.lost() + unplaced, lines }
    }
}

impl Line<'_> {
    /// Whether `name` is that of a member which is no property.
    fn is_taken(&self, name: &str) -> bool {
        name == "_aws"
            || self.base.contains(name)
            || self.group.dimensions.iter().any(|(dimension, _)| dimension.name() == name)
            || self.page.iter().any(|(series, _)| series.name == name)
    }

    /// The number of properties whose names are taken in this line.
    fn unplaced(&self) -> u64 {
        self.emf.properties.count(|name| self.is_taken(name))
    }

    /// Appends the document.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        self.write_metadata(out);
        out.extend_from_slice(self.base.json());
        for (dimension, value) in &self.group.dimensions {
            push(out, &["\"", dimension.name(), "\":"]);
            append(out, &**value);
            out.push(b',');
        }
        for (series, values) in &self.page {
            append(out, &*series.name);
            out.push(b':');
            match values {
                [single] => append(out, single),
                several => append(out, several),
            }
            out.push(b',');
        }
        self.emf.properties.only(|name| !self.is_taken(name)).for_each(|it| out.extend_from_slice(it));
        end(out, "}");
    }

    /// Appends the member `_aws`, the metadata of the format.
    fn write_metadata(&self, out: &mut Vec<u8>) {
        push(out, &["{\"_aws\":{\"Timestamp\":"]);
        append(out, &self.millis);
        push(
            out,
            &[",\"CloudWatchMetrics\":[{\"Namespace\":\"", NAMESPACE, "\",\"Dimensions\":[[\"service\"]"],
        );
        if !self.group.dimensions.is_empty() {
            push(out, &[",[\"service\""]);
            self.group
                .dimensions
                .iter()
                .for_each(|(dimension, _)| push(out, &[",\"", dimension.name(), "\""]));
            push(out, &["]"]);
        }
        push(out, &["],\"Metrics\":["]);
        for (series, _) in &self.page {
            push(out, &["{\"Name\":"]);
            append(out, &*series.name);
            push(out, &[",\"Unit\":\"", series.unit, "\""]);
            push(out, &[if self.emf.high_resolution { ",\"StorageResolution\":1}," } else { "}," }]);
        }
        end(out, "]}]},");
    }
}

fn push(out: &mut Vec<u8>, parts: &[&str]) {
    for part in parts {
        out.extend_from_slice(part.as_bytes());
    }
}

/// Replaces the comma after the last item of a list by `close`.
fn end(out: &mut Vec<u8>, close: &str) {
    out.pop_if(|last| *last == b',');
    push(out, &[close]);
}

/// The parts of `group`, line by line.
fn pages(group: &Group) -> Vec<Vec<Part<'_>>> {
    let mut pages = Vec::with_capacity(1);
    let longest = group.metrics.iter().map(|series| series.values.len()).max().unwrap_or_default();
    for round in 0..longest.div_ceil(VALUES) {
        let mut page = Vec::with_capacity(group.metrics.len().min(METRICS));
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
    }
    pages.retain(|page| !page.is_empty());
    pages
}

/// An upper bound for the bytes of the definition and the values: a double has 24 characters at most.
fn most_bytes(series: &Series, values: &[f64]) -> usize {
    const DEFINITION: usize = r#"{"Name":"","Unit":"Kilobytes/Second","StorageResolution":1},"":[],"#.len();
    DEFINITION + 2 * escaped_length(&series.name) + values.len() * 25
}
