use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;

use super::*;

fn item() -> Item {
    Item {
        image_id: Uuid::nil(),
        original_key: "user-uploads/u/x.jpg".to_owned(),
        sequencer: "1".to_owned(),
        status: Status::Done,
        thumbnails: ["processed/a.jpg", "processed/a-64.jpg"]
            .map(|key| Stored { key: key.to_owned(), width: 4, height: 3, bytes: 9 })
            .into(),
        refused: None,
        original: Original { bytes: Some(70), width: Some(8), ..Original::default() },
        user_id: Some("u".to_owned()),
        uploaded_at: UNIX_EPOCH,
        processed_at: Some(UNIX_EPOCH + Duration::from_millis(1_500)),
        trace_id: Some("t".to_owned()),
        attempt: Uuid::max(),
        claimed_until: UNIX_EPOCH + Duration::from_millis(1_234),
        notified: true,
        reprocess: Some(7),
    }
}

#[test]
fn what_is_written_reads_back() {
    let written: BTreeMap<&str, Attribute> = item().attributes().collect();

    let expected = Record {
        image_id: Uuid::nil().to_string(),
        original_key: "user-uploads/u/x.jpg".to_owned(),
        sequencer: "1".to_owned(),
        status: "DONE".to_owned(),
        processed_key: Some("processed/a.jpg".to_owned()),
        thumbnail_bytes: Some(9),
        thumbnail_width: Some(4),
        thumbnail_height: Some(3),
        other_thumbnails: vec!["processed/a-64.jpg".to_owned()],
        user_id: Some("u".to_owned()),
        bytes: Some(70),
        width: Some(8),
        uploaded_at: Some("1970-01-01T00:00:00Z".to_owned()),
        processed_at: Some("1970-01-01T00:00:01.5Z".to_owned()),
        trace_id: Some("t".to_owned()),
        attempt: Some(Uuid::max()),
        claimed_until: Some(UNIX_EPOCH + Duration::from_millis(1_234)),
        notified: Some(true),
        reprocess: Some(7),
        ..Record::default()
    };
    assert_eq!(Record::read(|name| written.get(name).cloned()), expected);
    assert_eq!(written["otherThumbnails"], Attribute::L(vec!["processed/a-64.jpg".to_owned()]));
}

#[test]
fn the_four_attributes_of_the_guide_have_its_names_and_what_is_unknown_is_left_out() {
    let claim = Item { status: Status::Processing, thumbnails: Vec::new(), ..item() };
    let written: BTreeMap<&str, Attribute> = claim.attributes().collect();

    assert_eq!(written["imageId"], text(&Uuid::nil()));
    assert_eq!(written["originalS3Key"], text("user-uploads/u/x.jpg"));
    assert_eq!(written["status"], text("PROCESSING"));
    assert!(!written.contains_key("processedS3Key"));
}

#[test]
fn an_item_with_type_tags_is_read_and_what_does_not_fit_is_absent() {
    let tagged = json!({
        "imageId": {"S": "i"}, "originalS3Key": {"S": "k"}, "status": {"S": "FAILED"}, "reason": {"S": "Corrupt"},
        "message": {"S": "Broken."}, "notified": {"BOOL": true}, "bytes": {"N": "many"}, "claimedUntil": {"N": "18446744073709551615"},
        "attempt": {"S": "none"}, "width": {"NULL": true},
    });

    let read = Record::of_tagged(&tagged);

    assert_eq!(
        (read.image_id.as_str(), read.reason.as_deref(), read.message.as_deref(), read.notified),
        ("i", Some("Corrupt"), Some("Broken."), Some(true))
    );
    assert_eq!((read.bytes, read.width, read.attempt), (None, None, None));
    assert!(read.has_ended() && !Record::of_tagged(&Value::Null).has_ended());
}
