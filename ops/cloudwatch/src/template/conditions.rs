//! Conditions of a template, and which of them hold.

use serde_json::{Map, Value};

use super::TemplateError;
use super::resolve::{Resolver, call};
use crate::location::Location;

/// Conditions that refer to each other deeper than this go round.
const MAX_DEPTH: usize = 32;

impl Resolver<'_> {
    /// Whether the condition `name` holds; `location` is where it is named.
    pub(super) fn condition(
        &self,
        name: &str,
        location: &Location,
        depth: usize,
    ) -> Result<bool, TemplateError> {
        let conditions = self.template.section("Conditions");
        let rule = conditions
            .and_then(|conditions| conditions.get(name))
            .ok_or_else(|| TemplateError::unknown(location, "condition", name))?;
        let location = self.template.location.member("Conditions").member(name);
        if depth > MAX_DEPTH {
            return Err(TemplateError::Circular { location });
        }
        self.holds(rule, &location, depth + 1)
    }

    fn holds(&self, rule: &Value, location: &Location, depth: usize) -> Result<bool, TemplateError> {
        let (function, argument) = rule
            .as_object()
            .and_then(call)
            .ok_or_else(|| TemplateError::shape(location, "a condition's function"))?;
        let location = location.member(function);
        let parts = argument.as_array().map(Vec::as_slice).unwrap_or_default();
        match (function, parts) {
            ("Condition", _) => match argument.as_str() {
                Some(name) => self.condition(name, &location, depth),
                None => Err(TemplateError::shape(&location, "a condition's name")),
            },
            ("Fn::Equals", [one, other]) => {
                let text = |value: &Value, index| self.compared(value, &location.index(index));
                Ok(text(one, 0)? == text(other, 1)?)
            }
            ("Fn::Not", [rule]) => Ok(!self.holds(rule, &location.index(0), depth)?),
            ("Fn::And" | "Fn::Or", [_, _, ..]) => {
                let each = parts.iter().enumerate();
                let each: Result<Vec<bool>, _> =
                    each.map(|(index, rule)| self.holds(rule, &location.index(index), depth)).collect();
                let each = each?;
                Ok(if function == "Fn::And" { each.iter().all(|&it| it) } else { each.contains(&true) })
            }
            ("Fn::Equals" | "Fn::Not" | "Fn::And" | "Fn::Or", _) => {
                Err(TemplateError::shape(&location, "a list of the operands"))
            }
            _ => Err(TemplateError::unsupported(&location, format!("the function {function}"))),
        }
    }

    /// CloudFormation compares texts; numbers and booleans are what they look like when written.
    fn compared(&self, value: &Value, location: &Location) -> Result<String, TemplateError> {
        match self.value(value, location)? {
            Some(Value::String(text)) => Ok(text),
            Some(plain @ (Value::Number(_) | Value::Bool(_))) => Ok(plain.to_string()),
            _ => Err(TemplateError::shape(location, "a text")),
        }
    }

    /// Whether the resource exists: it has no condition, or its condition holds.
    pub(super) fn exists(
        &self,
        resource: &Map<String, Value>,
        location: &Location,
    ) -> Result<bool, TemplateError> {
        match resource.get("Condition") {
            None => Ok(true),
            Some(Value::String(name)) => self.condition(name, &location.member("Condition"), 0),
            Some(_) => Err(TemplateError::shape(&location.member("Condition"), "a condition's name")),
        }
    }
}
