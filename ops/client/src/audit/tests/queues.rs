//! Objects without a result: what their age, the queue and the dead-letter queue explain.

use std::time::Duration;

use contract::image_id::image_id;
use contract::item::Item;

use super::world::{HOUR, World, details, start};
use crate::audit::Kind;

#[tokio::test]
async fn an_object_without_a_result_waits_for_as_long_as_the_queue_tries() {
    let mut world = World::clean();
    world.upload("u", Duration::from_secs(3_599));
    let report = world.audit().await;
    assert!(report.ok && report.objects.young == 1 && report.settled_after_seconds == 3_600, "{report:?}");

    world.options.settled_after = Some(Duration::ZERO);
    assert_eq!(world.found().await, [(Kind::NoItem, 1)]);
}

#[tokio::test]
async fn an_image_in_the_hands_of_an_attempt_is_no_finding_however_old() {
    let mut world = World::clean();
    let key = world.upload("u", 50 * HOUR);
    let item = Item { claimed_until: start() + HOUR, ..world.claimed(&key) };
    world.record(&item);

    let report = world.audit().await;

    assert!(report.ok && report.objects.in_work == 1, "{report:?}");
}

#[tokio::test]
async fn an_object_whose_message_is_in_the_dead_letter_queue_is_counted_there() {
    let mut world = World::clean();
    let key = world.upload("u", 5 * HOUR);
    world.dead.images.insert(image_id(&key));

    let report = world.audit().await;

    assert!(report.ok && report.objects.dead_lettered == 1, "{report:?}");
    world.upload("u", 5 * HOUR);
    assert_eq!(world.found().await, [(Kind::NoItem, 1)], "another one is not explained by it");
}

#[tokio::test]
async fn as_many_messages_as_objects_may_explain_them_and_fewer_explain_none_by_name() {
    let mut world = World::clean();
    world.upload("u", 5 * HOUR);
    world.upload("u", 6 * HOUR);
    world.queue.messages = 2;
    let report = world.audit().await;
    assert!(report.ok && report.objects.perhaps_queued == 2, "{report:?}");

    world.queue.messages = 1;
    let report = world.audit().await;
    let queues = report.queues.unwrap();
    assert_eq!((queues.may_explain, report.objects.unaccounted, report.violations()), (1, 2, 2));
    assert_eq!(
        details(&report, Kind::NoItem).into_iter().collect::<Vec<_>>(),
        ["stored 300 minutes before the audit", "stored 360 minutes before the audit"]
    );
}

#[tokio::test]
async fn a_message_that_the_queue_cannot_have_kept_explains_nothing() {
    let mut world = World::clean();
    world.upload("u", 97 * HOUR);
    world.queue.messages = 9;
    assert_eq!(world.found().await, [(Kind::NoItem, 1)]);
}

#[tokio::test]
async fn a_dead_letter_queue_that_was_read_in_part_is_reported_as_such() {
    let mut world = World::clean();
    world.upload("u", 5 * HOUR);
    world.dead.is_complete = false;
    let report = world.audit().await;
    assert_eq!(report.queues.map(|queues| queues.dead_letters_complete), Some(false));
}
