//! The stack in memory.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Mutex;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_client::AwsError;
use contract::image_id::{self, image_id};
use contract::item::{Attribute, Item, Original, Record, Refused, Status, Stored};
use contract::s3_event::Upload;
use contract::thumbnail_key::thumbnail_key;
use terminal::progress::Step;
use uuid::Uuid;

use crate::audit::source::{Bucket, DeadLetters, Expiry, Object, Page, QueueState, Source};
use crate::audit::{Kind, Options, Report, run};

pub(super) const HOUR: Duration = Duration::from_hours(1);
/// Entries of a page: few, so that a small stack has several.
const PAGE: usize = 3;

/// When audits start.
pub(super) fn start() -> SystemTime {
    UNIX_EPOCH + Duration::from_hours(500_000)
}

#[derive(Debug)]
pub(super) struct World {
    pub(super) originals: BTreeMap<String, Object>,
    pub(super) thumbnails: BTreeMap<String, Object>,
    pub(super) items: BTreeMap<String, Record>,
    pub(super) queue: QueueState,
    pub(super) dead: DeadLetters,
    pub(super) expiry: Expiry,
    /// What happens once the listings are over, before anything is looked at again.
    pub(super) meanwhile: Mutex<Option<Change>>,
    pub(super) changed: Mutex<Option<Box<World>>>,
    pub(super) options: Options,
}

pub(super) type Change = fn(&mut World);

impl Default for World {
    fn default() -> Self {
        Self {
            originals: BTreeMap::new(),
            thumbnails: BTreeMap::new(),
            items: BTreeMap::new(),
            queue: QueueState { messages: 0, tries_for: HOUR, keeps_for: 96 * HOUR },
            dead: DeadLetters { images: HashSet::new(), is_complete: true },
            expiry: Expiry::default(),
            meanwhile: Mutex::default(),
            changed: Mutex::default(),
            options: Options { start: start(), ..Options::now() },
        }
    }
}

impl World {
    /// Ten DONE images of two thumbnails, one that was refused, a folder, and an object in nobody's folder.
    pub(super) fn clean() -> Self {
        let mut world = Self::default();
        for number in 0..10 {
            let key = world.upload(&format!("u{}", number % 3), 2 * HOUR);
            world.done(&key);
        }
        let key = world.upload("u1", 2 * HOUR);
        world.failed(&key, "Corrupt");
        for key in ["user-uploads/u1/", "user-uploads/x.jpg"] {
            world.store(Bucket::Originals, key, 0, 2 * HOUR);
        }
        world
    }

    /// Stores an upload of that age, and returns its key.
    pub(super) fn upload(&mut self, user: &str, age: Duration) -> String {
        let key = image_id::issue(user, "jpg").key;
        self.store(Bucket::Originals, &key, 70, age);
        key
    }

    pub(super) fn store(&mut self, bucket: Bucket, key: &str, bytes: u64, age: Duration) {
        let e_tag = format!("tag of {key}");
        let object = Object { key: key.to_owned(), bytes, e_tag, modified: start() - age };
        match bucket {
            Bucket::Originals => self.originals.insert(key.to_owned(), object),
            Bucket::Thumbnails => self.thumbnails.insert(key.to_owned(), object),
        };
    }

    /// Records what the processor would of a good picture.
    pub(super) fn done(&mut self, key: &str) {
        let mut item = self.claimed(key);
        for side in [None, Some(64)] {
            let key = thumbnail_key(item.image_id, side);
            self.store(Bucket::Thumbnails, &key, 9, HOUR);
            item.thumbnails.push(Stored { key, width: 4, height: 3, bytes: 9 });
        }
        item.status = Status::Done;
        self.settle(item);
    }

    /// Records what the processor would of a bad one.
    pub(super) fn failed(&mut self, key: &str, reason: &'static str) {
        let refused = Some(Refused { reason, message: String::new() });
        let item = Item { status: Status::Failed, refused, ..self.claimed(key) };
        self.settle(item);
    }

    pub(super) fn claimed(&self, key: &str) -> Item {
        let object = self.originals.get(key);
        let at = object.map_or(start() - 2 * HOUR, |object| object.modified);
        let upload = Upload {
            bucket: "b".to_owned(),
            key: key.to_owned(),
            at,
            sequencer: "1".to_owned(),
            reprocess: None,
        };
        let mut item = Item::claim(image_id(key), &upload, Uuid::nil(), UNIX_EPOCH);
        let e_tag = object.map(|object| object.e_tag.clone());
        item.original = Original { bytes: Some(70), e_tag, ..Original::default() };
        item
    }

    fn settle(&mut self, item: Item) {
        self.record(&Item { notified: true, processed_at: Some(start() - HOUR), ..item });
    }

    pub(super) fn record(&mut self, item: &Item) {
        let attributes: BTreeMap<&str, Attribute> = item.attributes().collect();
        self.items.insert(item.image_id.to_string(), Record::read(|name| attributes.get(name).cloned()));
    }

    /// The key of a DONE image.
    pub(super) fn some(&self) -> String {
        let done = self.items.values().find(|item| item.status == "DONE");
        done.map(|item| item.original_key.clone()).unwrap()
    }

    pub(super) fn item_of(&mut self, key: &str) -> &mut Record {
        self.items.get_mut(&image_id(key).to_string()).unwrap()
    }

    pub(super) async fn audit(&self) -> Report {
        run(self, &self.options, &Step::start(&(), "audit", "")).await.unwrap()
    }

    /// The kinds of violations that an audit finds, with their numbers.
    pub(super) async fn found(&self) -> Vec<(Kind, u64)> {
        let report = self.audit().await;
        let objects = &report.objects;
        let classes = [objects.done, objects.newer, objects.young, objects.in_work, objects.perhaps_queued];
        let more = [objects.dead_lettered, objects.unaccounted, objects.unknown];
        let by_reason = objects.failed.values().sum::<u64>() + objects.skipped.values().sum::<u64>();
        let counted = classes.iter().chain(&more).sum::<u64>() + by_reason;
        if self.meanwhile.lock().unwrap().is_none() && self.changed.lock().unwrap().is_none() {
            assert_eq!(counted, objects.listed, "each object is in one count: {report:?}");
        }
        assert_eq!(report.ok, report.findings.is_empty());
        report.findings.iter().map(|findings| (findings.kind, findings.count)).collect()
    }

    /// What stands now.
    fn now<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        if let Some(change) = self.meanwhile.lock().unwrap().take() {
            let mut changed = Box::new(World {
                originals: self.originals.clone(),
                thumbnails: self.thumbnails.clone(),
                items: self.items.clone(),
                ..World::default()
            });
            change(&mut changed);
            *self.changed.lock().unwrap() = Some(changed);
        }
        match &*self.changed.lock().unwrap() {
            Some(changed) => look(changed),
            None => look(self),
        }
    }
}

/// A page of what comes behind `from`.
fn page<T: Clone>(all: &BTreeMap<String, T>, from: Option<String>) -> Page<T> {
    let from = from.unwrap_or_default();
    let entries: Vec<(&String, &T)> = all.iter().filter(|(key, _)| **key > from).take(PAGE).collect();
    let last = entries.last().map(|(key, _)| (*key).clone());
    let next = last.filter(|last| all.keys().next_back() != Some(last));
    Page { entries: entries.into_iter().map(|(_, entry)| entry.clone()).collect(), next }
}

impl Source for World {
    async fn list(&self, bucket: Bucket, from: Option<String>) -> Result<Page<Object>, AwsError> {
        Ok(match bucket {
            Bucket::Originals => page(&self.originals, from),
            Bucket::Thumbnails => page(&self.thumbnails, from),
        })
    }

    async fn scan(&self, from: Option<String>) -> Result<Page<Record>, AwsError> {
        Ok(page(&self.items, from))
    }

    async fn item(&self, image_id: Uuid) -> Result<Option<Record>, AwsError> {
        Ok(self.now(|world| world.items.get(&image_id.to_string()).cloned()))
    }

    async fn object(&self, bucket: Bucket, key: &str) -> Result<Option<Object>, AwsError> {
        assert_eq!(bucket, Bucket::Originals);
        Ok(self.now(|world| world.originals.get(key).cloned()))
    }

    async fn thumbnails(&self, image_id: Uuid) -> Result<Vec<Object>, AwsError> {
        let prefix = format!("processed/{image_id}");
        let named = |world: &World| {
            let named = world.thumbnails.values().filter(|it| it.key.starts_with(&prefix));
            named.cloned().collect()
        };
        Ok(self.now(named))
    }

    async fn read(&self, key: &str) -> Result<Option<Vec<u8>>, AwsError> {
        Ok(self.thumbnails.get(key).map(|object| vec![0; usize::try_from(object.bytes).unwrap()]))
    }

    async fn queue(&self) -> Result<QueueState, AwsError> {
        Ok(self.queue)
    }

    async fn dead_letters(&self) -> Result<DeadLetters, AwsError> {
        Ok(self.dead.clone())
    }

    async fn expiry(&self, _bucket: Bucket) -> Result<Expiry, AwsError> {
        Ok(self.expiry)
    }

    fn requests(&self) -> BTreeMap<&'static str, u64> {
        BTreeMap::new()
    }
}

/// The examples of a kind.
pub(super) fn details(report: &Report, kind: Kind) -> BTreeSet<String> {
    let of_kind = report.findings.iter().filter(|findings| findings.kind == kind);
    of_kind.flat_map(|findings| findings.examples.iter().map(|it| it.detail.clone())).collect()
}
