//! The condition of each write to the table: the claim protocol in one place.
//!
//! Every write is a conditional put of the whole item. An attempt first *claims* the image, which
//! excludes all others until the attempt's own deadline has passed; it then records the result and,
//! once the notification was published, that it was. Whoever dies in between leaves a claim that runs out
//! by itself, so that the next delivery repeats the work from the start.

use std::time::SystemTime;

use contract::item::{Item, Record};
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
        }
    }

    /// The attributes in the table; `None` when an attribute of the protocol is missing.
    #[must_use]
    pub fn read(record: Record) -> Option<Self> {
        Some(Self {
            original_key: Some(record.original_key).filter(|key| !key.is_empty())?,
            sequencer: Some(record.sequencer).filter(|sequencer| !sequencer.is_empty())?,
            attempt: record.attempt?,
            claimed_until: record.claimed_until?,
            notified: record.notified?,
        })
    }
}

/// The condition of a conditional put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Nobody else is at work on the image at this moment, it belongs to the same key, and this very
    /// version is not complete, nor any newer one begun.
    Free(SystemTime),
    /// As `Free`, and there is an item: the image goes on under an id that its key does not certify.
    Known(SystemTime),
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
                let news = standing.sequencer < item.sequencer
                    || (standing.sequencer == item.sequencer && !standing.notified);
                standing.original_key == item.original_key && free && news
            }
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
    /// Another attempt is at work until then.
    Busy(SystemTime),
}

impl Obstacle {
    /// What `standing` means for the claim of `item`.
    #[must_use]
    pub fn of(standing: &Standing, item: &Item) -> Self {
        if standing.original_key != item.original_key {
            Self::OtherOwner
        } else if standing.sequencer > item.sequencer {
            Self::Superseded
        } else if standing.sequencer == item.sequencer && standing.notified {
            Self::Complete
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

    #[test]
    fn a_running_attempt_excludes_others_until_its_deadline_and_no_longer() {
        let standing = Standing::of(&claim("k", "1", 100));
        for sequencer in ["1", "2"] {
            assert!(!Condition::Free(at(100)).allows(&claim("k", sequencer, 9), Some(&standing)));
            assert!(Condition::Free(at(101)).allows(&claim("k", sequencer, 9), Some(&standing)));
        }
        assert_eq!(Obstacle::of(&standing, &claim("k", "1", 9)), Obstacle::Busy(at(100)));
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
