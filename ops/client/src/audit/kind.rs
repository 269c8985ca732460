//! Kinds of violations: what was seen, and what to do about it.

use serde::Serialize;

/// A kind of violation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// An object without an item.
    NoItem,
    /// An object whose item is PROCESSING, and nobody is at work on it.
    Unfinished,
    /// An object whose item is about another version.
    Outdated,
    /// A result that nobody was notified of.
    NotNotified,
    /// A DONE item without a thumbnail that it names.
    MissingThumbnail,
    /// A thumbnail that is not as its item describes it.
    ThumbnailDiffers,
    /// A FAILED item with a thumbnail of the same version.
    FailedWithThumbnail,
    /// A thumbnail without an item.
    OrphanThumbnail,
    /// A thumbnail that its image's item does not name.
    UnnamedThumbnail,
    /// An item without an object, which S3 did not delete by itself.
    ItemWithoutObject,
    /// An item whose id is not the one of its key.
    ForeignItem,
    /// An item that the processor does not write like this.
    MalformedItem,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 12] = [
        Self::NoItem,
        Self::Unfinished,
        Self::Outdated,
        Self::NotNotified,
        Self::MissingThumbnail,
        Self::ThumbnailDiffers,
        Self::FailedWithThumbnail,
        Self::OrphanThumbnail,
        Self::UnnamedThumbnail,
        Self::ItemWithoutObject,
        Self::ForeignItem,
        Self::MalformedItem,
    ];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoItem => "no-item",
            Self::Unfinished => "unfinished",
            Self::Outdated => "outdated",
            Self::NotNotified => "not-notified",
            Self::MissingThumbnail => "missing-thumbnail",
            Self::ThumbnailDiffers => "thumbnail-differs",
            Self::FailedWithThumbnail => "failed-with-thumbnail",
            Self::OrphanThumbnail => "orphan-thumbnail",
            Self::UnnamedThumbnail => "unnamed-thumbnail",
            Self::ItemWithoutObject => "item-without-object",
            Self::ForeignItem => "foreign-item",
            Self::MalformedItem => "malformed-item",
        }
    }

    /// What was seen, in one line.
    #[must_use]
    pub const fn means(self) -> &'static str {
        match self {
            Self::NoItem => "the table has no item for the object",
            Self::Unfinished => "the item is PROCESSING, and its claim has run out",
            Self::Outdated => "the item is about another version of the object",
            Self::NotNotified => "the result is recorded, and its notification was not published",
            Self::MissingThumbnail => "the item is DONE, and a thumbnail that it names does not exist",
            Self::ThumbnailDiffers => "the thumbnail is not as the item describes it",
            Self::FailedWithThumbnail => "the item is FAILED, and a thumbnail was written after the upload",
            Self::OrphanThumbnail => "the thumbnail belongs to no item",
            Self::UnnamedThumbnail => "the thumbnail is newer than the upload, and its item does not name it",
            Self::ItemWithoutObject => "the item's object does not exist, and no lifecycle rule explains it",
            Self::ForeignItem => "the item's id is not the one that its key has",
            Self::MalformedItem => "the processor writes no such item",
        }
    }

    /// What to do, in one line.
    #[must_use]
    pub const fn next(self) -> &'static str {
        match self {
            Self::NoItem | Self::Unfinished | Self::Outdated | Self::NotNotified => {
                "its message is lost: read the processor's log (runbooks/processing-stopped.md), then `ops reprocess --key KEY`"
            }
            Self::MissingThumbnail | Self::ThumbnailDiffers => {
                "somebody deleted or replaced it: see CloudTrail; `ops reprocess --key KEY` makes it again"
            }
            Self::FailedWithThumbnail | Self::MalformedItem => {
                "somebody else than the processor wrote the item: see CloudTrail; `ops reprocess --key KEY` writes it again"
            }
            Self::OrphanThumbnail => {
                "the item was deleted: restore it from point-in-time recovery, or delete the thumbnail as well"
            }
            Self::UnnamedThumbnail => "nothing needs it: delete it with `aws s3 rm`",
            Self::ItemWithoutObject => {
                "somebody deleted the upload: delete item and thumbnails as well if that was meant"
            }
            Self::ForeignItem => {
                "written before ids certified their keys, or by somebody else than the processor"
            }
        }
    }
}
