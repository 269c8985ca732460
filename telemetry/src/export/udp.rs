//! Spans leave as OTLP over UDP to the X-Ray daemon, as AWS's own Lambda layers send them.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr, UdpSocket},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use opentelemetry_proto::{
    tonic::{
        collector::trace::v1::ExportTraceServiceRequest,
        trace::v1::{ResourceSpans, ScopeSpans},
    },
    transform::{
        common::tonic::ResourceAttributesWithSchema, trace::tonic::group_spans_by_resource_and_scope,
    },
};
use opentelemetry_sdk::{Resource, trace::SpanData};
use prost::Message;

/// What the daemon expects before the payload; `T1S` says: OTLP traces, sampled.
const HEADER: &str = "{\"format\":\"json\",\"version\":1}\nT1S";
/// The largest payload of a UDP datagram over IPv4.
const DATAGRAM_BYTES: usize = 65_507;

/// Sends spans without waiting for an answer.
#[derive(Debug)]
pub(crate) struct UdpExporter {
    socket: UdpSocket,
    daemon: SocketAddr,
    resource: ResourceAttributesWithSchema,
}

impl UdpExporter {
    /// Binds a socket; nothing is sent and no name is resolved.
    pub(crate) fn new(daemon: SocketAddr, resource: &Resource) -> io::Result<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
        socket.set_nonblocking(true)?;
        Ok(Self { socket, daemon, resource: resource.into() })
    }

    /// Sends `spans`; answers how many could not be sent.
    pub(crate) fn send(&self, spans: Vec<SpanData>) -> u64 {
        split(self.request(spans), &mut |datagram| self.socket.send_to(datagram, self.daemon).is_ok())
    }

    fn request(&self, spans: Vec<SpanData>) -> ExportTraceServiceRequest {
        ExportTraceServiceRequest { resource_spans: group_spans_by_resource_and_scope(spans, &self.resource) }
    }
}

/// Gives `request` to `send` in as few datagrams as halving makes; answers how many spans it did not take. A
/// single span that fits no datagram is lost.
fn split(mut request: ExportTraceServiceRequest, send: &mut impl FnMut(&[u8]) -> bool) -> u64 {
    let count = count(&request);
    match datagram(&request) {
        Some(datagram) if send(datagram.as_bytes()) => 0,
        None if count > 1 => {
            let second = split_off(&mut request, count / 2);
            split(request, send) + split(second, send)
        }
        _ => count as u64,
    }
}

/// One datagram, or `None` when it would be too long.
fn datagram(request: &ExportTraceServiceRequest) -> Option<String> {
    let bytes = request.encode_to_vec();
    let length = HEADER.len() + bytes.len().div_ceil(3) * 4;
    if length > DATAGRAM_BYTES {
        return None;
    }
    let mut datagram = String::with_capacity(length);
    datagram.push_str(HEADER);
    STANDARD.encode_string(bytes, &mut datagram);
    Some(datagram)
}

fn count(request: &ExportTraceServiceRequest) -> usize {
    let scopes = request.resource_spans.iter().flat_map(|it| &it.scope_spans);
    scopes.map(|scope| scope.spans.len()).sum()
}

/// Leaves the first `keep` spans in `request` and answers the others, whole with their resource and scope.
fn split_off(request: &mut ExportTraceServiceRequest, mut keep: usize) -> ExportTraceServiceRequest {
    let mut second = ExportTraceServiceRequest::default();
    for resource in &mut request.resource_spans {
        let mut scopes = Vec::new();
        for scope in &mut resource.scope_spans {
            let kept = keep.min(scope.spans.len());
            keep -= kept;
            let spans = scope.spans.split_off(kept);
            if !spans.is_empty() {
                scopes.push(ScopeSpans {
                    scope: scope.scope.clone(),
                    spans,
                    schema_url: scope.schema_url.clone(),
                });
            }
        }
        if !scopes.is_empty() {
            second.resource_spans.push(ResourceSpans {
                resource: resource.resource.clone(),
                scope_spans: scopes,
                schema_url: resource.schema_url.clone(),
            });
        }
    }
    let has_spans = |resource: &ResourceSpans| resource.scope_spans.iter().any(|it| !it.spans.is_empty());
    request.resource_spans.retain(has_spans);
    second
}

#[cfg(test)]
pub(super) mod tests;
