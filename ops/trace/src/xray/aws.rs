//! The `aws` block of a document.

use serde_json::{Map, Value, json};

use super::attributes::{Attributes, text};
use crate::span::Span;

/// Fields that are texts, each with the attributes that give it, best first.
const TEXTS: [(&str, &[&str]); 6] = [
    ("operation", &["aws.operation", "rpc.method"]),
    ("account_id", &["aws.account_id"]),
    ("region", &["aws.region"]),
    ("request_id", &["aws.request_id", "aws.requestId"]),
    ("queue_url", &["messaging.url", "aws.queue.url", "aws.queue_url"]),
    ("table_name", &["aws.table.name", "aws.table_name"]),
];
/// Table names by today's convention, a list.
const TABLES: &str = "aws.dynamodb.table_names";

/// The block, and its attributes taken out; `None` for a resource of another cloud, or when nothing is known.
pub(super) fn block(span: &Span, left: &mut Attributes) -> Option<Value> {
    let mut block = Map::new();
    for (field, keys) in TEXTS {
        let found: Vec<Value> = keys.iter().filter_map(|key| left.remove(*key)).collect();
        if let Some(value) = found.into_iter().find(Value::is_string) {
            block.insert(field.to_owned(), value);
        }
    }
    // The exporter leaves the list in the metadata as well.
    let tables = left.get(TABLES).and_then(Value::as_array);
    match tables.map(Vec::as_slice) {
        Some([table]) => drop(block.insert("table_name".to_owned(), table.clone())),
        Some([]) | None => {}
        Some(many) => drop(block.insert("table_names".to_owned(), many.into())),
    }
    if text(&span.resource, "cloud.provider").is_some_and(|provider| provider != "aws") {
        return None;
    }
    if let Some(account) = text(&span.resource, "cloud.account.id") {
        block.entry("account_id").or_insert_with(|| account.into());
    }
    if let Some(sdk) = sdk(&span.resource) {
        block.insert("xray".to_owned(), sdk);
    }
    (!block.is_empty()).then_some(Value::Object(block))
}

fn sdk(resource: &Attributes) -> Option<Value> {
    let name = text(resource, "telemetry.sdk.name")?;
    let sdk = match text(resource, "telemetry.sdk.language") {
        Some(language) => format!("{name} for {language}"),
        None => name.to_owned(),
    };
    let automatic = resource.contains_key("telemetry.auto.version");
    let mut block = json!({"sdk": sdk, "auto_instrumentation": automatic});
    if let (Some(version), Some(fields)) = (text(resource, "telemetry.sdk.version"), block.as_object_mut()) {
        fields.insert("sdk_version".to_owned(), version.into());
    }
    Some(block)
}
