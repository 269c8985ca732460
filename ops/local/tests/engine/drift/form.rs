//! The one form that a property of the template and an answer of an API are brought to.

use serde_json::{Map, Value};

/// How a property and its answer become comparable.
#[derive(Clone, Copy)]
pub(super) enum Form {
    /// As they are; a number that the engine keeps as text is drift.
    Exact,
    /// The API speaks in texts: `180` is `"180"`.
    Text,
    /// A policy or its like: the order of lists means nothing, one thing is a list of one.
    Document,
    /// API Gateway writes `allowOrigins` where the template has `AllowOrigins`.
    Camel,
    /// The API has other names for the same things, as [`words`] reads them.
    Words(&'static [(&'static str, &'static str)]),
    /// The API returns the same in another shape.
    Shape(fn(&Value) -> Value),
    /// The call is addressed by this property, so any answer at this place shows it.
    Address,
}

impl Form {
    /// What the template wants and what was found, comparable.
    pub(super) fn meet(self, wanted: &Value, found: &Value) -> (Value, Value) {
        let (wanted, found) = (parsed(wanted), found.clone());
        match self {
            Self::Exact => (wanted, found),
            Self::Text => (text(&wanted), text(&found)),
            Self::Document => (document(&wanted), document(&found)),
            Self::Camel => (camel(&wanted), found),
            Self::Words(names) => (text(&wanted), text(&words(&found, names))),
            Self::Shape(shape) => (text(&wanted), text(&shape(&found))),
            Self::Address if found.is_null() => (wanted, found),
            Self::Address => (wanted.clone(), wanted),
        }
    }
}

/// The last part of an ARN, address or path.
pub(super) fn last(value: &Value) -> Value {
    let text = value.as_str().and_then(|text| text.rsplit([':', '/']).next());
    text.map_or(Value::Null, Value::from)
}

/// Renames fields everywhere: `Name[]` is always a list, an empty name is what templates do not state.
pub(super) fn words(value: &Value, names: &[(&str, &str)]) -> Value {
    match value {
        Value::Array(items) => items.iter().map(|item| words(item, names)).collect(),
        Value::Object(fields) => {
            let renamed = fields.iter().filter_map(|(name, value)| {
                let new = names.iter().find(|(old, _)| old == name).map_or(name.as_str(), |(_, new)| new);
                let value = words(value, names);
                match (new, new.strip_suffix("[]"), value) {
                    ("", ..) => None,
                    (_, Some(list), Value::Array(items)) => Some((list.to_owned(), Value::Array(items))),
                    (_, Some(list), one) => Some((list.to_owned(), Value::Array(vec![one]))),
                    (new, None, value) => Some((new.to_owned(), value)),
                }
            });
            Value::Object(renamed.collect())
        }
        leaf => leaf.clone(),
    }
}

/// JSON inside of texts, plain or URL-encoded, is read; fields without a value are left out.
pub(super) fn parsed(value: &Value) -> Value {
    match value {
        Value::String(text) if text.starts_with('{') => {
            serde_json::from_str(text).map_or_else(|_| value.clone(), |inner| parsed(&inner))
        }
        Value::String(text) if text.starts_with("%7B") => {
            let mut decoded = url::form_urlencoded::parse(text.as_bytes());
            decoded.next().map_or(Value::Null, |(text, _)| parsed(&text.into()))
        }
        Value::Object(fields) => {
            let stated = fields.iter().filter(|(_, value)| !value.is_null());
            Value::Object(stated.map(|(name, value)| (name.clone(), parsed(value))).collect())
        }
        Value::Array(items) => items.iter().map(parsed).collect(),
        leaf => leaf.clone(),
    }
}

fn text(value: &Value) -> Value {
    match value {
        Value::Object(_) | Value::Array(_) => within(value, text),
        Value::Number(_) | Value::Bool(_) => value.to_string().into(),
        leaf => leaf.clone(),
    }
}

fn document(value: &Value) -> Value {
    match within(&text(value), document) {
        Value::Array(mut items) => {
            items.sort_by_key(ToString::to_string);
            if items.len() == 1 { items.remove(0) } else { Value::Array(items) }
        }
        other => other,
    }
}

fn camel(value: &Value) -> Value {
    match within(value, camel) {
        Value::Object(fields) => {
            Value::Object(fields.into_iter().map(|(name, value)| (lower(&name), value)).collect())
        }
        other => other,
    }
}

fn lower(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// Does something to each field or item.
fn within(value: &Value, each: fn(&Value) -> Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields: Map<_, _> = fields.iter().map(|(name, value)| (name.clone(), each(value))).collect();
            Value::Object(fields)
        }
        Value::Array(items) => items.iter().map(each).collect(),
        leaf => leaf.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn meets(form: Form, wanted: &Value, found: &Value) -> bool {
        let (wanted, found) = form.meet(wanted, &parsed(found));
        wanted == found
    }

    #[test]
    fn number_kept_as_text_is_drift_only_where_the_api_has_numbers() {
        assert!(meets(Form::Text, &json!({"a": 5, "b": true}), &json!({"a": "5", "b": "true"})));
        assert!(!meets(Form::Exact, &json!(5), &json!("5")));
        assert!(!meets(Form::Camel, &json!({"Rate": 5}), &json!({"rate": "5"})));
        assert!(!meets(Form::Camel, &json!({"Rate": 5}), &json!({"Rate": 5})));
    }

    #[test]
    fn policies_are_the_same_however_they_are_written() {
        let wanted = json!({"Statement": [{"Action": ["b", "a"], "Resource": "*"}]});
        let encoded = "%7B%22Statement%22%3A%20%7B%22Action%22%3A%5B%22a%22%2C%22b%22%5D%2C%22Resource%22%3A%5B%22%2A%22%5D%7D%7D";
        assert!(meets(Form::Document, &wanted, &json!(encoded)));
        let wider = r#"{"Statement":{"Action":["a","b","c"],"Resource":"*"}}"#;
        assert!(!meets(Form::Document, &wanted, &json!(wider)));
    }

    #[test]
    fn words_of_the_api_become_those_of_the_template() {
        let form = Form::Words(&[("Rule", "Rules[]"), ("ID", "Id"), ("Extra", "")]);
        assert!(meets(form, &json!({"Rules": [{"Id": 1}]}), &json!({"Rule": {"ID": "1", "Extra": "x"}})));
    }
}
