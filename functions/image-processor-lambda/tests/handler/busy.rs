//! A version that comes while another attempt is at work on the image.

use std::time::Duration;

use contract::item::Status;

use crate::support::{Call, Harness, ID, KEY, created};

/// What the longest wait between two looks may be, so that a newer version is done two seconds after the older.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// A harness in which an attempt at version `sequencer` claims to be at work for another 20 seconds.
async fn with_attempt_at_work(sequencer: &str) -> Harness {
    let harness = Harness::with_photo(KEY);
    harness.deliver(&[&created(KEY, sequencer)]).await;
    harness.attempt_at_work(Duration::from_secs(20));
    harness.world().calls.clear();
    harness
}

#[tokio::test]
async fn a_newer_version_waits_inside_the_invocation_and_costs_no_receive() {
    let harness = with_attempt_at_work("01").await;
    harness.world().other_ends_after = Some(7);

    assert!(harness.deliver(&[&created(KEY, "02")]).await.is_empty());

    let item = harness.item(ID);
    assert_eq!((item.status, item.notified), (Status::Done, true));
    assert!(item.sequencer.starts_with("02"));
    let world = harness.world();
    assert_eq!(world.pauses.len(), 7);
    assert!(world.pauses.is_sorted() && world.pauses[0] < Duration::from_millis(100), "{:?}", world.pauses);
    assert!(world.pauses.iter().all(|pause| *pause <= LONGEST_PAUSE), "{:?}", world.pauses);
    // What was opened before the wait may have been the older version.
    let opened = world.calls.iter().filter(|call| **call == Call::Open).count();
    assert_eq!((opened, world.postponed.len()), (2, 0));
    // The first look, one after each pause, the result, and that its notification was published.
    assert_eq!(world.calls.iter().filter(|call| **call == Call::Record).count(), 1 + 7 + 2);
    drop(world);
    assert_eq!((harness.sum("ImagesBusy"), harness.sum("Duplicates")), (0, 0));
    let spans = harness.captured.spans();
    assert_eq!(spans.iter().filter(|span| span.name == "wait").count(), 1);
}

#[tokio::test]
async fn a_duplicate_that_waited_for_the_same_version_finds_nothing_left_to_do() {
    let harness = with_attempt_at_work("01").await;
    harness.world().other_ends_after = Some(1);

    assert!(harness.deliver(&[&created(KEY, "01")]).await.is_empty());

    assert_eq!((harness.sum("Duplicates"), harness.sum("ImagesBusy")), (1, 0));
    assert_eq!(harness.world().notes.len(), 1);
}

#[tokio::test]
async fn a_wait_of_ten_seconds_is_enough_and_the_rest_of_the_claim_is_waited_for_in_the_queue() {
    let harness = with_attempt_at_work("01").await;

    assert_eq!(harness.deliver(&[&created(KEY, "02")]).await, ["m0"]);

    let waited: Duration = harness.world().pauses.iter().sum();
    assert!(waited > Duration::from_secs(8) && waited <= Duration::from_secs(10), "{waited:?}");
    let given_back = harness.world().postponed[0].1;
    assert!((Duration::from_secs(15)..=Duration::from_secs(21)).contains(&given_back), "{given_back:?}");
    assert_eq!((harness.sum("ImagesBusy"), harness.sum("Duplicates")), (1, 0));
    assert_eq!(harness.sum("ProcessingFaults"), 0);
}

#[tokio::test]
async fn a_wait_leaves_time_to_process_the_image() {
    let harness = with_attempt_at_work("01").await;

    harness.deliver_within(Duration::from_secs(5), &[&created(KEY, "02")]).await;

    let waited: Duration = harness.world().pauses.iter().sum();
    assert!(waited <= Duration::from_millis(1_500), "{waited:?}");
}

#[tokio::test]
async fn a_dead_attempt_excludes_nobody_once_its_claim_has_run_out() {
    let harness = with_attempt_at_work("01").await;
    harness.attempt_at_work(Duration::ZERO);

    assert!(harness.deliver(&[&created(KEY, "01")]).await.is_empty());

    assert!(harness.item(ID).notified && harness.world().pauses.is_empty());
}
