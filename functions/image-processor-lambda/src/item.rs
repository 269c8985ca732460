//! The item of an image, and who may write it: the whole protocol in one place.
//!
//! Every write is a conditional put of the whole item. An attempt first *claims* the image, which
//! excludes all others until the attempt's own deadline has passed; it then records the result and,
//! once the topic was told, that it was told. Whoever dies in between leaves a claim that runs out
//! by itself, so that the next delivery repeats the work from the start.

use std::time::SystemTime;

use uuid::Uuid;

use contract::s3_event::Upload;

/// The version of the item's attributes.
pub const SCHEMA_VERSION: u32 = 1;

/// How far an image is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// An attempt has claimed it.
    Processing,
    /// The thumbnail exists.
    Done,
    /// There will be none.
    Failed,
}

impl Status {
    /// The attribute's value.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Processing => "PROCESSING",
            Self::Done => "DONE",
            Self::Failed => "FAILED",
        }
    }
}

/// What is known of an original once it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Original {
    /// Its entity tag, without quotes.
    pub e_tag: Option<String>,
    /// Its size.
    pub bytes: Option<u64>,
    /// Its type by content, never by name.
    pub content_type: Option<&'static str>,
    /// Its upright width in pixels.
    pub width: Option<u32>,
    /// Its upright height in pixels.
    pub height: Option<u32>,
}

/// A stored thumbnail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its key in the processed bucket.
    pub key: String,
    /// Its width in pixels.
    pub width: u32,
    /// Its height in pixels.
    pub height: u32,
    /// Its size.
    pub bytes: u64,
}

/// Why an image has no thumbnail, in a word for programs and a sentence for its owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// One word of a closed set.
    pub reason: &'static str,
    /// What is wrong and what to do.
    pub message: String,
}

/// The whole item of one image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The table's key.
    pub image_id: Uuid,
    /// The original's key.
    pub original_key: String,
    /// The version of the original that this is about.
    pub sequencer: String,
    /// How far the image is.
    pub status: Status,
    /// The thumbnails, first the one that `processedS3Key` names; empty unless done.
    pub thumbnails: Vec<Stored>,
    /// Why there is none; only when failed.
    pub refused: Option<Refused>,
    /// What is known of the original.
    pub original: Original,
    /// Whose it is.
    pub user_id: Option<String>,
    /// When the upload ended.
    pub uploaded_at: SystemTime,
    /// When the result was recorded.
    pub processed_at: Option<SystemTime>,
    /// The upload's trace.
    pub trace_id: Option<String>,
    /// The attempt that wrote this.
    pub attempt: Uuid,
    /// Until when that attempt excludes others.
    pub claimed_until: SystemTime,
    /// Whether the topic was told of this result.
    pub notified: bool,
}

impl Item {
    /// The claim of `attempt` on `image_id`.
    #[must_use]
    pub fn claim(image_id: Uuid, upload: &Upload, attempt: Uuid, until: SystemTime) -> Self {
        Self {
            image_id,
            original_key: upload.key.clone(),
            sequencer: upload.sequencer.clone(),
            status: Status::Processing,
            thumbnails: Vec::new(),
            refused: None,
            original: Original::default(),
            user_id: contract::image_id::user_id(&upload.key).map(str::to_owned),
            uploaded_at: upload.at,
            processed_at: None,
            trace_id: None,
            attempt,
            claimed_until: until,
            notified: false,
        }
    }

    /// What another attempt would see of this item.
    #[must_use]
    pub fn standing(&self) -> Standing {
        Standing {
            original_key: self.original_key.clone(),
            sequencer: self.sequencer.clone(),
            attempt: self.attempt,
            claimed_until: self.claimed_until,
            notified: self.notified,
        }
    }
}

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

/// The condition of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// Nobody else is at work on the image at this moment, it belongs to the same key, and this very
    /// version is not complete, nor any newer one begun.
    Free(SystemTime),
    /// The item is still the one that this attempt wrote.
    Mine,
}

impl Guard {
    /// Whether `item` may be written over `standing`; adapters state the same to their database.
    #[must_use]
    pub fn allows(self, item: &Item, standing: Option<&Standing>) -> bool {
        match (self, standing) {
            (Self::Free(_), None) => true,
            (Self::Free(now), Some(standing)) => {
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
        Standing { notified: true, ..claim(key, sequencer, 100).standing() }
    }

    #[test]
    fn an_unknown_image_may_be_claimed() {
        assert!(Guard::Free(at(0)).allows(&claim("k", "1", 9), None));
        assert!(!Guard::Mine.allows(&claim("k", "1", 9), None));
    }

    #[test]
    fn a_complete_version_is_done_once_and_a_newer_one_may_follow_at_once() {
        let standing = complete("k", "1");

        assert!(!Guard::Free(at(500)).allows(&claim("k", "1", 9), Some(&standing)));
        assert_eq!(Obstacle::of(&standing, &claim("k", "1", 9)), Obstacle::Complete);
        assert!(Guard::Free(at(0)).allows(&claim("k", "2", 9), Some(&standing)));
    }

    #[test]
    fn an_older_version_never_wins() {
        let standing = complete("k", "2");

        assert!(!Guard::Free(at(500)).allows(&claim("k", "1", 9), Some(&standing)));
        assert_eq!(Obstacle::of(&standing, &claim("k", "1", 9)), Obstacle::Superseded);
    }

    #[test]
    fn a_running_attempt_excludes_others_until_its_deadline_and_no_longer() {
        let standing = claim("k", "1", 100).standing();
        for sequencer in ["1", "2"] {
            assert!(!Guard::Free(at(100)).allows(&claim("k", sequencer, 9), Some(&standing)));
            assert!(Guard::Free(at(101)).allows(&claim("k", sequencer, 9), Some(&standing)));
        }
        assert_eq!(Obstacle::of(&standing, &claim("k", "1", 9)), Obstacle::Busy(at(100)));
    }

    #[test]
    fn another_key_never_gets_the_image_in_any_state() {
        for standing in [complete("k", "1"), claim("k", "1", 0).standing()] {
            assert!(!Guard::Free(at(500)).allows(&claim("thief", "9", 9), Some(&standing)));
            assert_eq!(Obstacle::of(&standing, &claim("thief", "9", 9)), Obstacle::OtherOwner);
        }
    }

    #[test]
    fn a_result_is_recorded_only_by_the_attempt_whose_claim_stands() {
        let mine = claim("k", "1", 9);

        assert!(Guard::Mine.allows(&mine, Some(&mine.standing())));
        assert!(!Guard::Mine.allows(&mine, Some(&claim("k", "1", 9).standing())));
    }
}
