//! Holdings: what a stack has of a subject, and which uploads are still under way.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use contract::image_id::image_id;
use contract::item::Record;
use uuid::Uuid;

use super::estate::Version;
use super::report::Counts;

/// What is there.
#[derive(Clone, Debug, Default)]
pub(super) struct Holdings {
    pub(super) originals: Vec<Version>,
    pub(super) thumbnails: Vec<Version>,
    pub(super) items: Vec<Record>,
}

/// An upload whose work has not ended.
#[derive(Clone, Debug)]
pub(super) struct Unsettled {
    pub(super) id: Uuid,
    /// The current original's entity tag; `None` where there is none, and an attempt is at work all the same.
    e_tag: Option<String>,
}

impl Holdings {
    /// The images: of originals and of items.
    pub(super) fn ids(&self) -> BTreeSet<Uuid> {
        let originals = self.originals.iter().map(|version| image_id(&version.key));
        originals.chain(self.items.iter().filter_map(|item| Uuid::parse_str(&item.image_id).ok())).collect()
    }

    pub(super) fn counts(&self) -> Counts {
        let length = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        Counts {
            images: length(self.ids().len()),
            originals: length(self.originals.len()),
            thumbnails: length(self.thumbnails.len()),
            items: length(self.items.len()),
            ..Counts::default()
        }
    }

    /// Uploads that the queue may still hold or an attempt has in hand; after `tries_for` the queue has given them up.
    pub(super) fn under_way(&self, now: SystemTime, tries_for: Duration) -> Vec<Unsettled> {
        let items: BTreeMap<Uuid, &Record> = self
            .items
            .iter()
            .filter_map(|item| Some((Uuid::parse_str(&item.image_id).ok()?, item)))
            .collect();
        let is_young = |version: &&Version| {
            now.duration_since(version.modified).is_ok_and(|age| age < tries_for) || version.modified > now
        };
        let current = self.originals.iter().filter(|it| it.is_latest && !it.e_tag.is_empty());
        let uploads = current
            .filter(is_young)
            .map(|version| Unsettled { id: image_id(&version.key), e_tag: Some(version.e_tag.clone()) });
        let attempts = items.keys().map(|id| Unsettled { id: *id, e_tag: None });
        let mut unsettled: BTreeMap<Uuid, Unsettled> =
            attempts.chain(uploads).map(|upload| (upload.id, upload)).collect();
        unsettled.retain(|id, upload| !upload.is_settled_by(items.get(id).copied(), now));
        unsettled.into_values().collect()
    }
}

impl Unsettled {
    /// Whether an item says that the work has ended.
    pub(super) fn is_settled_by(&self, item: Option<&Record>, now: SystemTime) -> bool {
        let ended = item.is_some_and(|item| item.has_ended() && item.notified == Some(true));
        match &self.e_tag {
            Some(_) => ended && item.is_some_and(|item| item.e_tag == self.e_tag),
            None => ended || item.is_none_or(|item| item.claimed_until.is_none_or(|until| until <= now)),
        }
    }
}
