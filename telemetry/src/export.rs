//! Spans leave as OTLP over UDP to the X-Ray daemon, as AWS's own Lambda layers send them.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr, UdpSocket},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use opentelemetry_proto::{
    tonic::collector::trace::v1::ExportTraceServiceRequest,
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
        self.split(spans, &mut |datagram| self.socket.send_to(datagram, self.daemon).is_ok())
    }

    /// Gives `spans` to `send` in as few datagrams as halving makes; answers how many it did not take. A
    /// single span that fits no datagram is lost.
    fn split(&self, mut spans: Vec<SpanData>, send: &mut impl FnMut(&[u8]) -> bool) -> u64 {
        let count = spans.len() as u64;
        match self.datagram(spans.clone()) {
            Some(datagram) if send(datagram.as_bytes()) => 0,
            None if count > 1 => {
                let second = spans.split_off(spans.len() / 2);
                self.split(spans, send) + self.split(second, send)
            }
            _ => count,
        }
    }

    /// One datagram, or `None` when it would be too long.
    fn datagram(&self, spans: Vec<SpanData>) -> Option<String> {
        let request = ExportTraceServiceRequest {
            resource_spans: group_spans_by_resource_and_scope(spans, &self.resource),
        };
        if HEADER.len() + request.encoded_len().div_ceil(3) * 4 > DATAGRAM_BYTES {
            return None;
        }
        let mut datagram = HEADER.to_owned();
        STANDARD.encode_string(request.encode_to_vec(), &mut datagram);
        Some(datagram)
    }
}

#[cfg(test)]
mod tests;
