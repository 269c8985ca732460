//! Judgement of one image: which of the audit's statements it violates.

use std::time::Duration;

use contract::thumbnail_key::thumbnail_key;
use uuid::Uuid;

use super::facts::{Image, Item, Original, Progress, Thumbnail, is_under_its_id};
use super::kind::Kind;
use super::source::Expiry;

/// What may be without being a violation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Allowed {
    /// The object was too large, and S3 deleted it.
    Oversized,
    /// Object or thumbnail is as old as S3 keeps any.
    Expired,
    /// The object was gone before it was processed.
    ObjectGone,
    /// The object is gone, and the processor may not have noticed yet.
    InFlight,
    /// A thumbnail of an earlier version, which the present one does not have.
    EarlierVersion,
}

impl Allowed {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Oversized => "items of oversized uploads, which S3 has deleted",
            Self::Expired => "objects and thumbnails that have expired",
            Self::ObjectGone => "items of objects that were deleted before they were processed",
            Self::InFlight => "items whose object was deleted just now",
            Self::EarlierVersion => "thumbnails of earlier versions",
        }
    }
}

/// How far an object is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Done,
    Failed(String),
    /// Newer than the audit.
    Newer,
    /// Younger than the queue needs.
    Young,
    /// An attempt is at work on it.
    InWork,
    /// Without a result though it should have one, unless a queue holds its message.
    Pending(Kind),
    /// Its item is not fit to be judged.
    Unknown,
}

/// One violation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) kind: Kind,
    pub(super) detail: String,
}

/// The judgement of one image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Judgement {
    /// The object's, if there is one.
    pub(super) class: Option<Class>,
    pub(super) allowed: Vec<Allowed>,
    pub(super) findings: Vec<Finding>,
}

/// What images are judged by; times in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    pub(super) start: i64,
    pub(super) settled_after: i64,
    pub(super) originals: Expiry,
    pub(super) thumbnails: Expiry,
}

impl Rules {
    pub(super) fn judge(&self, id: Uuid, image: &Image) -> Judgement {
        let mut judgement = Judgement::default();
        let Image { original, item, thumbnails } = image;
        if original.as_ref().is_some_and(|original| original.modified > self.start) {
            judgement.class = Some(Class::Newer);
            return judgement;
        }
        if let Some(item) = item {
            if let Some(defect) = &item.defect {
                judgement.class = original.as_ref().map(|_| Class::Unknown);
                judgement.find(Kind::MalformedItem, defect.clone());
                return judgement;
            }
            if !is_under_its_id(id, item) {
                judgement.class = original.as_ref().map(|_| Class::Unknown);
                judgement.find(Kind::ForeignItem, format!("its key is {}", item.key));
                return judgement;
            }
        }
        match (original, item) {
            (None, None) => {
                for thumbnail in thumbnails {
                    judgement.find(Kind::OrphanThumbnail, thumbnail_key(id, thumbnail.side));
                }
            }
            (None, Some(item)) => self.without_object(id, item, thumbnails, &mut judgement),
            (Some(original), item) => {
                let class = self.class(original, item.as_ref());
                if let (Class::Done | Class::Failed(_), Some(item)) = (&class, item) {
                    self.thumbnails(id, item, thumbnails, &mut judgement);
                }
                judgement.class = Some(class);
            }
        }
        judgement
    }

    fn class(&self, original: &Original, item: Option<&Item>) -> Class {
        let kind = match item {
            None => Kind::NoItem,
            Some(item) if self.is_in_work(item) => return Class::InWork,
            Some(item) => match item.progress {
                Progress::Processing => Kind::Unfinished,
                _ if item.e_tag != Some(original.e_tag) => Kind::Outdated,
                _ if !item.is_notified => Kind::NotNotified,
                Progress::Done => return Class::Done,
                Progress::Failed => return Class::Failed(item.reason.clone().unwrap_or_default()),
            },
        };
        let is_young = self.start - original.modified < self.settled_after;
        if is_young { Class::Young } else { Class::Pending(kind) }
    }

    fn is_in_work(&self, item: &Item) -> bool {
        !item.is_notified && item.claimed_until > self.start
    }

    fn without_object(&self, id: Uuid, item: &Item, thumbnails: &[Thumbnail], judgement: &mut Judgement) {
        let is_oversized = item.reason.as_deref() == Some("TooManyBytes")
            && self.originals.larger_than.is_some_and(|(_, after)| self.is_over(item.uploaded, after));
        let is_expired = self.originals.all.is_some_and(|after| self.is_over(item.uploaded, after));
        if item.reason.as_deref() == Some("ObjectGone") {
            judgement.allowed.push(Allowed::ObjectGone);
        } else if is_oversized {
            judgement.allowed.push(Allowed::Oversized);
        } else if is_expired {
            judgement.allowed.push(Allowed::Expired);
        } else if self.is_in_work(item) || self.start - item.uploaded < self.settled_after {
            judgement.allowed.push(Allowed::InFlight);
        } else {
            judgement.find(Kind::ItemWithoutObject, item.key.clone());
            return;
        }
        if item.is_notified {
            self.thumbnails(id, item, thumbnails, judgement);
        }
    }

    fn is_over(&self, since: i64, after: Duration) -> bool {
        let after = i64::try_from(after.as_millis()).unwrap_or(i64::MAX);
        // S3 deletes at the midnight after that age, never earlier.
        self.start.saturating_sub(since) >= after
    }

    fn thumbnails(&self, id: Uuid, item: &Item, thumbnails: &[Thumbnail], judgement: &mut Judgement) {
        let named: Vec<Option<u32>> = match item.progress {
            Progress::Done => std::iter::once(None).chain(item.others.iter().copied().map(Some)).collect(),
            Progress::Failed | Progress::Processing => Vec::new(),
        };
        for side in &named {
            let key = thumbnail_key(id, *side);
            let Some(thumbnail) = thumbnails.iter().find(|thumbnail| thumbnail.side == *side) else {
                if self.thumbnails.all.is_some_and(|after| self.is_over(item.processed, after)) {
                    judgement.allowed.push(Allowed::Expired);
                } else {
                    judgement.find(Kind::MissingThumbnail, key);
                }
                continue;
            };
            // The item has the size of the first only.
            let expected = item.thumbnail_bytes.filter(|_| side.is_none());
            match expected {
                Some(expected) if expected != thumbnail.bytes => judgement.find(
                    Kind::ThumbnailDiffers,
                    format!("{key} has {} bytes, not {expected}", thumbnail.bytes),
                ),
                None if thumbnail.bytes == 0 => {
                    judgement.find(Kind::ThumbnailDiffers, format!("{key} is empty"));
                }
                _ => {}
            }
        }
        for thumbnail in thumbnails.iter().filter(|thumbnail| !named.contains(&thumbnail.side)) {
            // S3 lists whole seconds.
            if thumbnail.modified / 1_000 < item.begun / 1_000 {
                judgement.allowed.push(Allowed::EarlierVersion);
                continue;
            }
            let is_failed = item.progress == Progress::Failed;
            let kind = if is_failed { Kind::FailedWithThumbnail } else { Kind::UnnamedThumbnail };
            judgement.find(kind, thumbnail_key(id, thumbnail.side));
        }
    }
}

impl Judgement {
    /// Whether it holds anything that is worth a second look.
    pub(super) fn is_suspicious(&self) -> bool {
        !self.findings.is_empty() || matches!(self.class, Some(Class::Pending(_)))
    }

    pub(super) fn find(&mut self, kind: Kind, detail: String) {
        self.findings.push(Finding { kind, detail });
    }
}
