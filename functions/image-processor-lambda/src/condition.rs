//! The condition of each write to the table: the claim protocol in one place.
//!
//! Every write is a conditional put of the whole item. An attempt first *claims* the image, which
//! excludes all others until the attempt's own deadline has passed; it then records the result and,
//! once the notification was published, that it was. Whoever dies in between leaves a claim that runs out
//! by itself, so that the next delivery repeats the work from the start.

use std::time::SystemTime;

use contract::item::{Item, Record, Status};
use uuid::Uuid;

/// What stands in the table in the way of a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The key that owns the image id.
    pub original_key: String,
    /// The version that was claimed or recorded.
    pub sequencer: String,
    /// Who wrote it.
    pub attempt: Uuid,
    /// Until when that attempt excludes others.
    pub claimed_until: SystemTime,
    /// Whether its result is complete.
    pub notified: bool,
    /// When this version was last asked to be done again.
    pub reprocess: Option<u64>,
    /// What subscribers know of it.
    pub announced: Option<Announced>,
}

/// What subscribers were notified of: nothing that a repetition leaves as it was is worth another notification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announced {
    status: String,
    reason: Option<String>,
    /// Key, width, height and size of the first thumbnail.
    first: Option<(String, u64, u64, u64)>,
    others: Vec<String>,
}

impl Announced {
    /// What the notification of `item` says.
    #[must_use]
    pub fn of(item: &Item) -> Self {
        let first = item.thumbnails.first();
        let first = first.map(|it| (it.key.clone(), it.width.into(), it.height.into(), it.bytes));
        Self {
            status: item.status.name().to_owned(),
            reason: item.refused.as_ref().map(|it| it.reason.to_owned()),
            first,
            others: item.thumbnails.iter().skip(1).map(|it| it.key.clone()).collect(),
        }
    }

    /// What the notification of an item in the table said; `None` where there was none.
    fn read(record: &Record) -> Option<Self> {
        if record.notified != Some(true) || record.status == Status::Processing.name() {
            return None;
        }
        let size = record.thumbnail_width.zip(record.thumbnail_height).zip(record.thumbnail_bytes);
        let first = record.processed_key.clone().zip(size);
        Some(Self {
            status: record.status.clone(),
            reason: record.reason.clone(),
            first: first.map(|(key, ((width, height), bytes))| (key, width, height, bytes)),
            others: record.other_thumbnails.clone(),
        })
    }
}

impl Standing {
    /// What another attempt would see of `item`.
    #[must_use]
    pub fn of(item: &Item) -> Self {
        Self {
            original_key: item.original_key.clone(),
            sequencer: item.sequencer.clone(),
            attempt: item.attempt,
            claimed_until: item.claimed_until,
            notified: item.notified,
            reprocess: item.reprocess,
            announced: item.notified.then(|| Announced::of(item)),
        }
    }

    /// The attributes in the table; `None` when an attribute of the protocol is missing.
    #[must_use]
    pub fn read(record: Record) -> Option<Self> {
        let announced = Announced::read(&record);
        Some(Self {
            original_key: Some(record.original_key).filter(|key| !key.is_empty())?,
            sequencer: Some(record.sequencer).filter(|sequencer| !sequencer.is_empty())?,
            attempt: record.attempt?,
            claimed_until: record.claimed_until?,
            notified: record.notified?,
            reprocess: record.reprocess,
            announced,
        })
    }

    /// Orders what may be done of one key: by version, then by when it was asked to be done again.
    fn version(&self) -> (&str, Option<u64>) {
        (&self.sequencer, self.reprocess)
    }
}

/// The version that `item` is about, in the order of [`Standing::version`].
fn version(item: &Item) -> (&str, Option<u64>) {
    (&item.sequencer, item.reprocess)
}

/// The condition of a conditional put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Nobody else is at work on the image at this moment, it belongs to the same key, and this very
    /// version is not complete, nor any newer one begun. A version that was asked to be done again is newer than what
    /// was asked for earlier, and older than any later upload.
    Free(SystemTime),
    /// As `Free`, and there is an item: the image goes on under an id that its key does not certify.
    Known(SystemTime),
    /// An attempt at this very version and request has begun, has not completed it, and is not at work at this moment.
    Begun(SystemTime),
    /// The item is still the one that this attempt wrote.
    Mine,
}

impl Condition {
    /// Whether `item` may be written over `standing`; adapters state the same to their database.
    #[must_use]
    pub fn allows(self, item: &Item, standing: Option<&Standing>) -> bool {
        match (self, standing) {
            (Self::Free(_), None) => true,
            (Self::Known(_), None) => false,
            (Self::Free(now) | Self::Known(now), Some(standing)) => {
                let free = standing.notified || standing.claimed_until < now;
                let news = standing.version() < version(item)
                    || (standing.version() == version(item) && !standing.notified);
                standing.original_key == item.original_key && free && news
            }
            (Self::Begun(now), standing) => standing.is_some_and(|standing| {
                standing.original_key == item.original_key
                    && standing.version() == version(item)
                    && !standing.notified
                    && standing.claimed_until < now
            }),
            (Self::Mine, standing) => standing.is_some_and(|it| it.attempt == item.attempt),
        }
    }
}

/// Why a claim was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// The id belongs to another key: this upload tries to take it.
    OtherOwner,
    /// This version is complete.
    Complete,
    /// A newer version has come.
    Superseded,
    /// Another attempt at the same version is at work until then.
    Running(SystemTime),
    /// An attempt at an earlier version is at work until then.
    Busy(SystemTime),
}

impl Obstacle {
    /// What `standing` means for the claim of `item`.
    #[must_use]
    pub fn of(standing: &Standing, item: &Item) -> Self {
        if standing.original_key != item.original_key {
            Self::OtherOwner
        } else if standing.version() > version(item) {
            Self::Superseded
        } else if standing.version() == version(item) && standing.notified {
            Self::Complete
        } else if standing.version() == version(item) {
            Self::Running(standing.claimed_until)
        } else {
            Self::Busy(standing.claimed_until)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use contract::s3_event::Upload;

    use super::*;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn claim(key: &str, sequencer: &str, until: u64) -> Item {
        let upload = Upload {
            bucket: "b".to_owned(),
            key: key.to_owned(),
            at: UNIX_EPOCH,
            sequencer: sequencer.to_owned(),
            reprocess: None,
        };
        Item::claim(Uuid::nil(), &upload, Uuid::now_v7(), at(until))
    }

    fn complete(key: &str, sequencer: &str) -> Standing {
        Standing { notified: true, ..Standing::of(&claim(key, sequencer, 100)) }
    }

    #[test]
    fn an_unknown_image_may_be_claimed() {
        assert!(Condition::Free(at(0)).allows(&claim("k", "1", 9), None));
        assert!(!Condition::Mine.allows(&claim("k", "1", 9), None));
        assert!(!Condition::Known(at(0)).allows(&claim("k", "1", 9), None));
    }

    #[test]
    fn a_known_image_is_claimed_as_any_other_that_stands() {
        let mine = claim("k", "2", 9);
        for standing in [
            complete("k", "1"),
            complete("k", "2"),
            complete("other", "1"),
            Standing::of(&claim("k", "1", 7)),
        ] {
            for now in [0, 500] {
                let allowed = Condition::Known(at(now)).allows(&mine, Some(&standing));
                assert_eq!(allowed, Condition::Free(at(now)).allows(&mine, Some(&standing)), "{standing:?}");
            }
        }
    }

    #[test]
    fn a_complete_version_is_done_once_and_a_newer_one_may_follow_at_once() {
        let standing = complete("k", "1");

        assert!(!Condition::Free(at(500)).allows(&claim("k", "1", 9), Some(&standing)));
        assert_eq!(Obstacle::of(&standing, &claim("k", "1", 9)), Obstacle::Complete);
        assert!(Condition::Free(at(0)).allows(&claim("k", "2", 9), Some(&standing)));
    }

    #[test]
    fn an_older_version_never_wins() {
        let standing = complete("k", "2");

        assert!(!Condition::Free(at(500)).allows(&claim("k", "1", 9), Some(&standing)));
        assert_eq!(Obstacle::of(&standing, &claim("k", "1", 9)), Obstacle::Superseded);
    }

    fn again(at: u64) -> Item {
        Item { reprocess: Some(at), ..claim("k", "1", 9) }
    }

    #[test]
    fn a_complete_version_is_done_again_once_for_each_time_that_this_is_asked_for() {
        let standing = complete("k", "1");
        assert!(Condition::Free(at(500)).allows(&again(7), Some(&standing)));

        let standing = Standing { notified: true, ..Standing::of(&again(7)) };
        assert!(!Condition::Free(at(500)).allows(&again(7), Some(&standing)));
        assert_eq!(Obstacle::of(&standing, &again(7)), Obstacle::Complete);
        assert!(Condition::Free(at(500)).allows(&again(8), Some(&standing)));
        for earlier in [again(6), claim("k", "1", 9)] {
            assert!(!Condition::Free(at(500)).allows(&earlier, Some(&standing)));
            assert_eq!(Obstacle::of(&standing, &earlier), Obstacle::Superseded);
        }
    }

    #[test]
    fn only_what_an_attempt_at_the_same_request_has_begun_is_gone_on_with() {
        let begun = Standing::of(&again(7));
        assert!(Condition::Begun(at(10)).allows(&again(7), Some(&begun)));
        assert!(!Condition::Begun(at(9)).allows(&again(7), Some(&begun)), "it is at work");
        for other in [again(8), again(6), claim("k", "1", 9)] {
            assert!(!Condition::Begun(at(10)).allows(&other, Some(&begun)));
        }
        let complete = Standing { notified: true, ..begun };
        assert!(!Condition::Begun(at(10)).allows(&again(7), Some(&complete)));
        assert!(!Condition::Begun(at(10)).allows(&again(7), None));
    }

    #[test]
    fn a_newer_upload_wins_over_whatever_was_asked_to_be_done_again() {
        let running = Standing::of(&Item { claimed_until: at(0), ..again(7) });
        assert!(Condition::Free(at(500)).allows(&claim("k", "2", 9), Some(&running)));
        let newer = complete("k", "2");
        assert!(!Condition::Free(at(500)).allows(&again(u64::MAX), Some(&newer)));
        assert_eq!(Obstacle::of(&newer, &again(u64::MAX)), Obstacle::Superseded);
    }

    #[test]
    fn a_running_attempt_excludes_others_until_its_deadline_and_no_longer() {
        let standing = Standing::of(&claim("k", "1", 100));
        for sequencer in ["1", "2"] {
            assert!(!Condition::Free(at(100)).allows(&claim("k", sequencer, 9), Some(&standing)));
            assert!(Condition::Free(at(101)).allows(&claim("k", sequencer, 9), Some(&standing)));
        }
        assert_eq!(Obstacle::of(&standing, &claim("k", "1", 9)), Obstacle::Running(at(100)));
        assert_eq!(Obstacle::of(&standing, &claim("k", "2", 9)), Obstacle::Busy(at(100)));
    }

    #[test]
    fn another_key_never_gets_the_image_in_any_state() {
        for standing in [complete("k", "1"), Standing::of(&claim("k", "1", 0))] {
            assert!(!Condition::Free(at(500)).allows(&claim("thief", "9", 9), Some(&standing)));
            assert_eq!(Obstacle::of(&standing, &claim("thief", "9", 9)), Obstacle::OtherOwner);
        }
    }

    #[test]
    fn a_result_is_recorded_only_by_the_attempt_whose_claim_stands() {
        let mine = claim("k", "1", 9);

        assert!(Condition::Mine.allows(&mine, Some(&Standing::of(&mine))));
        assert!(!Condition::Mine.allows(&mine, Some(&Standing::of(&claim("k", "1", 9)))));
    }
}
