//! Against a peer on a real socket.

use http::Method;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::*;

fn client(address: &str) -> Result<Client, AddressError> {
    Client::new(&address.parse().expect("a URI"))
}

fn request(body: &'static str) -> Request<Bytes> {
    let request = Request::builder().method(Method::POST).uri("http://elsewhere/v1/traces?of=1");
    request.body(Bytes::from_static(body.as_bytes())).expect("a request")
}

/// Reads a request to the end of its body, which ends in `.`.
async fn read_request(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    while text.last() != Some(&b'.') {
        assert_ne!(stream.read_buf(&mut text).await.expect("it reads"), 0, "the request ends");
    }
    String::from_utf8(text).expect("text")
}

async fn answer(stream: &mut TcpStream, body: &str) {
    let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    stream.write_all(answer.as_bytes()).await.expect("it writes");
}

async fn peer() -> (TcpListener, Client) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    (listener, client(&format!("http://{address}")).expect("a client"))
}

#[test]
fn address_without_host_or_port_or_for_another_protocol_is_refused_before_anything_is_sent() {
    assert_eq!(client("/v1/traces").map(|_| ()), Err(AddressError::NoHost));
    assert_eq!(client("grpc://collector:4317").map(|_| ()), Err(AddressError::NotHttp));
    assert_eq!(client("http://collector:99999").map(|_| ()), Err(AddressError::NoPort));
    assert_eq!(
        client("https://no..name").map(|_| ()),
        Err(AddressError::NoHost),
        "no certificate can prove it"
    );
}

#[test]
fn host_header_has_a_port_that_is_given_and_never_the_password() {
    for (address, host, port) in [
        ("http://me:secret@collector", "collector", 80),
        ("http://me:secret@collector:4318", "collector:4318", 4318),
        ("http://[::1]:4318", "[::1]:4318", 4318),
        ("https://me:secret@api.example.com", "api.example.com", 443),
        ("https://[::1]:4318", "[::1]:4318", 4318),
    ] {
        let client = client(address).expect("a client");
        assert_eq!((client.authority.as_bytes(), client.port), (host.as_bytes(), port), "{address}");
        assert!(!format!("{client:?}").contains("secret"), "{address}");
    }
}

#[tokio::test]
async fn connection_is_kept_and_used_again() {
    let (listener, client) = peer().await;
    let peer = async {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let first = read_request(&mut stream).await;
        answer(&mut stream, "one").await;
        let second = read_request(&mut stream).await;
        answer(&mut stream, "two").await;
        (first, second)
    };
    let sender = async {
        let one = client.send(request("first.")).await.expect("an answer");
        let two = client.send(request("second.")).await.expect("an answer");
        (one.into_body(), two.into_body())
    };
    let ((first, second), (one, two)) = tokio::join!(peer, sender);
    assert_eq!((&*one, &*two), (&b"one"[..], &b"two"[..]));
    assert!(first.starts_with("POST /v1/traces?of=1 HTTP/1.1\r\n"), "{first}");
    assert!(first.ends_with("first.") && second.ends_with("second."), "{first} {second}");
}

#[tokio::test]
async fn connection_that_the_peer_closed_meanwhile_is_replaced() {
    let (listener, client) = peer().await;
    let peer = async {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        read_request(&mut stream).await;
        answer(&mut stream, "one").await;
        drop(stream);
        let (mut stream, _) = listener.accept().await.expect("another connection");
        let second = read_request(&mut stream).await;
        answer(&mut stream, "two").await;
        second
    };
    let sender = async {
        client.send(request("first.")).await.expect("an answer");
        client.send(request("second.")).await.expect("an answer").into_body()
    };
    let (second, two) = tokio::join!(peer, sender);
    assert_eq!(&*two, b"two");
    assert!(second.ends_with("second."), "{second}");
}

#[tokio::test]
async fn connection_to_a_peer_elsewhere_is_not_used_again_after_half_a_minute() {
    let (listener, mut client) = peer().await;
    client.longest_idle = self::client("https://elsewhere").expect("a client").longest_idle;
    let peer = async {
        let mut streams = Vec::new();
        for body in ["one", "two"] {
            // The connection before stays open, as one does whose end a frozen process has not heard of.
            let (mut stream, _) = listener.accept().await.expect("a connection");
            read_request(&mut stream).await;
            answer(&mut stream, body).await;
            streams.push(stream);
        }
    };
    let sender = async {
        client.send(request("first.")).await.expect("an answer");
        if let Some(connection) = client.idle.lock().expect("no panic").as_mut() {
            connection.answered -= LONGEST_IDLE;
        }
        client.send(request("second.")).await.expect("an answer").into_body()
    };
    let both = tokio::time::timeout(Duration::from_secs(10), async { tokio::join!(peer, sender) });
    let ((), two) = both.await.expect("the second request comes over a connection of its own");
    assert_eq!(&*two, b"two");
}

#[tokio::test]
async fn answer_that_is_too_long_is_an_error_and_not_read_to_its_end() {
    let (listener, client) = peer().await;
    let peer = async {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        read_request(&mut stream).await;
        let endless = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", u32::MAX);
        stream.write_all(endless.as_bytes()).await.expect("it writes");
        // Until the client has had enough and closes.
        while stream.write_all(&[b'.'; 4096]).await.is_ok() {}
    };
    let (sent, ()) = tokio::join!(client.send(request("much.")), peer);
    assert!(matches!(sent, Err(Error::Exchange(_))), "{sent:?}");
}

#[tokio::test]
async fn peer_that_is_not_there_is_an_error_of_its_own() {
    let (listener, client) = peer().await;
    drop(listener);
    let sent = client.send(request("nobody.")).await;
    assert!(matches!(sent, Err(Error::Connect(_))), "{sent:?}");
}
