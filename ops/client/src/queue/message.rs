//! Message of a dead-letter queue, as SQS returns it, and the request that sends it again.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use contract::queue_attributes::REDRIVEN;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// The attribute that holds the W3C trace context.
const TRACEPARENT: &str = "traceparent";
/// SQS takes at most this many attributes.
const MAX_ATTRIBUTES: usize = 10;
/// The system attribute that S3 fills from the uploader's `X-Amzn-Trace-Id`.
const TRACE_HEADER: &str = "AWSTraceHeader";

/// A received message; what is written to an evidence file is all of it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Message {
    /// Its id in this queue.
    #[serde(rename = "MessageId")]
    pub id: String,
    /// Needed to delete it; each receive returns another.
    pub receipt_handle: String,
    /// What was sent.
    #[serde(default)]
    pub body: String,
    /// System attributes.
    #[serde(rename = "Attributes", default)]
    pub system_attributes: BTreeMap<String, String>,
    /// Attributes that its sender set.
    #[serde(rename = "MessageAttributes", default)]
    pub attributes: BTreeMap<String, Map<String, Value>>,
    /// Other members, such as checksums.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

impl Message {
    /// When it was sent first; a move to the dead-letter queue does not change that.
    #[must_use]
    pub fn sent(&self) -> Option<SystemTime> {
        let millis = self.system_attributes.get("SentTimestamp")?.parse().ok()?;
        UNIX_EPOCH.checked_add(Duration::from_millis(millis))
    }

    /// How long ago that was.
    #[must_use]
    pub fn age(&self, now: SystemTime) -> Duration {
        self.sent().and_then(|sent| now.duration_since(sent).ok()).unwrap_or_default()
    }

    /// How often it was received, by the processor and by readers of this queue, this time included.
    #[must_use]
    pub fn receives(&self) -> u32 {
        self.system_attributes
            .get("ApproximateReceiveCount")
            .and_then(|count| count.parse().ok())
            .unwrap_or(0)
    }

    /// The trace id in the message's attributes: 32 hex digits.
    #[must_use]
    pub fn trace_id(&self) -> Option<String> {
        let attribute = self.attributes.get(TRACEPARENT).and_then(|it| it.get("StringValue"));
        let by_attribute = || {
            let mut parts = attribute?.as_str()?.split('-');
            parts.next()?;
            parts.next().map(str::to_owned)
        };
        let by_header = || {
            let root = self
                .system_attributes
                .get(TRACE_HEADER)?
                .split(';')
                .find_map(|it| it.strip_prefix("Root="))?;
            Some(root.strip_prefix("1-")?.replace('-', ""))
        };
        let valid = |id: &String| is_trace_id(id);
        by_attribute().filter(valid).or_else(|| by_header().filter(valid))
    }

    /// Its attributes and how often it was redriven, which keeps the processor from counting the upload again;
    /// without that where SQS takes no more attributes.
    fn marked(&self) -> BTreeMap<String, Map<String, Value>> {
        let mut attributes = self.attributes.clone();
        let before =
            attributes.get(REDRIVEN).and_then(|it| it.get("StringValue")?.as_str()?.parse::<u32>().ok());
        if attributes.len() < MAX_ATTRIBUTES || attributes.contains_key(REDRIVEN) {
            let count = before.unwrap_or_default().saturating_add(1).to_string();
            let value = [("DataType".to_owned(), "Number".into()), ("StringValue".to_owned(), count.into())];
            attributes.insert(REDRIVEN.to_owned(), value.into_iter().collect());
        }
        attributes
    }

    /// The request that sends it again: body, attributes and trace as they are.
    #[must_use]
    pub fn resent(&self, queue_url: &str) -> Value {
        let mut request = Map::new();
        request.insert("QueueUrl".to_owned(), queue_url.into());
        request.insert("MessageBody".to_owned(), self.body.as_str().into());
        request.insert("MessageAttributes".to_owned(), json!(self.marked()));
        // The only one that a sender may set.
        if let Some(header) = self.system_attributes.get(TRACE_HEADER) {
            let attribute = json!({TRACE_HEADER: {"DataType": "String", "StringValue": header}});
            request.insert("MessageSystemAttributes".to_owned(), attribute);
        }
        Value::Object(request)
    }
}

fn is_trace_id(id: &str) -> bool {
    id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()) && id.bytes().any(|byte| byte != b'0')
}

#[cfg(test)]
fn message(body: &str, more: &Value) -> Message {
    let mut message = json!({"MessageId": "m", "ReceiptHandle": "r", "Body": body, "MD5OfBody": "x"});
    if let (Some(message), Some(more)) = (message.as_object_mut(), more.as_object()) {
        message.extend(more.clone());
    }
    serde_json::from_value(message).expect("a test writes a whole message")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    fn traced(traceparent: &str, header: &str) -> Message {
        let attribute = json!({"traceparent": {"DataType": "String", "StringValue": traceparent}});
        let more = json!({"MessageAttributes": attribute, "Attributes": {"AWSTraceHeader": header}});
        message("b", &more)
    }

    #[test]
    fn trace_is_that_of_the_attribute_else_that_of_the_header_else_none() {
        let header = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
        let by_attribute = traced(&format!("00-{TRACE}-00f067aa0ba902b7-01"), header);
        assert_eq!(by_attribute.trace_id().as_deref(), Some(TRACE));
        for broken in ["", "00", "00-xyz-1-01", &format!("00-{}-1-01", "0".repeat(32))] {
            let id = traced(broken, header).trace_id();
            assert_eq!(id.as_deref(), Some("5759e988bd862e3fe1be46a994272793"), "{broken}");
        }
        assert_eq!(traced("", "Root=nonsense").trace_id(), None);
    }

    #[test]
    fn resent_message_keeps_body_attributes_and_trace_header_and_nothing_of_the_queue() {
        let attributes = json!({"n": {"DataType": "Number", "StringValue": "1"}, "b": {"DataType": "Binary", "BinaryValue": "AA=="}});
        let more = json!({
            "MessageAttributes": attributes,
            "Attributes": {"AWSTraceHeader": "Root=1-x", "ApproximateReceiveCount": "7", "SenderId": "s"},
        });
        let redriven = |times: &str| json!({"DataType": "Number", "StringValue": times});
        let mut marked = attributes.clone();
        marked["redriven"] = redriven("1");
        let expected = json!({
            "QueueUrl": "q", "MessageBody": "b", "MessageAttributes": marked,
            "MessageSystemAttributes": {"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1-x"}},
        });
        assert_eq!(message("b", &more).resent("q"), expected);
        let again = message("b", &json!({"MessageAttributes": {"redriven": redriven("1")}})).resent("q");
        assert_eq!(again["MessageAttributes"], json!({"redriven": redriven("2")}));
    }

    #[test]
    fn evidence_holds_all_that_sqs_returned() {
        let message = message("b", &json!({"Attributes": {"SentTimestamp": "1000"}}));
        let kept = json!(message);
        assert_eq!((&kept["MD5OfBody"], &kept["Attributes"]["SentTimestamp"]), (&json!("x"), &json!("1000")));
        assert_eq!(message.sent(), Some(UNIX_EPOCH + Duration::from_secs(1)));
    }
}
