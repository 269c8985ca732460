//! Cause: why a message is in the dead-letter queue, derived from its body and its image's item.

use contract::s3_event::Upload;
use serde::Serialize;

use super::content::{Content, image_id, image_ids};
use super::items::{Item, Items};

/// Why messages are here; those of one cause need the same action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// No S3 notification: nothing can process it.
    Malformed,
    /// About a bucket that is not this pipeline's.
    ForeignBucket,
    /// No record of this upload: the processor did not get as far as claiming the image.
    NeverClaimed,
    /// Claimed and never finished.
    Unfinished,
    /// Recorded, but the notification was not published.
    NotNotified,
    /// An upload whose record could not be read.
    Upload,
    /// The image is done, or a newer version of it is: nothing is left to do.
    Settled,
    /// S3's own test of the notification.
    TestEvent,
}

impl Cause {
    /// All of them, in the order of lists.
    pub const ALL: [Self; 8] = [
        Self::Malformed,
        Self::ForeignBucket,
        Self::NeverClaimed,
        Self::Unfinished,
        Self::NotNotified,
        Self::Upload,
        Self::Settled,
        Self::TestEvent,
    ];

    /// The one of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.name() == name)
    }

    /// Its name on the command line and in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::ForeignBucket => "foreign-bucket",
            Self::NeverClaimed => "never-claimed",
            Self::Unfinished => "unfinished",
            Self::NotNotified => "not-notified",
            Self::Upload => "upload",
            Self::Settled => "settled",
            Self::TestEvent => "test-event",
        }
    }

    /// What happened, in one line.
    #[must_use]
    pub const fn means(self) -> &'static str {
        match self {
            Self::Malformed => "no S3 notification: a defect of ours, something sent by hand, or an intruder",
            Self::ForeignBucket => "about a bucket that is not this pipeline's",
            Self::NeverClaimed => {
                "no record: S3 or DynamoDB refused the processor, or it died before claiming the image"
            }
            Self::Unfinished => {
                "claimed, never finished: it died, ran out of time or memory, or could not store the result"
            }
            Self::NotNotified => "recorded, but the notification could not be sent",
            Self::Upload => "an upload; its record could not be read, so nothing more is known",
            Self::Settled => "nothing is left to do: this version or a newer one is done",
            Self::TestEvent => "S3's test of the notification, of no consequence",
        }
    }

    /// What to do about it, in one line.
    #[must_use]
    pub const fn next(self) -> &'static str {
        match self {
            Self::Malformed | Self::ForeignBucket => {
                "keep it as evidence and find out who sent it: `ops dlq drop`; a redrive brings it back"
            }
            Self::NeverClaimed | Self::Unfinished | Self::NotNotified | Self::Upload => {
                "read the processor's log, mend the cause, then `ops dlq redrive`"
            }
            Self::Settled => {
                "`ops dlq redrive` (it is recognised, and not announced again) or `ops dlq drop`"
            }
            Self::TestEvent => "`ops dlq drop`",
        }
    }

    /// Whether the processor can never process it, so that a redrive is in vain.
    #[must_use]
    pub const fn is_unprocessable(self) -> bool {
        matches!(self, Self::Malformed | Self::ForeignBucket)
    }
}

/// The cause of a message and the upload that decided it.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The group it belongs to.
    pub cause: Cause,
    /// How its body differs from a notification, if it is malformed.
    pub defect: Option<String>,
    /// The upload that decided, if it is about any.
    pub image: Option<Image>,
}

/// The image that a message is about.
#[derive(Clone, Debug)]
pub struct Image {
    /// Its id.
    pub id: String,
    /// Its original.
    pub key: String,
    /// Its record, if there is one.
    pub item: Option<Item>,
}

/// Classifies a message by its content and the images' items, if they could be read; `bucket` is that of uploads, if
/// known.
#[must_use]
pub fn classify(content: &Content, bucket: Option<&str>, items: Option<&Items>) -> Finding {
    let alone = |cause, defect| Finding { cause, defect, image: None };
    match content {
        Content::TestEvent => alone(Cause::TestEvent, None),
        Content::Malformed(defect) => alone(Cause::Malformed, Some(defect.clone())),
        Content::Uploads(uploads) => {
            if bucket.is_some_and(|own| uploads.iter().any(|upload| upload.bucket != own)) {
                return alone(Cause::ForeignBucket, None);
            }
            let mut findings: Vec<Finding> = uploads.iter().map(|upload| of_upload(upload, items)).collect();
            // The processor handles records in order, so it stopped at the first that is not settled.
            let stopped = findings.iter().position(|finding| finding.cause != Cause::Settled);
            let decisive = stopped.unwrap_or(findings.len().saturating_sub(1));
            if findings.is_empty() { alone(Cause::Upload, None) } else { findings.swap_remove(decisive) }
        }
    }
}

fn of_upload(upload: &Upload, items: Option<&Items>) -> Finding {
    let known = |id: &String| items.and_then(|items| items.get(id));
    let is_own = |id: &String| known(id).is_some_and(|item| item.key == upload.key);
    let id = image_ids(upload).find(is_own).unwrap_or_else(|| image_id(upload));
    let item = known(&id);
    let cause = match (items, item) {
        (None, _) => Cause::Upload,
        (Some(_), None) => Cause::NeverClaimed,
        (Some(_), Some(item)) => of_item(upload, item),
    };
    let image = Image { id, key: upload.key.clone(), item: item.cloned() };
    Finding { cause, defect: None, image: Some(image) }
}

fn of_item(upload: &Upload, item: &Item) -> Cause {
    use std::cmp::Ordering::{Equal, Greater, Less};
    match item.sequencer.cmp(&upload.sequencer) {
        Greater => Cause::Settled,
        Less => Cause::NeverClaimed,
        Equal if item.notified => Cause::Settled,
        Equal if item.status == "PROCESSING" => Cause::Unfinished,
        Equal => Cause::NotNotified,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "019b76da-a0ab-8000-8000-2a27bfb5dfb0";

    fn upload(key: &str, sequencer: &str) -> Upload {
        Upload {
            bucket: "ours".into(),
            key: key.into(),
            at: std::time::UNIX_EPOCH,
            sequencer: sequencer.into(),
            reprocess: None,
        }
    }

    fn key() -> String {
        format!("user-uploads/alice/{ID}.jpg")
    }

    fn items(key: &str, sequencer: &str, status: &str, notified: bool) -> Items {
        let (key, sequencer, status) = (key.into(), sequencer.into(), status.into());
        [(ID.to_owned(), Item { status, notified, key, sequencer, ..Item::default() })].into()
    }

    fn cause(sequencer: &str, items: Option<&Items>) -> Cause {
        classify(&Content::Uploads(vec![upload(&key(), sequencer)]), Some("ours"), items).cause
    }

    #[test]
    fn record_shows_how_far_the_processor_came() {
        for (sequencer, status, notified, expected) in [
            ("2", "PROCESSING", false, Cause::Unfinished),
            ("2", "DONE", false, Cause::NotNotified),
            ("2", "FAILED", true, Cause::Settled),
            ("1", "PROCESSING", false, Cause::Settled),
            ("3", "DONE", true, Cause::NeverClaimed),
        ] {
            let items = items(&key(), "2", status, notified);
            assert_eq!(cause(sequencer, Some(&items)), expected, "{sequencer} {status} {notified}");
        }
        assert_eq!(cause("1", Some(&Items::new())), Cause::NeverClaimed);
        assert_eq!(cause("1", None), Cause::Upload);
    }

    #[test]
    fn image_that_an_earlier_release_has_begun_is_found_under_the_id_that_it_had_there() {
        let former = "019b76da-a0ab-7cc1-9f0e-5d2a3c4b6e71";
        let own = format!("user-uploads/alice/{former}.jpg");
        let found = |owner: &str| {
            let (status, key, sequencer) = ("DONE".into(), owner.into(), "1".into());
            let item = Item { status, notified: true, key, sequencer, ..Item::default() };
            let items: Items = [(former.to_owned(), item)].into();
            classify(&Content::Uploads(vec![upload(&own, "1")]), None, Some(&items))
        };

        let known = found(&own);
        assert_eq!((known.cause, known.image.unwrap().id.as_str()), (Cause::Settled, former));
        let of_another = found("user-uploads/mallory/x.jpg");
        let derived = contract::image_id::derived_id(&own).to_string();
        assert_eq!((of_another.cause, of_another.image.unwrap().id), (Cause::NeverClaimed, derived));
    }

    #[test]
    fn message_about_several_uploads_is_where_the_first_of_them_is_that_is_not_settled() {
        let items = items(&key(), "2", "DONE", true);
        let both = Content::Uploads(vec![upload(&key(), "2"), upload("user-uploads/u/cat.jpg", "1")]);
        let finding = classify(&both, Some("ours"), Some(&items));
        assert_eq!(finding.cause, Cause::NeverClaimed);
        assert_eq!(finding.image.unwrap().key, "user-uploads/u/cat.jpg");
        let one = Content::Uploads(vec![upload(&key(), "2")]);
        assert_eq!(classify(&one, None, Some(&items)).image.unwrap().id, ID);
    }

    #[test]
    fn what_is_no_upload_of_ours_has_a_cause_of_its_own() {
        let foreign = Content::Uploads(vec![Upload { bucket: "theirs".into(), ..upload(&key(), "1") }]);
        assert_eq!(classify(&foreign, Some("ours"), None).cause, Cause::ForeignBucket);
        assert_eq!(classify(&foreign, None, None).cause, Cause::Upload);
        assert_eq!(classify(&Content::TestEvent, None, None).cause, Cause::TestEvent);
        let malformed = classify(&Content::Malformed("it is no JSON".to_owned()), None, None);
        assert_eq!((malformed.cause, malformed.defect.as_deref()), (Cause::Malformed, Some("it is no JSON")));
    }

    #[test]
    fn causes_have_the_same_name_everywhere() {
        for cause in Cause::ALL {
            assert_eq!(Cause::named(cause.name()), Some(cause));
            assert_eq!(serde_json::json!(cause), cause.name());
        }
        assert_eq!(Cause::named("other"), None);
    }
}
