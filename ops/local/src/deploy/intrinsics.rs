//! Intrinsic functions: a property of the processed template, with its references and conditions resolved.

use serde_json::{Map, Number, Value};

use super::deployed::Deployed;

/// A property uses what is not resolved here.
#[derive(Debug, thiserror::Error)]
#[error("{what} in the template is not understood here; teach deploy/intrinsics.rs about it")]
pub struct UnresolvedError {
    what: String,
}

impl Deployed {
    /// Property `name` of a resource, resolved; `None` when it is absent or comes to `AWS::NoValue`.
    ///
    /// # Errors
    ///
    /// When the property uses a function that is not resolved here.
    pub fn property(&self, resource: &str, name: &str) -> Result<Option<Value>, UnresolvedError> {
        let pointer = format!("/Resources/{resource}/Properties/{name}");
        self.template.pointer(&pointer).map_or(Ok(None), |value| self.resolve(value))
    }

    fn resolve(&self, value: &Value) -> Result<Option<Value>, UnresolvedError> {
        match value {
            Value::Object(fields) => match call(fields) {
                Some((function, argument)) => self.evaluate(function, argument),
                None => self.resolve_fields(fields).map(Some),
            },
            Value::Array(items) => {
                let items: Result<Vec<_>, _> = items.iter().map(|item| self.resolve(item)).collect();
                Ok(Some(Value::Array(items?.into_iter().flatten().collect())))
            }
            plain => Ok(Some(plain.clone())),
        }
    }

    fn resolve_fields(&self, fields: &Map<String, Value>) -> Result<Value, UnresolvedError> {
        let mut resolved = Map::new();
        for (name, value) in fields {
            if let Some(value) = self.resolve(value)? {
                resolved.insert(name.clone(), value);
            }
        }
        Ok(Value::Object(resolved))
    }

    fn evaluate(&self, function: &str, argument: &Value) -> Result<Option<Value>, UnresolvedError> {
        match (function, argument) {
            ("Ref", Value::String(name)) => self.reference(name),
            ("Fn::If", Value::Array(parts)) => match parts.as_slice() {
                [Value::String(condition), yes, no] => {
                    let holds = self.condition(condition)?;
                    self.resolve(if holds { yes } else { no })
                }
                _ => Err(unresolved(function)),
            },
            ("Fn::GetAtt", Value::Array(parts)) => match parts.as_slice() {
                [Value::String(resource), Value::String(attribute)] => {
                    let found = self.attribute(resource, attribute);
                    found
                        .map(|text| Some(text.into()))
                        .ok_or_else(|| unresolved(&format!("{resource}.{attribute}")))
                }
                _ => Err(unresolved(function)),
            },
            ("Fn::Sub", Value::String(text)) => Ok(Some(self.substitute(text)?.into())),
            ("Fn::ToJsonString", value) => Ok(self.resolve(value)?.map(|value| value.to_string().into())),
            _ => Err(unresolved(function)),
        }
    }

    /// Puts values in the place of `${Name}` and `${Resource.Attribute}`; `${!Name}` stays `${Name}`.
    fn substitute(&self, text: &str) -> Result<String, UnresolvedError> {
        let mut pieces = text.split("${");
        let mut resolved = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            let (name, rest) = piece.split_once('}').ok_or_else(|| unresolved("Fn::Sub"))?;
            let value = match (name.strip_prefix('!'), name.split_once('.')) {
                (Some(literal), _) => format!("${{{literal}}}"),
                (None, Some((resource, attribute))) => {
                    self.attribute(resource, attribute).ok_or_else(|| unresolved(name))?
                }
                (None, None) => self.reference(name).map(plain)?,
            };
            resolved.push_str(&value);
            resolved.push_str(rest);
        }
        Ok(resolved)
    }

    fn reference(&self, name: &str) -> Result<Option<Value>, UnresolvedError> {
        if name == "AWS::NoValue" {
            return Ok(None);
        }
        if let Some(resource) = self.resources.get(name) {
            return Ok(Some(resource.physical_id.as_str().into()));
        }
        if let Some(pseudo) = self.pseudo_parameter(name) {
            return Ok(Some(pseudo.into()));
        }
        let value = self.parameters.get(name).ok_or_else(|| unresolved(name))?;
        let kind = self.template.pointer(&format!("/Parameters/{name}/Type")).and_then(Value::as_str);
        Ok(Some(match kind {
            Some("CommaDelimitedList") => value.split(',').map(str::trim).collect(),
            Some("Number") => value.parse::<Number>().map_or_else(|_| value.as_str().into(), Value::Number),
            _ => value.as_str().into(),
        }))
    }

    /// Whether a condition of its own keeps a resource out of the stack.
    ///
    /// # Errors
    ///
    /// When the condition is not resolved here.
    pub(super) fn leaves_out(&self, resource: &str) -> Result<bool, UnresolvedError> {
        let condition = self.template.pointer(&format!("/Resources/{resource}/Condition"));
        condition.and_then(Value::as_str).map_or(Ok(false), |name| self.condition(name).map(|holds| !holds))
    }

    /// Whether a condition of the template holds.
    ///
    /// # Errors
    ///
    /// When there is no such condition, or it uses a function that is not resolved here.
    pub fn condition(&self, name: &str) -> Result<bool, UnresolvedError> {
        let rule = self.template.pointer(&format!("/Conditions/{name}")).ok_or_else(|| unresolved(name))?;
        self.holds(rule)
    }

    fn holds(&self, rule: &Value) -> Result<bool, UnresolvedError> {
        let (function, argument) =
            rule.as_object().and_then(call).ok_or_else(|| unresolved("a condition"))?;
        let parts = argument.as_array().map(Vec::as_slice).unwrap_or_default();
        match (function, parts) {
            ("Condition", []) => self.condition(argument.as_str().unwrap_or_default()),
            ("Fn::Not", [rule]) => Ok(!self.holds(rule)?),
            ("Fn::And", rules) => rules.iter().try_fold(true, |all, rule| Ok(all && self.holds(rule)?)),
            ("Fn::Or", rules) => rules.iter().try_fold(false, |any, rule| Ok(any || self.holds(rule)?)),
            ("Fn::Equals", [left, right]) => Ok(plain(self.resolve(left)?) == plain(self.resolve(right)?)),
            _ => Err(unresolved(function)),
        }
    }
}

/// The function of `{"Fn::Name": argument}`.
fn call(fields: &Map<String, Value>) -> Option<(&str, &Value)> {
    let mut fields = fields.iter();
    match (fields.next(), fields.next()) {
        (Some((name, argument)), None)
            if name == "Ref" || name == "Condition" || name.starts_with("Fn::") =>
        {
            Some((name, argument))
        }
        _ => None,
    }
}

/// CloudFormation compares and substitutes texts: `0` equals `'0'`.
fn plain(value: Option<Value>) -> String {
    match value {
        Some(Value::String(text)) => text,
        Some(other) => other.to_string(),
        None => String::new(),
    }
}

fn unresolved(what: &str) -> UnresolvedError {
    UnresolvedError { what: what.to_owned() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::deploy::Resource;

    fn deployed(days: &str) -> Deployed {
        let bucket = Resource { physical_id: "a-bucket".into(), kind: "AWS::S3::Bucket".into() };
        Deployed {
            arn: "arn:aws:cloudformation:eu-west-1:123:stack/s/1".into(),
            outputs: [].into(),
            resources: [("B".to_owned(), bucket)].into(),
            parameters: [("Days", days), ("Origins", "a, b")].map(|(k, v)| (k.into(), v.into())).into(),
            template: json!({
                "Parameters": {"Days": {"Type": "Number"}, "Origins": {"Type": "CommaDelimitedList"}},
                "Conditions": {
                    "Never": {"Fn::Equals": [{"Ref": "Days"}, "0"]},
                    "Sometimes": {"Fn::Not": [{"Condition": "Never"}]},
                },
                "Resources": {"R": {"Properties": {
                    "Name": {"Ref": "B"},
                    "Origins": {"Ref": "Origins"},
                    "Rules": [
                        {"Id": "always"},
                        {"Fn::If": ["Sometimes", {"Id": "expire", "Days": {"Ref": "Days"}}, {"Ref": "AWS::NoValue"}]},
                    ],
                    "Arn": {"Fn::GetAtt": ["B", "Arn"]},
                    "Objects": {"Fn::Sub": "${B.Arn}/${!aws:user}/${Days}/${AWS::Region}"},
                    "Text": {"Fn::ToJsonString": {"days": {"Ref": "Days"}}},
                    "Joined": {"Fn::Join": ["", ["a", "b"]]},
                }}},
            }),
        }
    }

    #[test]
    fn references_give_names_lists_and_numbers() {
        let deployed = deployed("7");
        assert_eq!(deployed.property("R", "Name").unwrap(), Some(json!("a-bucket")));
        assert_eq!(deployed.property("R", "Origins").unwrap(), Some(json!(["a", "b"])));
        assert_eq!(deployed.property("R", "Absent").unwrap(), None);
    }

    #[test]
    fn conditions_choose_and_no_value_leaves_nothing() {
        let rules = |days| deployed(days).property("R", "Rules").unwrap();
        assert_eq!(rules("7"), Some(json!([{"Id": "always"}, {"Id": "expire", "Days": 7}])));
        assert_eq!(rules("0"), Some(json!([{"Id": "always"}])));
    }

    #[test]
    fn attributes_and_substitutions_give_texts() {
        let deployed = deployed("7");
        assert_eq!(deployed.property("R", "Arn").unwrap(), Some(json!("arn:aws:s3:::a-bucket")));
        let objects = json!("arn:aws:s3:::a-bucket/${aws:user}/7/eu-west-1");
        assert_eq!(deployed.property("R", "Objects").unwrap(), Some(objects));
        assert_eq!(deployed.property("R", "Text").unwrap(), Some(json!(r#"{"days":7}"#)));
    }

    #[test]
    fn unknown_function_is_named() {
        let error = deployed("7").property("R", "Joined").unwrap_err();
        assert!(error.to_string().starts_with("Fn::Join"), "{error}");
    }
}
