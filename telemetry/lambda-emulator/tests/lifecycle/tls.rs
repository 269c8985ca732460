//! A collector behind TLS, as vendors have it: certificates are verified, and the key in the header is never shown.

use std::{io::Write, net::TcpListener, time::Duration};

use lambda_emulator::{Authority, Collector, Extensions, OK};
use tempfile::NamedTempFile;

use crate::{
    SOON,
    harness::{Harness, decode},
    work,
};

/// Percent-encoded, as Grafana Cloud shows it for `OTEL_EXPORTER_OTLP_HEADERS`.
const HEADERS: &str = "Authorization=Basic%20czNjcmV0LWtleQ==";
/// The part of it that must not be seen anywhere.
const KEY: &str = "czNjcmV0LWtleQ";
/// Less than any wait for a collector; more than a busy machine takes for the rest.
const SHORT: Duration = Duration::from_millis(400);

fn file(text: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

/// A function that logs all it can, sends its key to `endpoint`, and finds the certificates of `trusted` by `variable`.
fn function(endpoint: &str, variable: &str, trusted: &NamedTempFile) -> Harness {
    let environment = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint),
        ("OTEL_EXPORTER_OTLP_HEADERS", HEADERS),
        ("RUST_LOG", "trace"),
        (variable, trusted.path().to_str().unwrap()),
    ];
    Harness::start(Extensions::Absent, &environment)
}

/// Ends a function that must have counted `lost` spans and shown the key in no line; everything that it wrote.
fn end(harness: Harness, lost: f64) -> String {
    let exited = harness.terminate();
    let text = exited.text();
    assert!(exited.status.success(), "{text}");
    assert!((exited.sum("TelemetryDropped") - lost).abs() < f64::EPSILON, "{text}");
    assert!(!text.contains(KEY), "{text}");
    text
}

#[test]
fn spans_reach_a_collector_behind_tls_with_the_key_which_is_in_no_line_and_no_span() {
    for variable in ["SSL_CERT_FILE", "OTEL_EXPORTER_OTLP_CERTIFICATE"] {
        let authority = Authority::new().unwrap();
        let identity = authority.certify("localhost").unwrap();
        let collector = Collector::start_secure(identity, |_| Some(OK.to_vec())).unwrap();
        let trusted = file(&authority.certificate());
        let mut harness = function(&collector.endpoint(), variable, &trusted);

        for _ in 0..3 {
            harness.respond(&work());

            let request = collector.next(SOON).unwrap();
            assert_eq!((request.line(), request.connection), ("post /v1/traces", 0), "{variable}");
            // The emulator writes heads in lower case.
            assert_eq!(request.header("authorization"), Some("basic cznjcmv0lwtleq=="));
            assert_eq!(decode(&request.body).len(), 10);
            assert!(!request.body.windows(KEY.len()).any(|bytes| bytes == KEY.as_bytes()));
        }
        end(harness, 0.0);
    }
}

#[test]
fn a_collector_that_cannot_prove_its_name_hears_nothing_and_its_spans_are_counted() {
    let authority = Authority::new().unwrap();
    // It has the name of the one that is trusted, and another key.
    let impostor = Authority::new().unwrap();
    for (case, identity) in [
        ("BadSignature", impostor.certify("localhost").unwrap()),
        ("certificate not valid for name", authority.certify("elsewhere.example.com").unwrap()),
    ] {
        let collector = Collector::start_secure(identity, |_| Some(OK.to_vec())).unwrap();
        let trusted = file(&authority.certificate());
        let mut harness = function(&collector.endpoint(), "SSL_CERT_FILE", &trusted);

        (0..3).for_each(|_| drop(harness.respond(&work())));

        // The reason is the certificate, and not that it took too long.
        let text = end(harness, 30.0);
        assert!(text.contains("invalid peer certificate") && text.contains(case), "{case}: {text}");
        assert_eq!(collector.seen().len(), 0, "{case}");
    }
}

#[test]
fn a_file_without_certificates_is_named_and_nothing_is_sent() {
    let collector = {
        let identity = Authority::new().unwrap().certify("localhost").unwrap();
        Collector::start_secure(identity, |_| Some(OK.to_vec())).unwrap()
    };
    let broken = file("-----BEGIN CERTIFICATE-----\nbm9uZQ==\n-----END CERTIFICATE-----\n");
    let mut harness = function(&collector.endpoint(), "OTEL_EXPORTER_OTLP_CERTIFICATE", &broken);

    (0..3).for_each(|_| drop(harness.respond(&work())));

    let text = end(harness, 30.0);
    assert!(text.contains("is no file of PEM certificates"), "{text}");
    assert_eq!(collector.seen().len(), 0);
}

#[test]
fn a_collector_that_refuses_the_key_and_quotes_it_is_counted_without_it() {
    let authority = Authority::new().unwrap();
    let refusal = format!("wrong key: {KEY}");
    let answer = format!(
        "HTTP/1.1 401 Unauthorized\r\nx-quoted: {KEY}\r\ncontent-length: {}\r\n\r\n{refusal}",
        refusal.len()
    );
    let identity = authority.certify("localhost").unwrap();
    let collector = Collector::start_secure(identity, move |_| Some(answer.clone().into_bytes())).unwrap();
    let trusted = file(&authority.certificate());
    let mut harness = function(&collector.endpoint(), "SSL_CERT_FILE", &trusted);

    (0..3).for_each(|_| drop(harness.respond(&work())));

    let text = end(harness, 30.0);
    assert!(text.contains("401"), "{text}");
}

#[test]
fn a_handshake_that_never_ends_costs_the_bound_once_and_no_caller_waits_for_it() {
    // The kernel accepts the connection, and nobody reads from it.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("https://localhost:{}", silent.local_addr().unwrap().port());
    let trusted = file(&Authority::new().unwrap().certificate());
    let mut harness = function(&endpoint, "SSL_CERT_FILE", &trusted);

    let first = harness.respond(&work());
    let after = [harness.respond(&work()), harness.respond(&work())];

    assert!(first.caller_latency < SHORT, "{first:?}");
    assert!((2_000..3_000).contains(&first.flush_gap.as_millis()), "{first:?}");
    assert!(after.iter().all(|it| it.flush_gap < SHORT), "{after:?}");
    end(harness, 30.0);
}
