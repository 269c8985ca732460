//! Each violation is planted alone, and found by its name and nothing else.

use std::time::Duration;

use contract::image_id::image_id;
use contract::item::{Item, Status};
use contract::thumbnail_key::thumbnail_key;

use super::world::{HOUR, World, details};
use crate::audit::Kind;
use crate::audit::source::{Bucket, Expiry};

const DAY: Duration = Duration::from_hours(24);

#[tokio::test]
async fn a_clean_stack_has_no_finding_and_every_object_is_counted_once() {
    let report = World::clean().audit().await;

    assert!(report.ok && report.findings.is_empty(), "{report:?}");
    let objects = report.objects;
    assert_eq!((objects.listed, objects.done, report.items, report.thumbnails), (13, 10, 11, 20));
    assert_eq!(objects.failed, [("Corrupt".to_owned(), 1)].into());
    assert_eq!(objects.skipped, [("Folder", 1), ("NoUser", 1)].into());
    assert_eq!(report.queues, None, "nothing had to be explained");
}

/// A violation, and how it is planted: with the key of a DONE image.
type Plant = (Kind, fn(&mut World, &str));

const PLANTS: &[Plant] = &[
    (Kind::NoItem, |world, _| drop(world.upload("u", 2 * HOUR))),
    (Kind::Unfinished, |world, _| {
        let key = world.upload("u", 2 * HOUR);
        let item = world.claimed(&key);
        world.record(&item);
    }),
    (Kind::Outdated, |world, key| world.originals.get_mut(key).unwrap().e_tag = "another".to_owned()),
    (Kind::NotNotified, |world, key| world.item_of(key).notified = Some(false)),
    (Kind::MissingThumbnail, |world, key| {
        world.thumbnails.remove(&thumbnail_key(image_id(key), None)).unwrap();
    }),
    (Kind::MissingThumbnail, |world, key| {
        world.thumbnails.remove(&thumbnail_key(image_id(key), Some(64))).unwrap();
    }),
    (Kind::ThumbnailDiffers, |world, key| {
        world.thumbnails.get_mut(&thumbnail_key(image_id(key), None)).unwrap().bytes = 8;
    }),
    (Kind::ThumbnailDiffers, |world, key| {
        world.thumbnails.get_mut(&thumbnail_key(image_id(key), Some(64))).unwrap().bytes = 0;
    }),
    (Kind::FailedWithThumbnail, |world, _| {
        let key = world.upload("u", 2 * HOUR);
        world.failed(&key, "Corrupt");
        world.store(Bucket::Thumbnails, &thumbnail_key(image_id(&key), None), 9, HOUR);
    }),
    (Kind::OrphanThumbnail, |world, _| {
        let id = image_id("user-uploads/u/nobody.jpg");
        world.store(Bucket::Thumbnails, &thumbnail_key(id, None), 9, HOUR);
    }),
    (Kind::OrphanThumbnail, |world, _| world.store(Bucket::Thumbnails, "processed/cat.jpg", 9, HOUR)),
    (Kind::UnnamedThumbnail, |world, key| {
        world.store(Bucket::Thumbnails, &thumbnail_key(image_id(key), Some(512)), 9, HOUR);
    }),
    (Kind::ItemWithoutObject, |world, key| drop(world.originals.remove(key))),
    (Kind::ForeignItem, |world, _| {
        let id = image_id("user-uploads/u/thief.jpg");
        let item = Item { image_id: id, ..world.claimed("user-uploads/u/owner.jpg") };
        world.record(&item);
    }),
    (Kind::MalformedItem, |world, key| world.item_of(key).status = "FAILED".to_owned()),
    (Kind::MalformedItem, |world, key| world.item_of(key).status = "LOST".to_owned()),
    (Kind::MalformedItem, |world, key| world.item_of(key).processed_key = Some("processed/x.jpg".to_owned())),
    (Kind::MalformedItem, |world, key| {
        let mut record = world.item_of(key).clone();
        record.image_id = "none".to_owned();
        world.items.insert("none".to_owned(), record);
    }),
];

#[tokio::test]
async fn each_violation_is_found_by_its_name_and_nothing_else() {
    for (number, (kind, plant)) in PLANTS.iter().enumerate() {
        let mut world = World::clean();
        let key = world.some();
        plant(&mut world, &key);
        assert_eq!(world.found().await, [(*kind, 1)], "plant {number}");
    }
    for kind in Kind::ALL {
        assert!(PLANTS.iter().any(|(planted, _)| *planted == kind), "{} is not planted", kind.name());
    }
}

#[tokio::test]
async fn a_violation_names_its_image_and_key_and_only_so_many_are_listed() {
    let mut world = World::clean();
    world.options.examples = 2;
    let keys: Vec<String> = world.items.values().map(|item| item.original_key.clone()).collect();
    world.thumbnails.clear();

    let report = world.audit().await;

    let [missing] = report.findings.as_slice() else { panic!("{report:?}") };
    assert_eq!((missing.kind, missing.count, missing.examples.len()), (Kind::MissingThumbnail, 20, 2));
    let example = &missing.examples[0];
    let key = example.key.as_ref().unwrap();
    assert!(keys.contains(key) && example.image_id == Some(image_id(key).to_string()), "{example:?}");
    assert_eq!(example.detail, thumbnail_key(image_id(key), None));
}

#[tokio::test]
async fn what_lifecycle_rules_and_deletions_before_processing_leave_is_allowed_and_told_apart() {
    let plant = || {
        let mut world = World::clean();
        for (reason, age) in [("TooManyBytes", 3 * DAY), ("ObjectGone", 3 * DAY)] {
            let key = world.upload("u", age);
            world.failed(&key, reason);
            world.originals.remove(&key);
        }
        let key = world.upload("u", 40 * DAY);
        world.done(&key);
        world.item_of(&key).processed_at = Some("2026-12-01T00:00:00Z".to_owned());
        world.originals.remove(&key);
        world.thumbnails.retain(|name, _| !name.contains(&image_id(&key).to_string()));
        world
    };
    let mut world = plant();
    world.expiry = Expiry { all: Some(30 * DAY), larger_than: Some((100, DAY)) };
    let report = world.audit().await;
    assert_eq!(report.findings.len(), 0, "{report:?}");
    let allowed: Vec<u64> = report.allowed.values().copied().collect();
    // The expired one, of which two thumbnails have expired as well.
    assert_eq!((allowed.len(), allowed.iter().sum::<u64>()), (3, 5), "{report:?}");

    let without_rules = plant().found().await;
    assert_eq!(
        without_rules,
        [(Kind::ItemWithoutObject, 2)],
        "without rules only ObjectGone explains itself"
    );
}

#[tokio::test]
async fn thumbnails_of_an_earlier_version_are_allowed() {
    let mut world = World::clean();
    let key = world.upload("u", 2 * HOUR);
    world.failed(&key, "Corrupt");
    world.store(Bucket::Thumbnails, &thumbnail_key(image_id(&key), None), 9, 3 * HOUR);
    let done = world.some();
    world.store(Bucket::Thumbnails, &thumbnail_key(image_id(&done), Some(512)), 9, 3 * HOUR);
    // Younger than the upload, and older than its reprocessing, which makes no such side any more.
    world.store(Bucket::Thumbnails, &thumbnail_key(image_id(&done), Some(128)), 9, HOUR);
    world.item_of(&done).reprocess = Some(1_799_999_000_000);

    let report = world.audit().await;

    assert!(report.ok, "{report:?}");
    assert_eq!(report.allowed.values().sum::<u64>(), 3);
}

#[tokio::test]
async fn objects_newer_than_the_audit_are_left_out_with_all_that_belongs_to_them() {
    let mut world = World::clean();
    let key = world.some();
    world.originals.get_mut(&key).unwrap().modified = super::world::start() + HOUR;
    world.thumbnails.retain(|name, _| !name.contains(&image_id(&key).to_string()));

    let report = world.audit().await;

    assert!(report.ok && report.objects.newer == 1, "{report:?}");
}

#[tokio::test]
async fn what_is_in_order_at_the_second_look_is_no_finding() {
    let mut world = World::clean();
    let key = world.some();
    world.item_of(&key).status = Status::Processing.name().to_owned();
    *world.meanwhile.lock().unwrap() = Some(|world| {
        let unfinished = world.items.values().find(|item| item.status == "PROCESSING").unwrap();
        let key = unfinished.original_key.clone();
        world.done(&key);
    });
    let report = world.audit().await;
    assert!(report.ok && report.objects.done == 10, "{report:?}");

    let mut blind = World::clean();
    blind.options.second_looks = 0;
    blind.thumbnails.clear();
    let report = blind.audit().await;
    assert_eq!((report.violations(), report.unconfirmed), (20, 20), "what was seen once is called so");
}

#[tokio::test]
async fn a_thumbnail_is_decoded_where_that_is_asked_for() {
    let mut world = World::clean();
    world.options.measure = Some(|_| Some((4, 3)));
    let report = world.audit().await;
    assert!(report.ok && report.decoded == 20, "{report:?}");

    world.options.measure = Some(|_| Some((3, 4)));
    let report = world.audit().await;
    assert_eq!(report.violations(), 10, "the item has the sides of the first only");
    assert!(
        details(&report, Kind::ThumbnailDiffers).iter().all(|it| it.ends_with("3 × 4 pixels, not 4 × 3"))
    );

    world.options.measure = Some(|_| None);
    assert_eq!(world.found().await, [(Kind::ThumbnailDiffers, 20)]);
}

#[test]
fn the_page_lists_each_kind_as_the_report_does() {
    let page = include_str!("../../../../../docs/audit.md");
    let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| `")).collect();
    let expected: Vec<String> = Kind::ALL
        .iter()
        .map(|kind| format!("| `{}` | {} | {} |", kind.name(), kind.means(), kind.next()))
        .collect();
    assert_eq!(rows, expected);
}
