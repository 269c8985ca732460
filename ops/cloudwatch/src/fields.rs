//! Members of a resolved template object, each read once as the type that it must have.

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::location::Location;

/// A member that is not as it must be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    /// Absent, or of another shape.
    #[error("{location} must be {expected}")]
    Shape {
        /// Where.
        location: Location,
        /// What belongs there.
        expected: &'static str,
    },
    /// What CloudWatch may know and this library does not.
    #[error("{location}: {what} is not evaluated here")]
    Unsupported {
        /// Where.
        location: Location,
        /// What stands there.
        what: String,
    },
}

impl FieldError {
    pub(crate) fn shape(location: &Location, expected: &'static str) -> Self {
        Self::Shape { location: location.clone(), expected }
    }
}

/// Members of an object; [`Fields::finish`] refuses those that nobody took.
pub(crate) struct Fields<'a> {
    members: &'a Map<String, Value>,
    location: Location,
    taken: RefCell<BTreeSet<&'static str>>,
}

impl<'a> Fields<'a> {
    pub(crate) fn of(members: &'a Map<String, Value>, location: Location) -> Self {
        Self { members, location, taken: RefCell::default() }
    }

    pub(crate) fn of_value(value: &'a Value, location: Location) -> Result<Self, FieldError> {
        match value.as_object() {
            Some(members) => Ok(Self::of(members, location)),
            None => Err(FieldError::shape(&location, "an object")),
        }
    }

    pub(crate) fn here(&self) -> &Location {
        &self.location
    }

    pub(crate) fn at(&self, name: &str) -> Location {
        self.location.member(name)
    }

    pub(crate) fn get(&self, name: &'static str) -> Option<&'a Value> {
        self.taken.borrow_mut().insert(name);
        self.members.get(name)
    }

    pub(crate) fn text_or_none(&self, name: &'static str) -> Result<Option<&'a str>, FieldError> {
        let text =
            |value: &'a Value| value.as_str().ok_or_else(|| FieldError::shape(&self.at(name), "a text"));
        self.get(name).map(text).transpose()
    }

    pub(crate) fn text(&self, name: &'static str) -> Result<&'a str, FieldError> {
        self.text_or_none(name)?.ok_or_else(|| FieldError::shape(&self.at(name), "a text"))
    }

    /// A number, or a text that spells one: so a parameter arrives.
    pub(crate) fn number_or_none(&self, name: &'static str) -> Result<Option<f64>, FieldError> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let number = match value {
            Value::String(text) => text.parse().ok(),
            other => other.as_f64(),
        };
        let number = number.filter(|number: &f64| number.is_finite());
        number.map(Some).ok_or_else(|| FieldError::shape(&self.at(name), "a number"))
    }

    pub(crate) fn number(&self, name: &'static str) -> Result<f64, FieldError> {
        self.number_or_none(name)?.ok_or_else(|| FieldError::shape(&self.at(name), "a number"))
    }

    /// A whole number from 1 on.
    pub(crate) fn count_or_none(&self, name: &'static str) -> Result<Option<u32>, FieldError> {
        const EXPECTED: &str = "a whole number from 1 on";
        let Some(number) = self.number_or_none(name)? else { return Ok(None) };
        let whole = number >= 1.0 && number <= f64::from(u32::MAX) && number.fract() == 0.0;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked the line before"
        )]
        let count = whole.then_some(number as u32);
        count.map(Some).ok_or_else(|| FieldError::shape(&self.at(name), EXPECTED))
    }

    pub(crate) fn count(&self, name: &'static str) -> Result<u32, FieldError> {
        self.count_or_none(name)?.ok_or_else(|| FieldError::shape(&self.at(name), "a whole number from 1 on"))
    }

    pub(crate) fn truth(&self, name: &'static str, default: bool) -> Result<bool, FieldError> {
        match self.get(name) {
            None => Ok(default),
            Some(Value::Bool(truth)) => Ok(*truth),
            Some(Value::String(text)) if text == "true" || text == "false" => Ok(text == "true"),
            Some(_) => Err(FieldError::shape(&self.at(name), "true or false")),
        }
    }

    pub(crate) fn list(&self, name: &'static str) -> Result<&'a [Value], FieldError> {
        match self.get(name) {
            None => Ok(&[]),
            Some(Value::Array(items)) => Ok(items),
            Some(_) => Err(FieldError::shape(&self.at(name), "a list")),
        }
    }

    pub(crate) fn texts(&self, name: &'static str) -> Result<Vec<String>, FieldError> {
        let items = self.list(name)?.iter().enumerate();
        let texts = items.map(|(index, item)| match item.as_str() {
            Some(text) => Ok(text.to_owned()),
            None => Err(FieldError::shape(&self.at(name).index(index), "a text")),
        });
        texts.collect()
    }

    /// One of the words of a closed set.
    pub(crate) fn word<T: Copy>(
        &self,
        name: &'static str,
        words: &[T],
        spell: impl Fn(T) -> &'static str,
    ) -> Result<Option<T>, FieldError> {
        let Some(text) = self.text_or_none(name)? else { return Ok(None) };
        match words.iter().copied().find(|word| spell(*word) == text) {
            Some(word) => Ok(Some(word)),
            None => Err(self.unsupported(name, format!("the value {text}"))),
        }
    }

    pub(crate) fn unsupported(&self, name: &str, what: impl Into<String>) -> FieldError {
        FieldError::Unsupported { location: self.at(name), what: what.into() }
    }

    /// Refuses members that nobody took: they would change what the alarm does.
    pub(crate) fn finish(self) -> Result<(), FieldError> {
        let taken = self.taken.borrow();
        match self.members.keys().find(|name| !taken.contains(name.as_str())) {
            Some(unknown) => Err(self.unsupported(unknown, "this property")),
            None => Ok(()),
        }
    }
}
