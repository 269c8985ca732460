//! Item of the table, as DynamoDB returns it.

use serde_json::Value;

/// An item with DynamoDB's type tags.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Item(pub(crate) Value);

impl Item {
    /// A text attribute; empty when there is none.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.0.pointer(&format!("/{name}/S")).and_then(Value::as_str).unwrap_or_default()
    }

    /// A numeric attribute.
    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        self.0.pointer(&format!("/{name}/N"))?.as_str()?.parse().ok()
    }

    /// `PROCESSING`, `DONE` or `FAILED`.
    pub(crate) fn status(&self) -> &str {
        self.text("status")
    }

    /// Whether the result is recorded and the notification was published.
    pub(crate) fn is_settled(&self) -> bool {
        self.0.pointer("/notified/BOOL").and_then(Value::as_bool).unwrap_or_default()
    }
}
