//! Answer of an operation, before it is written in a protocol.

use cloudwatch_model::Timestamp;
use serde_json::{Map, Value};

/// A member of an answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Output {
    /// A text.
    Text(String),
    /// A number.
    Number(f64),
    /// A whole number.
    Whole(u64),
    /// True or false.
    Truth(bool),
    /// An instant, which each protocol writes in its own way.
    Time(Timestamp),
    /// A list.
    List(Vec<Output>),
    /// A structure.
    Structure(Vec<(&'static str, Output)>),
    /// Values by names that the model does not know.
    Map(Vec<(String, Output)>),
}

/// A structure of the members that there are.
pub(crate) fn members<const N: usize>(pairs: [(&'static str, Option<Output>); N]) -> Output {
    Output::Structure(pairs.into_iter().filter_map(|(name, value)| Some((name, value?))).collect())
}

impl Output {
    /// As JSON, with instants as seconds since 1970.
    pub(crate) fn json(&self) -> Value {
        match self {
            Self::Text(text) => text.as_str().into(),
            Self::Number(number) => (*number).into(),
            Self::Whole(number) => (*number).into(),
            Self::Truth(truth) => (*truth).into(),
            Self::Time(at) => seconds(*at).into(),
            Self::List(items) => items.iter().map(Self::json).collect(),
            Self::Structure(members) => members
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.json()))
                .collect::<Map<_, _>>()
                .into(),
            Self::Map(entries) => {
                entries.iter().map(|(name, value)| (name.clone(), value.json())).collect::<Map<_, _>>().into()
            }
        }
    }
}

/// Seconds since 1970.
pub(super) fn seconds(at: Timestamp) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 have 41 bits")]
    let millis = at.as_millis() as f64;
    millis / 1000.0
}

impl From<&str> for Output {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Output {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<f64> for Output {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<bool> for Output {
    fn from(truth: bool) -> Self {
        Self::Truth(truth)
    }
}

impl From<usize> for Output {
    fn from(number: usize) -> Self {
        Self::Whole(number as u64)
    }
}

impl From<u32> for Output {
    fn from(number: u32) -> Self {
        Self::Whole(number.into())
    }
}

impl From<Timestamp> for Output {
    fn from(at: Timestamp) -> Self {
        Self::Time(at)
    }
}

impl<T: Into<Output>> FromIterator<T> for Output {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }
}
