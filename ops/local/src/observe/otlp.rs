//! Decoder of OTLP: spans from protobuf, bare or in an X-Ray daemon datagram.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::trace::v1 as proto;
use prost::Message as _;
use serde_json::{Value, json};
use trace_model::{Kind, Link, Span, Status};

/// A datagram or request that holds no spans.
#[derive(Debug, thiserror::Error)]
pub enum OtlpError {
    /// No header line `{"format":"json","version":1}`.
    #[error("the datagram does not begin with the header line of the X-Ray daemon")]
    Header,
    /// Something else than `T1S` or `T1U` after the header: an X-Ray segment of another library.
    #[error("the datagram holds no OTLP spans (T1S or T1U expected)")]
    Kind,
    /// Not base64.
    #[error("the datagram's spans are not base64")]
    Base64(#[source] base64::DecodeError),
    /// Not an `ExportTraceServiceRequest`.
    #[error("the spans are not an OTLP request")]
    Protobuf(#[source] prost::DecodeError),
    /// A trace id that is not 16 bytes or a span id that is not 8, or zero.
    #[error("span `{name}` has no valid trace id and span id")]
    Ids {
        /// The span's name.
        name: String,
    },
}

/// The spans of one datagram in the X-Ray daemon's format. An exporter splits a batch over several
/// datagrams, each whole in itself.
pub(super) fn datagram(bytes: &[u8]) -> Result<Vec<Span>, OtlpError> {
    let end = bytes.iter().position(|byte| *byte == b'\n').ok_or(OtlpError::Header)?;
    let (header, body) = bytes.split_at(end);
    let header: Value = serde_json::from_slice(header).map_err(|_| OtlpError::Header)?;
    if header != json!({"format": "json", "version": 1}) {
        return Err(OtlpError::Header);
    }
    let body = body.get(1..).unwrap_or_default();
    let encoded = body.strip_prefix(b"T1S").or_else(|| body.strip_prefix(b"T1U")).ok_or(OtlpError::Kind)?;
    request(&STANDARD.decode(encoded.trim_ascii_end()).map_err(OtlpError::Base64)?)
}

/// The spans of one OTLP request.
pub(super) fn request(bytes: &[u8]) -> Result<Vec<Span>, OtlpError> {
    let request = ExportTraceServiceRequest::decode(bytes).map_err(OtlpError::Protobuf)?;
    let mut spans = Vec::new();
    for of_resource in request.resource_spans {
        let resource = of_resource.resource.unwrap_or_default();
        let service = service(&resource.attributes);
        let described = attributes(&resource.attributes);
        for span in of_resource.scope_spans.into_iter().flat_map(|scope| scope.spans) {
            spans.push(read(span, &service, &described)?);
        }
    }
    Ok(spans)
}

fn service(attributes: &[KeyValue]) -> String {
    let name = attributes.iter().find(|attribute| attribute.key == "service.name");
    match name.map(|attribute| value(attribute.value.as_ref())) {
        Some(Value::String(name)) => name,
        _ => "unknown_service".to_owned(),
    }
}

fn read(span: proto::Span, service: &str, resource: &BTreeMap<String, Value>) -> Result<Span, OtlpError> {
    let ids = id(&span.trace_id, 16).zip(id(&span.span_id, 8));
    let Some((trace_id, span_id)) = ids else { return Err(OtlpError::Ids { name: span.name }) };
    let links = span.links.iter().filter_map(|link| {
        id(&link.trace_id, 16).zip(id(&link.span_id, 8)).map(|(trace_id, span_id)| Link { trace_id, span_id })
    });
    let start_us = span.start_time_unix_nano / 1000;
    let status = span.status.clone().unwrap_or_default();
    Ok(Span {
        trace_id,
        span_id,
        parent_span_id: id(&span.parent_span_id, 8),
        kind: kind(span.kind()),
        service: service.to_owned(),
        start_us,
        duration_us: (span.end_time_unix_nano / 1000).saturating_sub(start_us),
        status: match status.code() {
            proto::status::StatusCode::Unset => Status::Unset,
            proto::status::StatusCode::Ok => Status::Ok,
            proto::status::StatusCode::Error => Status::Error,
        },
        message: status.message,
        attributes: attributes(&span.attributes),
        links: links.collect(),
        resource: resource.clone(),
        name: span.name,
    })
}

fn attributes(all: &[KeyValue]) -> BTreeMap<String, Value> {
    all.iter().map(|attribute| (attribute.key.clone(), value(attribute.value.as_ref()))).collect()
}

fn id(bytes: &[u8], length: usize) -> Option<String> {
    let valid = bytes.len() == length && bytes.iter().any(|byte| *byte != 0);
    let digits = || bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    valid.then(|| digits().filter_map(|digit| char::from_digit(digit.into(), 16)).collect())
}

fn kind(kind: proto::span::SpanKind) -> Kind {
    use proto::span::SpanKind;
    match kind {
        SpanKind::Unspecified | SpanKind::Internal => Kind::Internal,
        SpanKind::Server => Kind::Server,
        SpanKind::Client => Kind::Client,
        SpanKind::Producer => Kind::Producer,
        SpanKind::Consumer => Kind::Consumer,
    }
}

/// An attribute's value; only what nests deeper than any attribute of ours is cut.
fn value(value: Option<&AnyValue>) -> Value {
    nested(value, 8)
}

fn nested(value: Option<&AnyValue>, depth: usize) -> Value {
    use any_value::Value as Any;
    let Some(value) = value.and_then(|any| any.value.as_ref()).filter(|_| depth > 0) else {
        return Value::Null;
    };
    match value {
        Any::StringValue(text) => text.clone().into(),
        Any::BoolValue(flag) => (*flag).into(),
        Any::IntValue(number) => (*number).into(),
        Any::DoubleValue(number) => (*number).into(),
        Any::BytesValue(bytes) => STANDARD.encode(bytes).into(),
        Any::ArrayValue(array) => array.values.iter().map(|item| nested(Some(item), depth - 1)).collect(),
        Any::KvlistValue(list) => list
            .values
            .iter()
            .map(|pair| (pair.key.clone(), nested(pair.value.as_ref(), depth - 1)))
            .collect(),
        // A reference into a table that only profiles carry.
        Any::StringValueStrindex(_) => Value::Null,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use opentelemetry_proto::tonic::resource::v1::Resource;
    use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans};

    use super::*;

    fn attribute(key: &str, text: &str) -> KeyValue {
        let value = Some(any_value::Value::StringValue(text.to_owned()));
        KeyValue { key: key.to_owned(), value: Some(AnyValue { value }), ..KeyValue::default() }
    }

    /// An OTLP request with one span of an image.
    pub(crate) fn encoded(name: &str, image_id: &str) -> Vec<u8> {
        let span = proto::Span {
            trace_id: vec![0xab; 16],
            span_id: vec![0xcd; 8],
            parent_span_id: vec![],
            name: name.to_owned(),
            kind: proto::span::SpanKind::Consumer.into(),
            start_time_unix_nano: 5_000_999,
            end_time_unix_nano: 7_000_000,
            attributes: vec![attribute("image.id", image_id)],
            status: Some(proto::Status { message: "no".to_owned(), code: 2 }),
            links: vec![proto::span::Link {
                trace_id: vec![1; 16],
                span_id: vec![2; 8],
                ..Default::default()
            }],
            ..Default::default()
        };
        wrap(span)
    }

    fn wrap(span: proto::Span) -> Vec<u8> {
        let resource =
            Resource { attributes: vec![attribute("service.name", "image-processor")], ..Default::default() };
        let scope_spans = vec![ScopeSpans { spans: vec![span], ..Default::default() }];
        let resource_spans =
            vec![ResourceSpans { resource: Some(resource), scope_spans, ..Default::default() }];
        ExportTraceServiceRequest { resource_spans }.encode_to_vec()
    }

    /// The same in a datagram of the X-Ray daemon.
    pub(crate) fn packed(mark: &str, request: &[u8]) -> Vec<u8> {
        format!("{{\"format\":\"json\",\"version\":1}}\n{mark}{}", STANDARD.encode(request)).into_bytes()
    }

    #[test]
    fn sampled_and_unsampled_datagrams_carry_the_same_spans_as_a_request() {
        let bare = request(&encoded("decode", "7")).unwrap();
        for mark in ["T1S", "T1U"] {
            assert_eq!(datagram(&packed(mark, &encoded("decode", "7"))).unwrap(), bare);
        }
        let span = &bare[0];
        assert_eq!((span.name.as_str(), span.service.as_str()), ("decode", "image-processor"));
        assert_eq!((span.trace_id.as_str(), span.span_id.as_str()), (&*"ab".repeat(16), &*"cd".repeat(8)));
        assert_eq!((span.parent_span_id.as_deref(), span.kind), (None, Kind::Consumer));
        assert_eq!((span.start_us, span.duration_us), (5000, 2000));
        assert_eq!((span.status, span.message.as_str()), (Status::Error, "no"));
        assert_eq!(span.attribute("image.id"), Some("7"));
        assert_eq!(span.links[0].span_id, "02".repeat(8));
    }

    #[test]
    fn what_is_no_span_is_refused_by_its_reason() {
        let refused = |bytes: &[u8]| datagram(bytes).unwrap_err();
        assert!(matches!(refused(b""), OtlpError::Header));
        assert!(matches!(refused(b"{\"format\":\"json\"}\nT1S"), OtlpError::Header));
        let header = "{\"format\": \"json\", \"version\": 1}\n";
        assert!(matches!(refused(format!("{header}{{\"trace_id\":1}}").as_bytes()), OtlpError::Kind));
        assert!(matches!(refused(format!("{header}T1S!").as_bytes()), OtlpError::Base64(_)));
        assert!(matches!(refused(format!("{header}T1S/w==").as_bytes()), OtlpError::Protobuf(_)));
    }

    #[test]
    fn a_span_without_its_ids_is_refused() {
        for (trace_id, span_id) in
            [(vec![0; 16], vec![1; 8]), (vec![1; 16], vec![]), (vec![1; 8], vec![1; 8])]
        {
            let span = proto::Span { trace_id, span_id, name: "x".to_owned(), ..Default::default() };
            assert!(matches!(request(&wrap(span)), Err(OtlpError::Ids { .. })));
        }
    }
}
