//! What the processor emits: every metric that the catalogue promises, and no secret that it meets.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Call, Harness, KEY, PUT, batch, created, photo};

const TOKEN: &str = "eyJraWQiOiJtYXJrZXIifQ.eyJzdWIiOiJtYXJrZXIifQ.bWFya2Vy";
const URL: &str =
    "https://b.s3.amazonaws.com/k?X-Amz-Security-Token=markersession&X-Amz-Signature=markersignature";
const EMAIL: &str = "marker.person@example.com";
const BODY: &str = "marker of a body";
/// A part of each of the above.
const SECRETS: [&str; 5] = ["bWFya2Vy", "markersession", "markersignature", "marker.person", "marker of"];
const TIME: Duration = Duration::from_secs(30);

fn secrets() -> String {
    format!("{EMAIL} {TOKEN} {URL}")
}

#[tokio::test]
async fn every_metric_that_the_catalogue_promises_is_emitted_as_declared() {
    let harness = Harness::with_photo(KEY);
    harness.deliver(&[PUT]).await;
    harness.deliver(&[PUT, "no notification"]).await;
    harness.deliver(&[&created("user-uploads/alice/gone.jpg", "01")]).await;
    harness.deliver(&[&created("user-uploads/alice/holiday/", "01")]).await;
    harness.attempt_at_work(Duration::from_secs(20));
    harness.deliver(&[PUT]).await;
    harness.attempt_at_work(Duration::ZERO);
    harness.world().faults.push(Call::Notify);
    let mut redelivery = serde_json::to_value(batch(&[&created(KEY, "FF")])).unwrap();
    redelivery["Records"][0]["attributes"]["ApproximateReceiveCount"] = "2".into();
    harness.invoke(TIME, serde_json::from_value(redelivery).unwrap()).await;

    assert_eq!(harness.captured.catalogue_gaps("image-processor-lambda"), [""; 0]);
}

#[tokio::test]
async fn a_secret_anywhere_in_a_message_is_emitted_nowhere() {
    let planted = format!("{} {BODY}", secrets());
    let notification: Value = serde_json::from_str(PUT).unwrap();
    let record = "/Records/0";
    let mut bodies =
        vec![planted.clone(), json!(planted).to_string(), json!({ "Records": planted }).to_string()];
    for at in ["eventTime", "s3/bucket/name", "s3/object/sequencer", "userIdentity", "responseElements"] {
        let mut body = notification.clone();
        *body.pointer_mut(&format!("{record}/{at}")).unwrap() = planted.clone().into();
        bodies.push(body.to_string());
    }
    bodies.push(json!({ "Records": [{ &planted: planted }] }).to_string());
    let attributes = json!({
        "traceparent": { "dataType": "String", "stringValue": planted, "stringListValues": [], "binaryListValues": [] },
        "note": { "dataType": "String", "stringValue": planted, "stringListValues": [], "binaryListValues": [] },
    });

    for body in bodies.iter().map(String::as_str).chain([PUT]) {
        let harness = Harness::at_trace();
        harness.world().objects.insert(KEY.to_owned(), photo());
        harness.world().traceparents.insert(KEY.to_owned(), Some(planted.clone()));
        let mut event = serde_json::to_value(batch(&[body])).unwrap();
        event["Records"][0]["messageAttributes"] = attributes.clone();
        for name in ["AWSTraceHeader", "SenderId", "ApproximateReceiveCount"] {
            event["Records"][0]["attributes"][name] = planted.clone().into();
        }
        event["Records"][0]["receiptHandle"] = planted.clone().into();

        harness.invoke(TIME, serde_json::from_value(event).unwrap()).await;

        assert!(!harness.captured.logs().is_empty());
        assert_eq!(harness.captured.leaked(&SECRETS), [""; 0], "{body}");
    }
}

#[tokio::test]
async fn a_file_named_after_a_person_or_a_token_is_told_without_them() {
    let name = format!("user-uploads/alice/{}.jpg", secrets());
    for object in [photo(), BODY.into(), Vec::new()] {
        let harness = Harness::at_trace();
        harness.world().objects.insert(name.clone(), object);
        let encoded = name.replace('%', "%25").replace('+', "%2B").replace(' ', "+");

        assert!(harness.deliver(&[&created(&encoded, "01")]).await.is_empty());

        assert_eq!(harness.results(), (1, 1));
        assert_eq!(harness.captured.leaked(&SECRETS), [""; 0]);
    }
}

#[tokio::test]
async fn what_a_file_holds_is_emitted_nowhere_whether_it_can_be_read_or_not() {
    let planted = format!("{} {BODY}", secrets());
    let mut commented = photo();
    let comment = [&[0xFF, 0xFE], &(planted.len() as u16 + 2).to_be_bytes()[..], planted.as_bytes()].concat();
    commented.splice(2..2, comment);
    let starts: [&[u8]; 7] = [
        b"",
        b"\xFF\xD8\xFF\xE0",
        b"\x89PNG\r\n\x1a\n",
        b"GIF89a",
        b"BM",
        b"II*\0",
        b"RIFF\x20\0\0\0WEBPVP8 ",
    ];
    let mut files: Vec<Vec<u8>> =
        starts.iter().map(|start| [*start, planted.repeat(20).as_bytes()].concat()).collect();
    files.push(commented.clone());
    files.push(commented[..commented.len() / 2].to_vec());
    files.push(chunked(&planted));

    for file in files {
        let harness = Harness::at_trace();
        harness.world().objects.insert(KEY.to_owned(), file.clone());

        assert!(harness.deliver(&[PUT]).await.is_empty());

        assert_eq!(harness.results(), (1, 1));
        assert_eq!(harness.captured.leaked(&SECRETS), [""; 0], "{}", String::from_utf8_lossy(&file));
    }
}

/// A PNG whose comment holds what must not be emitted, and whose pixels are missing.
fn chunked(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let picture = image::RgbImage::new(64, 64);
    picture.write_to(&mut std::io::Cursor::new(&mut bytes), image::ImageFormat::Png).unwrap();
    let text = [b"Comment\0", text.as_bytes()].concat();
    let chunk = [&(text.len() as u32).to_be_bytes()[..], b"tEXt", &text, &[0; 4]].concat();
    bytes.splice(33.., chunk);
    bytes
}

#[tokio::test]
async fn an_error_of_aws_that_quotes_secrets_is_told_without_them() {
    for call in [Call::Open, Call::Read, Call::Put, Call::Record, Call::Notify] {
        let harness = Harness::at_trace();
        harness.world().objects.insert(KEY.to_owned(), photo());
        harness.world().complaint = format!("access denied for {}", secrets());
        // The later ones meet the attempts to give back the claim and the message.
        harness.world().faults.extend([call, Call::Postpone]);
        if call == Call::Notify {
            harness.world().faults.push(Call::Record);
        }

        assert_eq!(harness.deliver(&[PUT]).await, ["m0"]);

        assert_eq!(harness.captured.leaked(&SECRETS), [""; 0], "{call:?}");
        let text = harness.captured.text();
        assert!(text.contains("access denied for [email] [token] [presigned]"), "{call:?} {text}");
    }
}

#[tokio::test]
async fn a_panic_that_quotes_secrets_is_told_without_them() {
    let harness = Harness::at_trace();
    harness.world().complaint = format!("{} {BODY}", secrets());
    harness.world().panics = true;

    assert_eq!(harness.deliver(&[PUT]).await, ["m0"]);

    assert_eq!(harness.captured.leaked(&SECRETS), [""; 0]);
}
