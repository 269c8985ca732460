//! Images that the release before certified ids has begun: its binary gave them the UUID in their key.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use contract::{
    image_id,
    item::{Item, Status},
    s3_event::Upload,
};
use uuid::Uuid;

use crate::support::{Call, Harness, created, photo};

const FORMER: &str = "019b76da-a0ab-7cc1-9f0e-5d2a3c4b6e71";
const KEY: &str = "user-uploads/alice/019b76da-a0ab-7cc1-9f0e-5d2a3c4b6e71.jpg";

/// A harness with the object, and the item as an attempt of the earlier binary left it.
fn begun(status: Status, notified: bool, claimed_until: SystemTime) -> Harness {
    let harness = Harness::with_photo(KEY);
    let upload = Upload {
        bucket: "originals".to_owned(),
        key: KEY.to_owned(),
        at: UNIX_EPOCH,
        sequencer: format!("{:0<32}", "01"),
        reprocess: None,
    };
    let claim = Item::claim(FORMER.parse().unwrap(), &upload, Uuid::now_v7(), claimed_until);
    harness.world().items.insert(FORMER.to_owned(), Item { status, notified, ..claim });
    harness
}

/// The images' ids in the table, and those that were announced.
fn known(harness: &Harness) -> (Vec<String>, Vec<String>) {
    let world = harness.world();
    (world.items.keys().cloned().collect(), world.notes.iter().map(|note| note.image_id.clone()).collect())
}

#[tokio::test]
async fn a_duplicate_of_what_the_earlier_release_announced_is_not_announced_again() {
    for status in [Status::Done, Status::Failed] {
        let harness = begun(status, true, UNIX_EPOCH);

        assert!(harness.deliver(&[&created(KEY, "01")]).await.is_empty());

        assert_eq!(known(&harness), (vec![FORMER.to_owned()], vec![]), "{status:?}");
        assert_eq!(harness.sum("Duplicates"), 1);
    }
}

#[tokio::test]
async fn what_the_earlier_release_left_unfinished_ends_under_the_id_that_its_owner_has() {
    // It died at work; it recorded and could not publish.
    for status in [Status::Processing, Status::Done] {
        let harness = begun(status, false, UNIX_EPOCH);

        assert!(harness.deliver(&[&created(KEY, "01")]).await.is_empty());

        assert_eq!(known(&harness), (vec![FORMER.to_owned()], vec![FORMER.to_owned()]), "{status:?}");
        assert_eq!((harness.item(FORMER).status, harness.item(FORMER).notified), (Status::Done, true));
        assert!(harness.world().thumbnails.contains_key(&format!("processed/{FORMER}.jpg")));
    }
}

#[tokio::test]
async fn an_attempt_of_the_earlier_release_at_work_is_waited_for() {
    let harness = begun(Status::Processing, false, SystemTime::now() + Duration::from_mins(1));
    harness.world().other_ends_after = Some(2);

    assert!(harness.deliver(&[&created(KEY, "01")]).await.is_empty());

    assert_eq!(harness.world().pauses.len(), 2);
    assert_eq!(known(&harness), (vec![FORMER.to_owned()], vec![]));
}

#[tokio::test]
async fn a_newer_version_of_an_earlier_release_s_image_stays_the_same_image() {
    let harness = begun(Status::Done, true, UNIX_EPOCH);

    assert!(harness.deliver(&[&created(KEY, "02")]).await.is_empty());

    assert_eq!(known(&harness), (vec![FORMER.to_owned()], vec![FORMER.to_owned()]));
}

#[tokio::test]
async fn a_url_of_the_earlier_release_that_is_used_after_the_update_gets_a_derived_id() {
    let harness = Harness::with_photo(KEY);

    assert!(harness.deliver(&[&created(KEY, "01")]).await.is_empty());
    assert!(harness.deliver(&[&created(KEY, "01")]).await.is_empty());

    let derived = image_id::derived_id(KEY).to_string();
    assert_eq!(known(&harness), (vec![derived.clone()], vec![derived]));
}

#[tokio::test]
async fn nobody_takes_an_earlier_release_s_image_by_its_name() {
    let harness = begun(Status::Done, true, UNIX_EPOCH);
    let before = harness.item(FORMER);
    let theft = format!("user-uploads/mallory/{FORMER}.jpg");
    harness.world().objects.insert(theft.clone(), photo());

    assert!(harness.deliver(&[&created(&theft, "FF")]).await.is_empty());

    assert_eq!(harness.item(FORMER), before);
    let own = harness.item(&image_id::derived_id(&theft).to_string());
    assert_eq!((own.status, own.user_id.as_deref()), (Status::Done, Some("mallory")));
}

#[tokio::test]
async fn a_key_that_certifies_its_id_is_claimed_by_one_write() {
    let harness = Harness::with_photo(crate::KEY);

    harness.deliver(&[crate::PUT]).await;

    let writes = harness.world().calls.iter().filter(|call| **call == Call::Record).count();
    assert_eq!(writes, 3, "claim, result, notification");
}
