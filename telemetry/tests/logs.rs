//! The content of log lines: members, filter and redaction.

use std::time::{Duration, SystemTime};

use telemetry::{Captured, Telemetry};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tracing::{Level, event, info, info_span, warn};

const TOKEN: &str = "eyJraWQiOiJtYXJrZXIifQ.eyJzdWIiOiJtYXJrZXIifQ.bWFya2Vy";
const URL: &str = "https://b.s3.amazonaws.com/k?X-Amz-Signature=markersignature";
const EMAIL: &str = "marker.person@example.com";
const SECRETS: [&str; 3] = ["bWFya2Vy", "markersignature", "marker.person"];

fn at(level: &'static str, work: impl FnOnce()) -> Captured {
    let lookup = move |name: &str| (name == "RUST_LOG").then(|| level.to_owned());
    let (telemetry, captured) = Telemetry::capture_with("svc", lookup);
    telemetry.scope(work);
    captured
}

#[test]
fn a_line_has_its_time_level_message_service_and_fields() {
    let captured = at("", || info!(image_id = 7, "Image processed"));

    let line = captured.logs().remove(0);
    let logged = OffsetDateTime::parse(line["timestamp"].as_str().unwrap(), &Rfc3339).unwrap();
    let age = SystemTime::now().duration_since(logged.into()).unwrap();
    assert!(age < Duration::from_mins(1), "{age:?}");
    assert_eq!((&line["level"], &line["message"]), (&"INFO".into(), &"Image processed".into()));
    assert_eq!((&line["service"], &line["image_id"]), (&"svc".into(), &7.into()));
}

#[test]
fn libraries_are_logged_from_warn_on_whatever_rust_log_selects() {
    macro_rules! log {
        ($($target:literal)+) => { $(
            event!(target: $target, Level::TRACE, "below");
            event!(target: $target, Level::DEBUG, "below");
            event!(target: $target, Level::INFO, "below");
            event!(target: $target, Level::WARN, $target);
        )+ };
    }
    for filter in ["trace", "aws_smithy_runtime=trace,hyper=trace,rustls=debug,lambda_runtime=trace,info"] {
        let captured = at(filter, || {
            log!(
                "aws_smithy_runtime::client::http" "aws_config" "aws_sdk_s3::operation" "aws_sigv4" "hyper::proto"
                "hyper_util::client" "h2" "rustls::client" "lambda_runtime::layers" "tower::buffer"
            );
            event!(target: "my_crate", Level::INFO, "ours");
        });

        let logged: Vec<String> =
            captured.logs().iter().map(|line| line["message"].as_str().unwrap().to_owned()).collect();
        assert_eq!(logged.len(), 11, "{logged:?}");
        assert!(!logged.contains(&"below".to_owned()));
    }
}

#[test]
fn a_secret_in_any_field_message_or_span_is_emitted_nowhere() {
    let all = format!("{EMAIL} {TOKEN} {URL}");
    let captured = at("trace", || {
        let span = info_span!(parent: None, "work", otel.name = all, user = EMAIL, "note" = %all);
        let error = std::io::Error::other(all.clone());
        telemetry::fail(&span, &error);
        span.in_scope(
            || warn!(text = all, debug = ?[&all], error = &error as &dyn std::error::Error, "Sent to {all}"),
        );
        let pair = info_span!(parent: None, "annotated");
        telemetry::context::annotate(&pair, &[("user.id", EMAIL)]);
    });

    assert_eq!(captured.logs().len(), 1);
    assert_eq!(captured.spans().len(), 2);
    assert_eq!(captured.leaked(&SECRETS), [""; 0]);
    assert!(captured.text().contains("Sent to [email] [token] [presigned]"));
    assert_eq!(captured.spans().iter().filter(|span| span.name == "[email] [token] [presigned]").count(), 1);
}

#[test]
fn a_field_that_is_too_long_or_named_like_a_member_is_counted_and_the_line_stays_whole() {
    let captured = at("", || info!(long = "x".repeat(300_000), service = "impostor", level = 3, "Emitted"));

    let line = captured.logs().remove(0);
    assert!(line.to_string().len() < 10_000);
    assert_eq!((&line["service"], &line["level"]), (&"svc".into(), &"INFO".into()));
    assert_eq!(captured.dropped(), 3);
}
