//! Resolver of the references and intrinsic functions of a template.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Inputs, Resource, Template, TemplateError};
use crate::location::Location;

/// Functions nested deeper than this go round.
const MAX_DEPTH: usize = 64;

pub(super) struct Resolver<'a> {
    pub(super) template: &'a Template,
    inputs: &'a Inputs,
    parameters: BTreeMap<&'a str, String>,
}

/// The function that an object calls, with its argument; `None` for plain data.
pub(super) fn call(object: &Map<String, Value>) -> Option<(&str, &Value)> {
    let mut members = object.iter();
    let (name, argument) = members.next().filter(|_| object.len() == 1)?;
    let is_function = name == "Ref" || name == "Condition" || name.starts_with("Fn::");
    is_function.then_some((name.as_str(), argument))
}

impl<'a> Resolver<'a> {
    pub(super) fn new(template: &'a Template, inputs: &'a Inputs) -> Result<Self, TemplateError> {
        let location = template.location.member("Parameters");
        let declared = template.section("Parameters");
        let known = |name: &str| declared.is_some_and(|declared| declared.contains_key(name));
        if let Some(unknown) = inputs.parameters.keys().find(|name| !known(name)) {
            return Err(TemplateError::unknown(&location, "parameter", unknown));
        }
        let parameters: Result<BTreeMap<&str, String>, TemplateError> = declared
            .into_iter()
            .flatten()
            .map(|(name, declaration)| {
                let given = inputs.parameters.get(name);
                Ok((name.as_str(), parameter(declaration, given, &location.member(name))?))
            })
            .collect();
        Ok(Self { template, inputs, parameters: parameters? })
    }

    /// The resource, or `None` when its condition does not hold.
    pub(super) fn resource(
        &self,
        id: &str,
        resource: &Value,
        location: &Location,
    ) -> Result<Option<Resource>, TemplateError> {
        const MEMBERS: &[&str] = &["Type", "Condition", "Metadata", "Properties", "DependsOn"];
        let members = resource.as_object().ok_or_else(|| TemplateError::shape(location, "an object"))?;
        if let Some(unknown) = members.keys().find(|name| !MEMBERS.contains(&name.as_str())) {
            return Err(TemplateError::unsupported(&location.member(unknown), "this attribute"));
        }
        if !self.exists(members, location)? {
            return Ok(None);
        }
        let kind = members.get("Type").and_then(Value::as_str);
        let kind = kind.ok_or_else(|| TemplateError::shape(&location.member("Type"), "a type's name"))?;
        let object = |name: &str| match members.get(name) {
            None => Ok(Map::new()),
            Some(value) => match self.value(value, &location.member(name))? {
                Some(Value::Object(fields)) => Ok(fields),
                _ => Err(TemplateError::shape(&location.member(name), "an object")),
            },
        };
        let (properties, metadata) = (object("Properties")?, object("Metadata")?);
        let location = location.clone();
        Ok(Some(Resource { id: id.to_owned(), kind: kind.to_owned(), properties, metadata, location }))
    }

    /// What a value comes to; `None` for `AWS::NoValue`.
    pub(super) fn value(&self, value: &Value, at: &Location) -> Result<Option<Value>, TemplateError> {
        self.nested(value, at, 0)
    }

    fn nested(&self, value: &Value, at: &Location, depth: usize) -> Result<Option<Value>, TemplateError> {
        if depth > MAX_DEPTH {
            return Err(TemplateError::Circular { location: at.clone() });
        }
        match value {
            Value::Object(fields) => {
                if let Some((function, argument)) = call(fields) {
                    return self.evaluate(function, argument, &at.member(function), depth + 1);
                }
                let mut resolved = Map::new();
                for (name, value) in fields {
                    if let Some(value) = self.nested(value, &at.member(name), depth + 1)? {
                        resolved.insert(name.clone(), value);
                    }
                }
                Ok(Some(Value::Object(resolved)))
            }
            Value::Array(items) => {
                let items = items.iter().enumerate();
                let items: Result<Vec<_>, _> =
                    items.map(|(index, item)| self.nested(item, &at.index(index), depth + 1)).collect();
                Ok(Some(Value::Array(items?.into_iter().flatten().collect())))
            }
            plain => Ok(Some(plain.clone())),
        }
    }

    fn evaluate(
        &self,
        function: &str,
        argument: &Value,
        at: &Location,
        depth: usize,
    ) -> Result<Option<Value>, TemplateError> {
        match (function, argument) {
            ("Ref", Value::String(name)) if name == "AWS::NoValue" => Ok(None),
            ("Ref", Value::String(name)) => self.reference(name, at, depth).map(|text| Some(text.into())),
            ("Fn::Sub", Value::String(text)) => Ok(Some(self.substitute(text, at, depth)?.into())),
            ("Fn::GetAtt", Value::Array(parts)) => match parts.as_slice() {
                [Value::String(resource), Value::String(attribute)] => {
                    self.attribute(resource, attribute, at, depth).map(|text| Some(text.into()))
                }
                _ => Err(TemplateError::shape(at, "a resource and an attribute")),
            },
            ("Fn::If", Value::Array(parts)) => match parts.as_slice() {
                [Value::String(condition), yes, no] => {
                    let (chosen, index) = if self.condition(condition, at, 0)? { (yes, 1) } else { (no, 2) };
                    self.nested(chosen, &at.index(index), depth)
                }
                _ => Err(TemplateError::shape(at, "a condition and two values")),
            },
            ("Fn::ToJsonString", value @ (Value::Object(_) | Value::Array(_))) => {
                let resolved = self.nested(value, at, depth)?;
                Ok(resolved.map(|value| value.to_string().into()))
            }
            _ => Err(TemplateError::unsupported(at, format!("the function {function} in this form"))),
        }
    }

    /// Puts values in the place of `${Name}` and `${Resource.Attribute}`; `${!Name}` stays `${Name}`.
    fn substitute(&self, text: &str, at: &Location, depth: usize) -> Result<String, TemplateError> {
        let mut pieces = text.split("${");
        let mut resolved = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            let (name, rest) =
                piece.split_once('}').ok_or_else(|| TemplateError::shape(at, "closed by a brace"))?;
            let value = match (name.strip_prefix('!'), name.split_once('.')) {
                (Some(literal), _) => format!("${{{literal}}}"),
                (None, Some((resource, attribute))) => self.attribute(resource, attribute, at, depth)?,
                (None, None) => self.reference(name, at, depth)?,
            };
            resolved.push_str(&value);
            resolved.push_str(rest);
        }
        Ok(resolved)
    }

    fn reference(&self, name: &str, at: &Location, depth: usize) -> Result<String, TemplateError> {
        if let Some(value) = self.parameters.get(name) {
            return Ok(value.clone());
        }
        match name {
            "AWS::Region" => Ok(self.inputs.region.clone()),
            "AWS::AccountId" => Ok(self.inputs.account_id.clone()),
            "AWS::Partition" => Ok(Inputs::PARTITION.to_owned()),
            "AWS::URLSuffix" => Ok("amazonaws.com".to_owned()),
            _ => self.physical_name(name, at, depth),
        }
    }

    fn attribute(
        &self,
        resource: &str,
        attribute: &str,
        at: &Location,
        depth: usize,
    ) -> Result<String, TemplateError> {
        let name = self.physical_name(resource, at, depth)?;
        let kind = self.declared(resource).and_then(|(_, kind)| kind).unwrap_or_default();
        match (kind, attribute) {
            ("AWS::CloudWatch::Alarm" | "AWS::CloudWatch::CompositeAlarm", "Arn") => {
                Ok(self.inputs.alarm_arn(&name))
            }
            _ => Err(TemplateError::unsupported(at, format!("the attribute {attribute} of {kind}"))),
        }
    }

    /// What `Ref` gives for a resource: the name that the template gives it.
    fn physical_name(&self, id: &str, at: &Location, depth: usize) -> Result<String, TemplateError> {
        let (resource, kind) =
            self.declared(id).ok_or_else(|| TemplateError::unknown(at, "parameter or resource", id))?;
        let property = match kind {
            Some("AWS::CloudWatch::Alarm" | "AWS::CloudWatch::CompositeAlarm") => "AlarmName",
            Some("AWS::CloudWatch::Dashboard") => "DashboardName",
            _ => return Err(TemplateError::unsupported(at, format!("a reference to the resource {id}"))),
        };
        let name = resource.get("Properties").and_then(|properties| properties.get(property));
        let place = self.template.location.member("Resources").member(id).member("Properties");
        let place = place.member(property);
        let name = name.ok_or_else(|| TemplateError::shape(&place, "given, as it is referred to"))?;
        match self.nested(name, &place, depth + 1)? {
            Some(Value::String(name)) => Ok(name),
            _ => Err(TemplateError::shape(&place, "a text")),
        }
    }

    fn declared(&self, id: &str) -> Option<(&'a Value, Option<&'a str>)> {
        let resource = self.template.section("Resources")?.get(id)?;
        Some((resource, resource.get("Type").and_then(Value::as_str)))
    }
}

fn parameter(
    declaration: &Value,
    given: Option<&String>,
    location: &Location,
) -> Result<String, TemplateError> {
    let default = || match declaration.get("Default") {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(plain @ (Value::Number(_) | Value::Bool(_))) => Ok(plain.to_string()),
        Some(_) => Err(TemplateError::shape(&location.member("Default"), "a text or a number")),
        None => Err(TemplateError::NoValue { location: location.clone() }),
    };
    let value = given.cloned().map_or_else(default, Ok)?;
    let allowed = declaration.get("AllowedValues").and_then(Value::as_array);
    let is_allowed =
        allowed.is_none_or(|allowed| allowed.iter().any(|one| one.as_str() == Some(value.as_str())));
    if is_allowed { Ok(value) } else { Err(TemplateError::NotAllowed { location: location.clone(), value }) }
}
