//! `ops dlq` over TLS, as it speaks to AWS: certificates are checked, temporary credentials are sent.
//!
//! `tls/` holds a certificate for `localhost`, its key, and the authority that signed it and whose key is gone.

use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::json;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;

use crate::{document, text};

const CERTIFICATE: &[u8] = include_bytes!("tls/server.pem");
const KEY: &[u8] = include_bytes!("tls/server.key");

/// An empty queue behind TLS on a free port; the heads of its requests, and the port.
async fn empty_queue() -> (mpsc::UnboundedReceiver<String>, u16) {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let certificate = CertificateDer::from_pem_slice(CERTIFICATE).unwrap();
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], PrivateKeyDer::from_pem_slice(KEY).unwrap())
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (heads, seen) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            // A client that does not trust the certificate ends the handshake.
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            while let Some(head) = request(&mut stream).await {
                let counts =
                    json!({"ApproximateNumberOfMessages": "0", "ApproximateNumberOfMessagesNotVisible": "0"});
                let answer = json!({"Attributes": counts}).to_string();
                let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{answer}", answer.len());
                heads.send(head).unwrap();
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        }
    });
    (seen, port)
}

/// Reads one request; its head.
async fn request(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).unwrap().to_lowercase();
    let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next()).unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    stream.read_exact(&mut body).await.ok()?;
    Some(head)
}

async fn list(port: u16, authority: Option<&Path>) -> Output {
    let here = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_ops"));
    command.args(["dlq", "list", "--json", "--queue-url", "https://sqs/1/dead"]).current_dir(here.path());
    command.env_clear().envs([
        ("AWS_ENDPOINT_URL", format!("https://localhost:{port}")),
        ("AWS_REGION", "eu-west-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", "id".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "secret".to_owned()),
        ("AWS_SESSION_TOKEN", "session".to_owned()),
    ]);
    if let Some(authority) = authority {
        command.env("SSL_CERT_FILE", authority);
    }
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn queue_behind_tls_is_asked_with_temporary_credentials_over_one_connection() {
    let (mut seen, port) = empty_queue().await;
    let authority = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/dlq/tls/ca.pem"));

    let output = list(port, Some(authority)).await;

    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(document(&output)["count"], 0);
    let head = seen.recv().await.unwrap();
    for expected in
        ["x-amz-security-token: session", "/eu-west-1/sqs/aws4_request", "x-amz-target: amazonsqs."]
    {
        assert!(head.contains(expected), "{expected}: {head}");
    }
    assert!(seen.recv().await.unwrap().contains("amazonsqs.receivemessage"));
}

#[tokio::test(flavor = "multi_thread")]
async fn server_that_nobody_vouches_for_is_refused_before_it_hears_anything() {
    let (mut seen, port) = empty_queue().await;
    let output = list(port, None).await;
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
    let printed = text(&output.stderr).to_lowercase();
    assert!(printed.contains("certificate") || printed.contains("unknownissuer"), "{printed}");
    assert!(seen.try_recv().is_err());
}
