//! Test files of alarms, and their reader.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::notation::{self, NotationError, Written};
use super::{Entry, Minutes};
use crate::id::{Dimensions, InvalidId, MetricId};
use crate::location::Location;

/// One test.
#[derive(Clone, Debug)]
pub struct Test {
    /// What it claims.
    pub name: String,
    /// Parameters that differ from the bench's.
    pub parameters: BTreeMap<String, String>,
    /// What is reported.
    pub series: Vec<(MetricId, Written)>,
    /// How long it lasts.
    pub length: Minutes,
    /// The alarm watched, and every state it enters; `None` when only `rings` is claimed.
    pub states: Option<(String, Vec<Entry>)>,
    /// The alarms that enter ALARM, of all that notify; `None` when nothing is claimed.
    pub rings: Option<Vec<String>>,
    /// Where it stands.
    pub location: Location,
}

/// What is wrong with a file.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The text is no JSON.
    #[error("{location} is not JSON")]
    Json {
        /// Which file.
        location: Location,
        /// Why not.
        source: serde_json::Error,
    },
    /// A member that is absent, unknown or of another shape.
    #[error("{location} must be {expected}")]
    Shape {
        /// Where.
        location: Location,
        /// What belongs there.
        expected: String,
    },
    /// A series or timeline that is not understood.
    #[error("{location} is not understood")]
    Notation {
        /// Where.
        location: Location,
        /// Why not.
        source: NotationError,
    },
    /// A metric's name that CloudWatch would refuse.
    #[error("{location} is no metric")]
    Metric {
        /// Where.
        location: Location,
        /// Why not.
        source: InvalidId,
    },
}

/// The tests of a file.
///
/// # Errors
/// Text that is no file of tests.
pub fn read(file: &str, text: &str) -> Result<Vec<Test>, FileError> {
    let location = Location::file(file);
    let document: Value = serde_json::from_str(text)
        .map_err(|source| FileError::Json { location: location.clone(), source })?;
    let document = Object::of(&document, &location, &["alarm", "metrics", "tests"])?;
    let metrics = match document.member("metrics") {
        Some(value) => metrics(value, &location.member("metrics"))?,
        None => BTreeMap::new(),
    };
    let alarm = document.text("alarm")?;
    let at = location.member("tests");
    let tests = document.member("tests").and_then(Value::as_array);
    let tests = tests.ok_or_else(|| shape(&at, "a list of tests"))?;
    tests.iter().enumerate().map(|(index, value)| test(value, &at.index(index), &metrics, alarm)).collect()
}

fn test(
    value: &Value,
    at: &Location,
    metrics: &BTreeMap<String, MetricId>,
    alarm: Option<&str>,
) -> Result<Test, FileError> {
    const MEMBERS: &[&str] = &["name", "alarm", "parameters", "series", "length", "states", "rings"];
    let object = Object::of(value, at, MEMBERS)?;
    let name = object.text("name")?.ok_or_else(|| shape(&at.member("name"), "a claim"))?.to_owned();
    let series = match object.member("series") {
        Some(value) => series(value, &at.member("series"), metrics)?,
        None => Vec::new(),
    };
    let longest = series.iter().map(|(_, written)| written.length()).max().unwrap_or_default();
    let length = match object.text("length")? {
        Some(text) => notation::duration(text).map_err(|source| notation_at(at, "length", source))?,
        None => longest,
    };
    let states = match object.text("states")? {
        Some(text) => {
            let alarm = object.text("alarm")?.or(alarm);
            let alarm = alarm.ok_or_else(|| shape(&at.member("alarm"), "an alarm's name"))?;
            let entries = notation::entries(text).map_err(|source| notation_at(at, "states", source))?;
            Some((alarm.to_owned(), entries))
        }
        None => None,
    };
    let rings = object.member("rings").map(|value| texts(value, &at.member("rings"))).transpose()?;
    if states.is_none() && rings.is_none() {
        return Err(shape(at, "a test that claims `states` or `rings`"));
    }
    let parameters = match object.member("parameters") {
        Some(value) => strings(value, &at.member("parameters"))?,
        None => BTreeMap::new(),
    };
    Ok(Test { name, parameters, series, length, states, rings, location: at.clone() })
}

fn series(
    value: &Value,
    at: &Location,
    metrics: &BTreeMap<String, MetricId>,
) -> Result<Vec<(MetricId, Written)>, FileError> {
    let each = strings(value, at)?.into_iter().map(|(name, text)| {
        let metric = match metrics.get(&name) {
            Some(metric) => metric.clone(),
            None => metric(&name, &at.member(&name))?,
        };
        let written = Written::parse(&text).map_err(|source| notation_at(at, &name, source))?;
        Ok((metric, written))
    });
    each.collect()
}

fn metrics(value: &Value, at: &Location) -> Result<BTreeMap<String, MetricId>, FileError> {
    let each = strings(value, at)?.into_iter();
    each.map(|(name, text)| Ok((name.clone(), metric(&text, &at.member(&name))?))).collect()
}

/// A metric written as `AWS/SQS NumberOfMessagesSent QueueName=image-processing-queue`.
fn metric(text: &str, at: &Location) -> Result<MetricId, FileError> {
    const EXPECTED: &str = "a metric: namespace, name and Dimension=value, with blanks between";
    let mut words = text.split_whitespace();
    let (Some(namespace), Some(name)) = (words.next(), words.next()) else { return Err(shape(at, EXPECTED)) };
    let pairs: Option<Vec<(&str, &str)>> = words.map(|word| word.split_once('=')).collect();
    let pairs = pairs.ok_or_else(|| shape(at, EXPECTED))?;
    let id = Dimensions::new(pairs).and_then(|dimensions| MetricId::new(namespace, name, dimensions));
    id.map_err(|source| FileError::Metric { location: at.clone(), source })
}

/// An object of texts, such as parameters.
///
/// # Errors
/// Any other value.
pub fn strings(value: &Value, at: &Location) -> Result<BTreeMap<String, String>, FileError> {
    let members = value.as_object().ok_or_else(|| shape(at, "an object of texts"))?;
    let each = members.iter().map(|(name, value)| match value.as_str() {
        Some(text) => Ok((name.clone(), text.to_owned())),
        None => Err(shape(&at.member(name), "a text")),
    });
    each.collect()
}

/// A list of texts.
///
/// # Errors
/// Any other value.
pub fn texts(value: &Value, at: &Location) -> Result<Vec<String>, FileError> {
    let items = value.as_array().ok_or_else(|| shape(at, "a list of texts"))?;
    let each = items.iter().enumerate().map(|(index, item)| match item.as_str() {
        Some(text) => Ok(text.to_owned()),
        None => Err(shape(&at.index(index), "a text")),
    });
    each.collect()
}

/// An object with known members only: a misspelt one would claim nothing and pass.
struct Object<'a> {
    members: &'a Map<String, Value>,
    at: &'a Location,
}

impl<'a> Object<'a> {
    fn of(value: &'a Value, at: &'a Location, known: &[&str]) -> Result<Self, FileError> {
        let members = value.as_object().ok_or_else(|| shape(at, "an object"))?;
        match members.keys().find(|name| !known.contains(&name.as_str())) {
            Some(unknown) => Err(shape(&at.member(unknown), &format!("one of {}", known.join(", ")))),
            None => Ok(Self { members, at }),
        }
    }

    fn member(&self, name: &str) -> Option<&'a Value> {
        self.members.get(name)
    }

    fn text(&self, name: &str) -> Result<Option<&'a str>, FileError> {
        let text = |value: &'a Value| value.as_str().ok_or_else(|| shape(&self.at.member(name), "a text"));
        self.member(name).map(text).transpose()
    }
}

pub(super) fn shape(location: &Location, expected: &str) -> FileError {
    FileError::Shape { location: location.clone(), expected: expected.to_owned() }
}

fn notation_at(at: &Location, name: &str, source: NotationError) -> FileError {
    FileError::Notation { location: at.member(name), source }
}
