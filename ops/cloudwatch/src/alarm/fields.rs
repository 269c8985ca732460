//! The members of a resolved object, each taken once as what it must be.

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::AlarmError;
use crate::location::Location;

/// Members of an object; [`Fields::finish`] refuses those that nobody took.
pub(super) struct Fields<'a> {
    members: &'a Map<String, Value>,
    location: Location,
    taken: RefCell<BTreeSet<&'static str>>,
}

impl<'a> Fields<'a> {
    pub(super) fn of(members: &'a Map<String, Value>, location: Location) -> Self {
        Self { members, location, taken: RefCell::default() }
    }

    pub(super) fn of_value(value: &'a Value, location: Location) -> Result<Self, AlarmError> {
        match value.as_object() {
            Some(members) => Ok(Self::of(members, location)),
            None => Err(AlarmError::shape(&location, "an object")),
        }
    }

    pub(super) fn here(&self) -> &Location {
        &self.location
    }

    pub(super) fn at(&self, name: &str) -> Location {
        self.location.member(name)
    }

    pub(super) fn get(&self, name: &'static str) -> Option<&'a Value> {
        self.taken.borrow_mut().insert(name);
        self.members.get(name)
    }

    pub(super) fn text_or_none(&self, name: &'static str) -> Result<Option<&'a str>, AlarmError> {
        let text =
            |value: &'a Value| value.as_str().ok_or_else(|| AlarmError::shape(&self.at(name), "a text"));
        self.get(name).map(text).transpose()
    }

    pub(super) fn text(&self, name: &'static str) -> Result<&'a str, AlarmError> {
        self.text_or_none(name)?.ok_or_else(|| AlarmError::shape(&self.at(name), "a text"))
    }

    /// A number, or a text that spells one: so a parameter arrives.
    pub(super) fn number_or_none(&self, name: &'static str) -> Result<Option<f64>, AlarmError> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let number = match value {
            Value::String(text) => text.parse().ok(),
            other => other.as_f64(),
        };
        let number = number.filter(|number: &f64| number.is_finite());
        number.map(Some).ok_or_else(|| AlarmError::shape(&self.at(name), "a number"))
    }

    pub(super) fn number(&self, name: &'static str) -> Result<f64, AlarmError> {
        self.number_or_none(name)?.ok_or_else(|| AlarmError::shape(&self.at(name), "a number"))
    }

    /// A whole number from 1 on.
    pub(super) fn count_or_none(&self, name: &'static str) -> Result<Option<u32>, AlarmError> {
        const EXPECTED: &str = "a whole number from 1 on";
        let Some(number) = self.number_or_none(name)? else { return Ok(None) };
        let whole = number >= 1.0 && number <= f64::from(u32::MAX) && number.fract() == 0.0;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked the line before"
        )]
        let count = whole.then_some(number as u32);
        count.map(Some).ok_or_else(|| AlarmError::shape(&self.at(name), EXPECTED))
    }

    pub(super) fn count(&self, name: &'static str) -> Result<u32, AlarmError> {
        self.count_or_none(name)?.ok_or_else(|| AlarmError::shape(&self.at(name), "a whole number from 1 on"))
    }

    pub(super) fn truth(&self, name: &'static str, default: bool) -> Result<bool, AlarmError> {
        match self.get(name) {
            None => Ok(default),
            Some(Value::Bool(truth)) => Ok(*truth),
            Some(Value::String(text)) if text == "true" || text == "false" => Ok(text == "true"),
            Some(_) => Err(AlarmError::shape(&self.at(name), "true or false")),
        }
    }

    pub(super) fn list(&self, name: &'static str) -> Result<&'a [Value], AlarmError> {
        match self.get(name) {
            None => Ok(&[]),
            Some(Value::Array(items)) => Ok(items),
            Some(_) => Err(AlarmError::shape(&self.at(name), "a list")),
        }
    }

    pub(super) fn texts(&self, name: &'static str) -> Result<Vec<String>, AlarmError> {
        let items = self.list(name)?.iter().enumerate();
        let texts = items.map(|(index, item)| match item.as_str() {
            Some(text) => Ok(text.to_owned()),
            None => Err(AlarmError::shape(&self.at(name).index(index), "a text")),
        });
        texts.collect()
    }

    /// One of the words of a closed set.
    pub(super) fn word<T: Copy>(
        &self,
        name: &'static str,
        words: &[T],
        spell: impl Fn(T) -> &'static str,
    ) -> Result<Option<T>, AlarmError> {
        let Some(text) = self.text_or_none(name)? else { return Ok(None) };
        match words.iter().copied().find(|word| spell(*word) == text) {
            Some(word) => Ok(Some(word)),
            None => Err(self.unsupported(name, format!("the value {text}"))),
        }
    }

    pub(super) fn unsupported(&self, name: &str, what: impl Into<String>) -> AlarmError {
        AlarmError::Unsupported { location: self.at(name), what: what.into() }
    }

    /// Refuses members that nobody took: they would change what the alarm does.
    pub(super) fn finish(self) -> Result<(), AlarmError> {
        let taken = self.taken.borrow();
        match self.members.keys().find(|name| !taken.contains(name.as_str())) {
            Some(unknown) => Err(self.unsupported(unknown, "this property")),
            None => Ok(()),
        }
    }
}
