use serde_json::json;

use super::*;

/// 28 November 2026.
fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_hours(498_840)
}

fn record(event: &str, key: &str, at: &str) -> Value {
    json!({
        "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "x", "eventTime": at, "eventName": event,
        "userIdentity": {"principalId": "p"}, "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": {},
        "s3": {"s3SchemaVersion": "1.0", "configurationId": "c",
               "bucket": {"name": "b", "ownerIdentity": {"principalId": "p"}, "arn": "a"},
               "object": {"key": key, "size": 1, "eTag": "e", "sequencer": "0a"}},
    })
}

fn read_one(event: &str, key: &str, at: &str) -> Result<Record, MalformedMessage> {
    match read(&json!({"Records": [record(event, key, at)]}).to_string(), now())? {
        Notification::Records(mut records) => Ok(records.remove(0)),
        Notification::Test => unreachable!("a record is no test event"),
    }
}

const PUT: &str = "ObjectCreated:Put";
const AT: &str = "2026-01-01T00:00:00.123Z";

#[test]
fn keys_are_decoded_as_s3_encodes_them() {
    assert_eq!(decode_key("a+b%2Bc%20d/%E3%81%82.jpg").as_deref(), Some("a b+c d/あ.jpg"));
    assert_eq!(decode_key("%FF"), None);
}

#[test]
fn sequencers_of_different_length_are_ordered_as_padded_numbers() {
    assert!(pad("0055AED6DCD90281E5") < pad("0055AED6DCD90281E6"));
    assert!(pad("00A") < pad("00a1"));
    assert_eq!(pad("00A"), pad("00A0"));
}

#[test]
fn what_s3_did_not_write_is_malformed() {
    let mut nameless = record(PUT, "user-uploads/u/a.jpg", AT);
    nameless.as_object_mut().unwrap().remove("eventName");
    let nameless = json!({"Records": [nameless]}).to_string();
    for body in [
        "",
        "{",
        "null",
        "[]",
        "{}",
        r#"{"Records":[]}"#,
        r#"{"Records":[{}]}"#,
        r#""s3:TestEvent""#,
        &nameless,
    ] {
        assert!(read(body, now()).is_err(), "{body}");
    }
}

#[test]
fn every_way_to_create_an_object_is_an_upload() {
    for event in [PUT, "ObjectCreated:Post", "ObjectCreated:Copy", "ObjectCreated:CompleteMultipartUpload"] {
        let read = read_one(event, "user-uploads/u/a.jpg", AT).unwrap();
        assert!(matches!(read, Record::Upload(_)), "{event}: {read:?}");
    }
}

#[test]
fn what_is_no_users_upload_is_skipped_by_its_reason() {
    let skipped = |event, key| match read_one(event, key, AT).unwrap() {
        Record::Skipped(reason) => reason,
        Record::Upload(upload) => unreachable!("{event} of {key} is taken for {upload:?}"),
    };
    for event in ["ObjectRemoved:Delete", "ObjectRemoved:DeleteMarkerCreated", "ObjectRestore:Completed"] {
        assert_eq!(skipped(event, "user-uploads/u/a.jpg"), SkipReason::NotCreated);
    }
    for key in ["user-uploads/", "user-uploads/u/", "user-uploads/u/holiday/", "user-uploads/u%2F"] {
        assert_eq!(skipped(PUT, key), SkipReason::Folder, "{key}");
    }
    for key in
        ["user-uploads//u/a.jpg", "user-uploads/a.jpg", "user-uploads//a.jpg", "a.jpg", "other/u/a.jpg"]
    {
        assert_eq!(skipped(PUT, key), SkipReason::NoUser, "{key}");
    }
}

#[test]
fn event_times_outside_of_what_can_be_are_malformed() {
    let upload = |at| read_one(PUT, "user-uploads/u/a.jpg", at);
    for at in [
        "+12000-01-01T00:00:00Z",
        "12000-01-01T00:00:00Z",
        "+262142-12-31T23:59:59Z",
        "1900-01-01T00:00:00Z",
        "-0001-01-01T00:00:00Z",
        "-262143-01-01T00:00:00Z",
        "1969-12-31T23:59:59Z",
        "2006-03-13T23:59:59Z",
        "2026-11-30T00:00:00Z",
    ] {
        assert!(upload(at).is_err(), "{at}");
    }
    for at in ["2006-03-14T00:00:00Z", AT, "2026-11-28T10:00:00Z"] {
        assert!(upload(at).is_ok(), "{at}");
    }
}

#[test]
fn uploads_are_what_is_left_of_the_records() {
    let records =
        [record("ObjectRemoved:Delete", "user-uploads/u/a.jpg", AT), record(PUT, "user-uploads/u/b.jpg", AT)];
    let read = read(&json!({ "Records": records }).to_string(), now()).unwrap();

    let keys: Vec<String> = read.uploads().into_iter().map(|upload| upload.key).collect();
    assert_eq!(keys, ["user-uploads/u/b.jpg"]);
    assert!(Notification::Test.uploads().is_empty());
}

#[test]
fn what_is_written_reads_back_whatever_the_key() {
    for key in ["user-uploads/u/a.jpg", "user-uploads/u/a b+c%20*é\u{1}.jpg"] {
        let sequencer = pad("0055AED6DCD90281E5");
        let at = UNIX_EPOCH + Duration::from_millis(1_767_225_600_123);
        let upload = Upload { bucket: "b".to_owned(), key: key.to_owned(), at, sequencer, reprocess: None };
        assert_eq!(
            read(&write(&upload), now()).unwrap(),
            Notification::Records(vec![Record::Upload(upload)])
        );
    }
}
