//! OTLP over UDP to the X-Ray daemon, as AWS's own Lambda layers send it.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr, UdpSocket},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use opentelemetry::InstrumentationScope;
use opentelemetry_proto::{
    tonic::{
        resource::v1::Resource as ProtoResource,
        trace::v1::{ResourceSpans, ScopeSpans, Span},
    },
    transform::common::tonic::ResourceAttributesWithSchema,
};
use opentelemetry_sdk::{Resource, trace::SpanData};
use prost::{Message, encode_length_delimiter};

/// The header that the daemon expects before the payload; `T1S` means OTLP traces, sampled.
const HEADER: &str = "{\"format\":\"json\",\"version\":1}\nT1S";
/// The largest payload of a UDP datagram over IPv4.
const DATAGRAM_BYTES: usize = 65_507;
/// The longest message that fits a datagram in base64.
const MESSAGE_BYTES: usize = (DATAGRAM_BYTES - HEADER.len()) / 4 * 3;
/// Most spans of a datagram. AWS's own exporters for Lambda (ADOT) send batches of ten, so that is what the daemon and
/// X-Ray are known to take; and a datagram that gets lost takes no more spans with it.
const DATAGRAM_SPANS: u64 = 10;
/// More than the keys and lengths around the spans take.
const FRAME_BYTES: usize = 16;

/// `ExportTraceServiceRequest.resource_spans`.
const RESOURCE_SPANS: u8 = 1;
/// `ResourceSpans.scope_spans`.
const SCOPE_SPANS: u8 = 2;
/// `ScopeSpans.spans`.
const SPANS: u8 = 2;

/// Sends spans without waiting for an answer.
#[derive(Debug)]
pub(crate) struct UdpExporter {
    socket: UdpSocket,
    daemon: SocketAddr,
    /// `ResourceSpans` but for the spans, as protobuf.
    resource: Vec<u8>,
}

impl UdpExporter {
    /// Binds a socket; nothing is sent and no name is resolved.
    pub(crate) fn new(daemon: SocketAddr, resource: &Resource) -> io::Result<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
        socket.set_nonblocking(true)?;
        let ResourceAttributesWithSchema { attributes, schema_url } = resource.into();
        let resource = ResourceSpans {
            resource: Some(ProtoResource { attributes: attributes.0, ..Default::default() }),
            schema_url: schema_url.unwrap_or_default(),
            scope_spans: Vec::new(),
        };
        Ok(Self { socket, daemon, resource: resource.encode_to_vec() })
    }

    /// Sends `spans`; returns how many could not be sent.
    pub(crate) fn send(&self, spans: Vec<SpanData>) -> u64 {
        self.pack(spans, |datagram| self.socket.send_to(datagram, self.daemon).is_ok())
    }

    /// Passes `spans` to `send` in as few datagrams as their order allows; returns how many it did not take. A
    /// span that fits no datagram is lost alone.
    ///
    /// Encodes span by span, because prost measures a whole request once for each level of nesting.
    fn pack(&self, spans: Vec<SpanData>, mut send: impl FnMut(&[u8]) -> bool) -> u64 {
        let mut lost = 0;
        let mut packed: Option<Packed> = None;
        let mut dispatch = |packed: Packed| {
            let taken = packed.count == 0 || send(packed.datagram(&self.resource).as_bytes());
            if taken { 0 } else { packed.count }
        };
        for data in spans {
            let scope = data.instrumentation_scope.clone();
            let span = frame(SPANS, &[&Span::from(data).encode_to_vec()]);
            if let Some(full) = packed.take_if(|it| it.scope != scope || !it.has_room(&self.resource, &span))
            {
                lost += dispatch(full);
            }
            let into = packed.get_or_insert_with(|| Packed::new(scope));
            if into.has_room(&self.resource, &span) {
                into.add(&span);
            } else {
                lost += 1;
            }
        }
        lost + packed.map_or(0, dispatch)
    }
}

/// Spans of one datagram.
struct Packed {
    scope: InstrumentationScope,
    /// `ScopeSpans`, as protobuf.
    bytes: Vec<u8>,
    count: u64,
}

impl Packed {
    fn new(scope: InstrumentationScope) -> Self {
        let empty = ScopeSpans {
            scope: Some((&scope, None).into()),
            schema_url: scope.schema_url().map(ToOwned::to_owned).unwrap_or_default(),
            spans: Vec::new(),
        };
        Self { scope, bytes: empty.encode_to_vec(), count: 0 }
    }

    fn has_room(&self, resource: &[u8], span: &[u8]) -> bool {
        self.count < DATAGRAM_SPANS
            && resource.len() + self.bytes.len() + span.len() + FRAME_BYTES <= MESSAGE_BYTES
    }

    fn add(&mut self, span: &[u8]) {
        self.bytes.extend_from_slice(span);
        self.count += 1;
    }

    fn datagram(&self, resource: &[u8]) -> String {
        let message = frame(RESOURCE_SPANS, &[resource, &frame(SCOPE_SPANS, &[&self.bytes])]);
        let mut datagram = String::with_capacity(HEADER.len() + message.len().div_ceil(3) * 4);
        datagram.push_str(HEADER);
        STANDARD.encode_string(message, &mut datagram);
        datagram
    }
}

/// `parts` as the message in the field `number`, which is below 16.
fn frame(number: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length = parts.iter().map(|part| part.len()).sum();
    let mut framed = Vec::with_capacity(length + FRAME_BYTES / 2);
    // Wire type 2: a length and as many bytes.
    framed.push(number << 3 | 2);
    // A write to memory cannot fail.
    let _written = encode_length_delimiter(length, &mut framed);
    for part in parts {
        framed.extend_from_slice(part);
    }
    framed
}

#[cfg(test)]
pub(super) mod tests;
