//! Values of requests: the query protocol writes numbers, truths and instants as text.

use cloudwatch_model::Timestamp;
use contract::time::unix_millis;
use serde::Deserialize;
use serde_json::Value;

/// A whole number.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "Value")]
pub(super) struct Whole(pub(super) u32);

/// Any number.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "Value")]
pub(super) struct Real(pub(super) f64);

/// True or false.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "Value")]
pub(super) struct Truth(pub(super) bool);

/// An instant: seconds since 1970, or as RFC 3339 writes it.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "Value")]
pub(super) struct Instant(pub(super) Timestamp);

/// A value of another kind.
#[derive(Debug, thiserror::Error)]
#[error("{value} is not {expected}")]
pub(super) struct NotOfKind {
    value: Value,
    expected: &'static str,
}

impl TryFrom<Value> for Whole {
    type Error = NotOfKind;

    fn try_from(value: Value) -> Result<Self, Self::Error> {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        text.parse().map(Self).map_err(|_| NotOfKind { value, expected: "a whole number" })
    }
}

impl TryFrom<Value> for Real {
    type Error = NotOfKind;

    fn try_from(value: Value) -> Result<Self, Self::Error> {
        let number = value.as_f64().or_else(|| value.as_str()?.parse().ok());
        number.map(Self).ok_or(NotOfKind { value, expected: "a number" })
    }
}

impl TryFrom<Value> for Truth {
    type Error = NotOfKind;

    fn try_from(value: Value) -> Result<Self, Self::Error> {
        match &value {
            Value::Bool(truth) => Ok(Self(*truth)),
            Value::String(text) if text == "true" => Ok(Self(true)),
            Value::String(text) if text == "false" => Ok(Self(false)),
            _ => Err(NotOfKind { value, expected: "true or false" }),
        }
    }
}

impl TryFrom<Value> for Instant {
    type Error = NotOfKind;

    fn try_from(value: Value) -> Result<Self, Self::Error> {
        let seconds = value.as_f64().or_else(|| value.as_str()?.parse().ok());
        let millis = match seconds {
            #[expect(clippy::cast_possible_truncation, reason = "rounded, and saturating")]
            Some(seconds) => Some((seconds * 1000.0).round() as i64),
            None => value.as_str().and_then(unix_millis),
        };
        let at = millis.map(|millis| Self(Timestamp::from_millis(millis)));
        at.ok_or(NotOfKind { value, expected: "an instant" })
    }
}
