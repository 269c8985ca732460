//! The attributes of a span, while parts of a document are made of them.

use std::collections::BTreeMap;

use serde_json::Value;

/// What is left of a span's attributes: each part of the document takes out its own.
pub(super) type Attributes = BTreeMap<String, Value>;

pub(super) fn text<'a>(attributes: &'a Attributes, key: &str) -> Option<&'a str> {
    attributes.get(key).and_then(Value::as_str)
}
