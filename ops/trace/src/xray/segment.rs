//! Document of one span.

use serde_json::{Map, Value, json};

use super::attributes::{Attributes, text};
use super::{Document, LOCAL_OPERATION, aws, http, trace_id};
use crate::span::{Kind, Span, Status};

/// The largest document that X-Ray accepts, in bytes.
pub const MAX_DOCUMENT_BYTES: usize = 64 * 1024;
/// Names are cut here.
const MAX_NAME_CHARS: usize = 200;
/// Key of the attributes that are indexed: a list of keys.
const ANNOTATED: &str = "aws.xray.annotations";
/// What the exporter calls a span whose name has no character that X-Ray accepts.
const NAMELESS: &str = "span";

/// Whether a span becomes a segment of its own rather than a part of its parent's.
#[must_use]
pub fn is_segment(span: &Span) -> bool {
    span.kind == Kind::Server
        || span.parent_span_id.is_none()
        || span.attribute("aws.span.kind") == Some("LOCAL_ROOT")
}

/// The document of a span, without those below it; `None` where X-Ray would refuse it for its size.
#[must_use]
pub fn document(span: &Span) -> Option<Document> {
    let is_segment = is_segment(span);
    let mut left: Attributes = span.attributes.clone();
    let mut document = Map::new();
    let mut put = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            document.insert(key.to_owned(), value);
        }
    };
    put("id", Some(span.span_id.clone().into()));
    put("trace_id", Some(trace_id(&span.trace_id).into()));
    put("name", Some(name(span, is_segment).into()));
    put("parent_id", span.parent_span_id.clone().map(Value::from));
    put("start_time", Some(seconds(span.start_us).into()));
    put("end_time", Some(seconds(span.end_us()).into()));
    put("type", (!is_segment).then(|| "subsegment".into()));
    put("namespace", (!is_segment).then(|| namespace(span)).flatten().map(Value::from));
    put("origin", is_segment.then(|| origin(span)).flatten().map(Value::from));
    for (flag, set) in flags(span) {
        put(flag, set.then_some(true.into()));
    }
    put("cause", cause(span));
    let user = left.remove("enduser.id");
    put("user", user.filter(|_| is_segment));
    put("http", http::block(span.kind, &mut left));
    put("aws", aws::block(span, &mut left));
    let version = text(&span.resource, "service.version").filter(|_| is_segment);
    put("service", version.map(|version| json!({ "version": version })));
    put("annotations", annotations(&mut left));
    put("links", links(span));
    put("metadata", metadata(span, is_segment, left));
    let size = serde_json::to_vec(&document).map_or(usize::MAX, |bytes| bytes.len());
    (size <= MAX_DOCUMENT_BYTES).then_some(document)
}

/// A segment is named for its service, a call for the service called, everything else for what was done.
fn name(span: &Span, is_segment: bool) -> String {
    let own = is_segment.then(|| span.attribute("aws.local.service").unwrap_or(&span.service));
    let called = || {
        let calls = matches!(span.kind, Kind::Client | Kind::Producer | Kind::Consumer);
        let keys = ["aws.remote.service", "peer.service", "rpc.service"];
        keys.iter().skip(usize::from(!calls)).find_map(|key| span.attribute(key))
    };
    let name = own.or_else(called).unwrap_or(&span.name);
    let accepted = |char: &char| char.is_alphanumeric() || " _.:/%&#=+\\-@".contains(*char);
    let name: String = name.chars().filter(accepted).take(MAX_NAME_CHARS).collect();
    if name.is_empty() { NAMELESS.to_owned() } else { name }
}

fn namespace(span: &Span) -> Option<&'static str> {
    if span.attribute("rpc.system") == Some("aws-api") {
        return Some("aws");
    }
    (span.kind == Kind::Client || span.attribute("aws.remote.service").is_some()).then_some("remote")
}

/// The type of the resource that ran the segment.
fn origin(span: &Span) -> Option<&'static str> {
    match text(&span.resource, "cloud.platform")? {
        "aws_lambda" => Some("AWS::Lambda::Function"),
        "aws_ec2" => Some("AWS::EC2::Instance"),
        "aws_ecs" => Some("AWS::ECS::Container"),
        "aws_eks" => Some("AWS::EKS::Container"),
        "aws_elastic_beanstalk" => Some("AWS::ElasticBeanstalk::Environment"),
        "aws_app_runner" => Some("AWS::AppRunner::Service"),
        _ => None,
    }
}

/// By the HTTP status where it is one of a failure, else by the span's status.
fn flags(span: &Span) -> [(&'static str, bool); 3] {
    let status = http::status(&span.attributes);
    let (error, fault) = match status {
        Some(400..=499) => (true, false),
        Some(500..=599) => (false, true),
        _ => (false, span.status == Status::Error),
    };
    [("error", error), ("fault", fault), ("throttle", status == Some(429))]
}

fn cause(span: &Span) -> Option<Value> {
    if span.status != Status::Error || span.message.is_empty() {
        return None;
    }
    // X-Ray wants an id that no segment of the trace has; the exporter draws one, so that no two answers would be alike.
    let id = u64::from_str_radix(&span.span_id, 16).unwrap_or_default();
    let mut exception = json!({"id": format!("{:016x}", !id), "message": span.message});
    if let (Some(kind), Some(fields)) = (span.attribute("error.type"), exception.as_object_mut()) {
        fields.insert("type".to_owned(), kind.into());
    }
    Some(json!({ "exceptions": [exception] }))
}

fn annotations(left: &mut Attributes) -> Option<Value> {
    let keys = left.remove(ANNOTATED)?;
    let keys = keys.as_array()?.iter().filter_map(Value::as_str);
    let mut found = Map::new();
    for key in keys {
        let indexable = |value: &Value| value.is_string() || value.is_number() || value.is_boolean();
        if left.get(key).is_some_and(indexable)
            && let Some(value) = left.remove(key)
        {
            let accepted = |char: char| char.is_ascii_alphanumeric() || char == '.';
            found.insert(key.replace(|char| !accepted(char), "_"), value);
        }
    }
    (!found.is_empty()).then_some(Value::Object(found))
}

fn links(span: &Span) -> Option<Value> {
    let links =
        span.links.iter().map(|link| json!({"id": link.span_id, "trace_id": trace_id(&link.trace_id)}));
    let links: Vec<Value> = links.collect();
    (!links.is_empty()).then_some(Value::Array(links))
}

fn metadata(span: &Span, is_segment: bool, left: Attributes) -> Option<Value> {
    let mut all: Map<String, Value> = left.into_iter().filter(|(_, value)| !value.is_null()).collect();
    if is_segment {
        all.entry(LOCAL_OPERATION).or_insert_with(|| span.name.clone().into());
        all.extend(span.resource.iter().map(|(key, value)| (format!("otel.resource.{key}"), value.clone())));
    }
    (!all.is_empty()).then(|| json!({ "default": all }))
}

/// A time in X-Ray's unit.
#[expect(clippy::cast_precision_loss, reason = "microseconds of today fit a double")]
fn seconds(us: u64) -> f64 {
    us as f64 / 1e6
}
