//! The table of readers: for each type of resource, which call returns which property, where and in what form.

mod access;
mod api;
mod compute;
mod messaging;
mod monitoring;
mod sign_in;
mod storage;

use aws_client::Aws;
use serde_json::{Map, Value};

use super::call::Call;
use super::form::Form;

/// All readers, by family of services.
pub(super) const READERS: &[&[Reader]] = &[
    storage::READERS,
    messaging::READERS,
    compute::READERS,
    access::READERS,
    sign_in::READERS,
    api::READERS,
    monitoring::READERS,
];

/// What one call returns about resources of one type.
pub(super) struct Reader {
    /// The type.
    pub(super) kind: &'static str,
    /// The call.
    pub(super) call: fn(&Subject<'_>) -> Call,
    /// Where in the answer the resource is.
    pub(super) within: Within,
    /// The properties: name, place in the resource, form.
    pub(super) properties: &'static [(&'static str, &'static str, Form)],
}

/// Where in an answer a resource is.
pub(super) enum Within {
    /// At this place.
    Place(&'static str),
    /// In the list at this place, the item whose field is the resource's id.
    List(&'static str, &'static str),
}

/// A resource, as the template states it.
pub(super) struct Subject<'a> {
    /// Its physical id.
    pub(super) id: &'a str,
    /// Its properties, resolved.
    pub(super) properties: &'a Map<String, Value>,
}

impl Subject<'_> {
    /// A property that is a text, or a list with one text.
    pub(super) fn text(&self, property: &str) -> String {
        let value = match &self.properties[property] {
            Value::Array(items) if items.len() == 1 => &items[0],
            value => value,
        };
        value.as_str().unwrap().to_owned()
    }

    /// The physical id for the path of a call: `$default` and addresses need escapes.
    pub(super) fn escaped_id(&self) -> String {
        self.id.rsplit('/').next().unwrap_or_default().replace('$', "%24")
    }
}

impl Reader {
    /// Reads the resource; null when the engine has none.
    pub(super) async fn read(&self, aws: &Aws, subject: &Subject<'_>) -> Value {
        let answer = (self.call)(subject).answer(aws).await;
        match self.within {
            Within::Place(at) => answer.pointer(at).cloned(),
            Within::List(at, field) => {
                let items = answer.pointer(at).and_then(Value::as_array);
                items.into_iter().flatten().find(|item| item[field] == subject.id).cloned()
            }
        }
        .unwrap_or_default()
    }
}
