use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::mpsc::{Receiver, channel},
    thread,
};

use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest,
};

use super::*;
use crate::trace::export::udp::tests::spans;

const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n";
const HALF_A_SECOND: Duration = Duration::from_millis(500);

/// One request as the collector saw it.
struct Seen {
    head: String,
    body: Vec<u8>,
    connection: usize,
}

/// A real collector that answers each request as `answer` says; `None` closes the connection.
fn collector(answer: impl Fn(usize) -> Option<Vec<u8>> + Send + 'static) -> (SocketAddr, Receiver<Seen>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, seen) = channel();
    thread::spawn(move || {
        let mut requests = 0;
        for (connection, stream) in listener.incoming().enumerate() {
            let mut stream = stream.unwrap();
            while let Some((head, body)) = read_request(&mut stream) {
                requests += 1;
                if sender.send(Seen { head, body, connection }).is_err() {
                    return;
                }
                match answer(requests) {
                    Some(answer) => stream.write_all(&answer).unwrap(),
                    None => break,
                }
            }
        }
    });
    (address, seen)
}

fn read_request(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |it| it.parse().unwrap())];
    stream.read_exact(&mut body).ok()?;
    Some((head, body))
}

fn exporter(endpoint: &str) -> OtlpExporter {
    let headers = [("authorization", "Bearer secret")];
    let headers = headers.map(|(name, value)| (name.try_into().unwrap(), value.try_into().unwrap()));
    let collector = Collector {
        endpoint: endpoint.parse().unwrap(),
        headers: headers.into_iter().collect(),
        authorities: None,
        timeout: None,
    };
    OtlpExporter::new(collector, &Resource::builder_empty().with_service_name("f").build()).unwrap()
}

async fn send(exporter: &OtlpExporter, count: usize) -> Loss {
    exporter.send(spans(count, 60), Instant::now() + HALF_A_SECOND).await
}

async fn loss_of(answer: &'static [u8]) -> Loss {
    let (address, _seen) = collector(move |_| Some(answer.to_vec()));
    let sent = Instant::now();
    let loss = send(&exporter(&format!("http://{address}/v1/traces")), 10).await;
    assert!(sent.elapsed() < 4 * HALF_A_SECOND, "{:?}", sent.elapsed());
    loss
}

#[tokio::test]
async fn spans_arrive_as_protobuf_with_headers_over_one_connection() {
    let (address, seen) = collector(|_| Some(OK.to_vec()));
    let exporter = exporter(&format!("http://{address}/v1/traces?a=b"));

    for _ in 0..3 {
        assert_eq!(send(&exporter, 10).await, Loss::default());
    }

    for seen in seen.try_iter() {
        let line =
            |wanted: &str| assert!(seen.head.contains(&format!("{wanted}\r\n")), "{wanted}: {}", seen.head);
        line("post /v1/traces?a=b http/1.1");
        line(&format!("host: {address}"));
        line("content-type: application/x-protobuf");
        line("authorization: bearer secret");
        let request = ExportTraceServiceRequest::decode(seen.body.as_slice()).unwrap();
        assert_eq!(request.resource_spans[0].scope_spans[0].spans.len(), 10);
        assert_eq!(request.resource_spans[0].resource.as_ref().unwrap().attributes[0].key, "service.name");
        assert_eq!(seen.connection, 0);
    }
}

#[tokio::test]
async fn nothing_is_connected_before_there_is_something_to_send() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();

    let _exporter = exporter(&format!("http://{}/", listener.local_addr().unwrap()));

    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(listener.accept().is_err());
}

#[tokio::test]
async fn a_connection_that_the_collector_closed_meanwhile_is_made_anew() {
    let (address, seen) = collector(|request| (request != 2).then(|| OK.to_vec()));
    let exporter = exporter(&format!("http://{address}/"));
    assert_eq!(send(&exporter, 1).await, Loss::default());
    assert_eq!(send(&exporter, 1).await.spans, 1, "the collector took this one and hung up");

    assert_eq!(send(&exporter, 1).await, Loss::default());

    let connections: Vec<usize> = seen.try_iter().map(|seen| seen.connection).collect();
    assert_eq!(connections, [0, 0, 1]);
}

#[tokio::test]
async fn a_connection_closed_while_idle_costs_no_span() {
    let closing = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    let (address, seen) = collector(|_| Some(closing.to_vec()));
    let exporter = exporter(&format!("http://{address}/"));

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    drop(listener);
    for _ in 0..2 {
        // The collector serves one connection at a time, so it must see this one closed before it takes the next.
        assert_eq!(send(&exporter, 1).await, Loss::default());
    }

    assert_eq!(seen.try_iter().map(|seen| seen.connection).collect::<Vec<_>>(), [0, 1]);
}

#[tokio::test]
async fn a_dead_collector_costs_no_time_and_every_span_is_counted_with_the_reason() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let exporter = exporter(&format!("http://{address}/"));

    let sent = Instant::now();
    let loss = send(&exporter, 10).await;

    assert!(sent.elapsed() < HALF_A_SECOND, "{:?}", sent.elapsed());
    assert_eq!(loss.spans, 10);
    assert!(loss.reason.unwrap().starts_with("no connection to the peer: "));
    assert!(exporter.is_backing_off(Instant::now()), "further spans wait and are not lost");
    assert!(!exporter.is_backing_off(Instant::now() + CONNECT_BACKOFF), "it may be up again a moment later");
}

#[tokio::test]
async fn a_collector_that_refuses_is_asked_once_and_every_span_is_counted() {
    for status in ["400 Bad Request", "401 Unauthorized", "429 Slow Down", "500 Oops", "503 No", "302 Found"]
    {
        let answer =
            format!("HTTP/1.1 {status}\r\nretry-after: 0\r\nlocation: /\r\ncontent-length: 0\r\n\r\n");
        let (address, seen) = collector(move |_| Some(answer.clone().into_bytes()));

        let loss = send(&exporter(&format!("http://{address}/")), 10).await;

        assert_eq!(loss.spans, 10, "{status}");
        assert!(loss.reason.unwrap().contains(&status[..3]), "{status}");
        assert_eq!(seen.try_iter().count(), 1, "{status}");
    }
}

#[tokio::test]
async fn garbage_and_half_answers_lose_the_spans_and_no_time() {
    let endless =
        [b"HTTP/1.1 200 OK\r\ncontent-length: 9999999\r\n\r\n".as_slice(), &vec![b'x'; 200_000]].concat();
    for answer in [b"garbage\r\n\r\n".as_slice(), b"\0\0\0\0\0\0", b"HTTP/9.9 ?? \r\n\r\n", endless.leak()] {
        let loss = loss_of(answer).await;

        assert_eq!(loss.spans, 10, "{}", String::from_utf8_lossy(&answer[..6]));
        assert!(loss.reason.unwrap().starts_with("the peer did not answer in HTTP, or too long"));
    }
}

#[tokio::test]
async fn a_body_that_is_no_protobuf_does_not_undo_a_success() {
    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n\xff\xff\xff\xff";

    assert_eq!(loss_of(answer).await, Loss::default());
}

#[tokio::test]
async fn spans_that_the_collector_took_but_rejected_are_counted() {
    let partial_success = Some(ExportTracePartialSuccess { rejected_spans: 3, error_message: "no".into() });
    let body = ExportTraceServiceResponse { partial_success }.encode_to_vec();
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());

    assert_eq!(loss_of([head.into_bytes(), body].concat().leak()).await.spans, 3);
}

#[tokio::test]
async fn a_hanging_collector_costs_the_bound_once_and_is_then_left_alone() {
    for answer in
        [b"".as_slice(), b"HTTP/1.1 200 OK\r\ncontent-le", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx"]
    {
        let (address, seen) = collector(move |_| Some(answer.to_vec()));
        let exporter = exporter(&format!("http://{address}/"));

        let sent = Instant::now();
        let loss = exporter.send(spans(10, 60), sent + Duration::from_millis(100)).await;

        let took = sent.elapsed();
        assert!(took >= Duration::from_millis(99) && took < HALF_A_SECOND, "{took:?}");
        assert_eq!(loss.spans, 10);
        assert!(loss.reason.unwrap().starts_with("the collector did not answer within "));
        assert!(exporter.is_backing_off(Instant::now()));
        assert!(!exporter.is_backing_off(Instant::now() + TIMEOUT_BACKOFF));
        // The collector may read what came only after the exporter has given up.
        seen.recv_timeout(Duration::from_secs(10)).unwrap();
        assert_eq!(seen.try_iter().count(), 0);
    }
}

#[tokio::test]
async fn a_slow_answer_within_the_bound_loses_nothing() {
    let (address, _seen) = collector(|_| {
        thread::sleep(Duration::from_millis(100));
        Some(OK.to_vec())
    });

    assert_eq!(send(&exporter(&format!("http://{address}/")), 10).await, Loss::default());
}

#[tokio::test]
async fn the_configured_timeout_holds_where_it_is_shorter() {
    let (address, _seen) = collector(|_| Some(Vec::new()));
    let mut exporter = exporter(&format!("http://{address}/"));
    exporter.timeout = Some(Duration::from_millis(50));

    let sent = Instant::now();
    assert_eq!(send(&exporter, 1).await.spans, 1);

    assert!(sent.elapsed() < HALF_A_SECOND, "{:?}", sent.elapsed());
}

#[test]
fn no_header_is_shown() {
    for endpoint in ["http://127.0.0.1:1/", "https://me:secret@127.0.0.1:1/"] {
        assert!(!format!("{:?}", exporter(endpoint)).contains("secret"), "{endpoint}");
    }
}
