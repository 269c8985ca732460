//! Requests of the query protocol: a form whose names are paths, such as `AlarmNames.member.1`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{ApiError, MAX_DEPTH};

/// What stands at a path: a text, or more below it.
#[derive(Default)]
struct Node {
    text: Option<String>,
    below: BTreeMap<String, Node>,
}

/// The members of a form; all values are texts.
pub(super) fn read(body: &[u8]) -> Result<Value, ApiError> {
    let mut root = Node::default();
    for (path, text) in url::form_urlencoded::parse(body) {
        if path.split('.').count() > 2 * MAX_DEPTH {
            return Err(ApiError::Body("a member is nested too deeply".to_owned()));
        }
        let place =
            path.split('.').fold(&mut root, |node, step| node.below.entry(step.to_owned()).or_default());
        place.text = Some(text.into_owned());
    }
    Ok(root.value())
}

impl Node {
    fn value(self) -> Value {
        let Self { text, mut below } = self;
        let is_list = below.len() == 1;
        if let Some(items) = below.remove("member").filter(|_| is_list) {
            // By number: ten comes after two.
            let mut items: Vec<(usize, Node)> = items
                .below
                .into_iter()
                .map(|(index, node)| (index.parse().unwrap_or(usize::MAX), node))
                .collect();
            items.sort_by_key(|(index, _)| *index);
            return items.into_iter().map(|(_, node)| node.value()).collect();
        }
        match text {
            Some(text) if below.is_empty() => Value::String(text),
            _ => Value::Object(below.into_iter().map(|(name, node)| (name, node.value())).collect()),
        }
    }
}
