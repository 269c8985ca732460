//! Members of a JSON object, read as the types that the Embedded Metric Format demands.

use serde_json::{Map, Value};

use super::error::{EmfError, Place};
use crate::datapoint::Distribution;

pub(super) fn object<'a>(value: &'a Value, place: &Place) -> Result<&'a Map<String, Value>, EmfError> {
    value.as_object().ok_or_else(|| shape(place, "an object"))
}

pub(super) fn array<'a>(value: Option<&'a Value>, place: &Place) -> Result<&'a [Value], EmfError> {
    value.and_then(Value::as_array).map(Vec::as_slice).ok_or_else(|| shape(place, "an array"))
}

pub(super) fn filled_array<'a>(value: Option<&'a Value>, place: &Place) -> Result<&'a [Value], EmfError> {
    array(value, place).ok().filter(|items| !items.is_empty()).ok_or_else(|| shape(place, "a filled array"))
}

pub(super) fn string<'a>(value: Option<&'a Value>, place: &Place) -> Result<&'a str, EmfError> {
    value.and_then(Value::as_str).ok_or_else(|| shape(place, "a string"))
}

/// A metric's values: a number, an array of numbers, or `{"Values": […], "Counts": […]}`.
pub(super) fn distribution(value: Option<&Value>, name: &str) -> Result<Distribution, EmfError> {
    let place = Place::of(name);
    let taken = match value {
        None => return Err(EmfError::MissingTarget { name: name.to_owned() }),
        Some(Value::Array(values)) => Distribution::of_values(&numbers(values, &place)?),
        Some(Value::Object(counted)) => {
            let list = |member: &str| {
                let place = place.member(member);
                numbers(array(counted.get(member), &place)?, &place)
            };
            Distribution::of_counted(&list("Values")?, &list("Counts")?)
        }
        Some(single) => Distribution::of_values(&[number(single, &place)?]),
    };
    taken.map_err(|source| EmfError::Values { name: name.to_owned(), source })
}

fn numbers(values: &[Value], place: &Place) -> Result<Vec<f64>, EmfError> {
    values.iter().enumerate().map(|(index, value)| number(value, &place.index(index))).collect()
}

fn number(value: &Value, place: &Place) -> Result<f64, EmfError> {
    value.as_f64().ok_or_else(|| shape(place, "a number"))
}

fn shape(place: &Place, expected: &'static str) -> EmfError {
    EmfError::Shape { place: place.clone(), expected }
}
