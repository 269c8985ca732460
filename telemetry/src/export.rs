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
        let count = spans.len();
        let Some(datagram) = self.datagram(spans.clone()) else {
            return self.send_halves(spans);
        };
        match self.socket.send_to(datagram.as_bytes(), self.daemon) {
            Ok(_) => 0,
            Err(_) => count as u64,
        }
    }

    /// Splits what does not fit; a single span that does not fit is lost.
    fn send_halves(&self, mut spans: Vec<SpanData>) -> u64 {
        if spans.len() < 2 {
            return spans.len() as u64;
        }
        let second = spans.split_off(spans.len() / 2);
        self.send(spans) + self.send(second)
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
mod tests {
    use opentelemetry::trace::{Span as _, Tracer, TracerProvider as _};
    use opentelemetry_sdk::trace::SdkTracerProvider;

    use super::*;
    use crate::flush::Buffer;

    fn spans(count: usize) -> Vec<SpanData> {
        let buffer = Buffer::default();
        let provider = SdkTracerProvider::builder().with_span_processor(buffer.clone()).build();
        for _ in 0..count {
            provider.tracer("t").start("a span with a name of some length").end();
        }
        buffer.take().0
    }

    fn receive(socket: &UdpSocket) -> usize {
        let mut bytes = vec![0; 70_000];
        let length = socket.recv(&mut bytes).unwrap();
        let payload = std::str::from_utf8(&bytes[..length]).unwrap().strip_prefix(HEADER).unwrap();
        let request =
            ExportTraceServiceRequest::decode(STANDARD.decode(payload).unwrap().as_slice()).unwrap();
        request.resource_spans.iter().flat_map(|it| &it.scope_spans).map(|it| it.spans.len()).sum()
    }

    #[test]
    fn spans_beyond_one_datagram_are_split_and_all_arrive() {
        let receiver = UdpSocket::bind("127.0.0.1:0").unwrap();
        let exporter =
            UdpExporter::new(receiver.local_addr().unwrap(), &Resource::builder_empty().build()).unwrap();

        let lost = exporter.send(spans(1_000));

        let mut arrived = 0;
        while arrived < 1_000 {
            arrived += receive(&receiver);
        }
        assert_eq!((lost, arrived), (0, 1_000));
    }

    #[test]
    fn a_span_that_fits_no_datagram_is_counted_as_lost() {
        let receiver = UdpSocket::bind("127.0.0.1:0").unwrap();
        let exporter =
            UdpExporter::new(receiver.local_addr().unwrap(), &Resource::builder_empty().build()).unwrap();
        let mut spans = spans(1);
        spans[0].name = "x".repeat(DATAGRAM_BYTES).into();

        assert_eq!(exporter.send(spans), 1);
    }
}
