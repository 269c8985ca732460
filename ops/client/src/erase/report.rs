//! Report of an erasure.

use serde::Serialize;

/// How much there is of something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Images, by their originals and items.
    pub images: u64,
    /// Versions of originals, delete markers among them.
    pub originals: u64,
    /// The same of thumbnails.
    pub thumbnails: u64,
    /// Items of the table.
    pub items: u64,
    /// Messages of the dead-letter queue.
    pub dead_letters: u64,
    /// Whether the pool has the user.
    pub user: bool,
}

impl Counts {
    /// Whether there is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What was found, erased and left.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// What was there at the beginning.
    pub found: Counts,
    /// Uploads whose work had not ended, after they were waited for.
    pub under_way: u64,
    /// What this run has erased.
    pub erased: Counts,
    /// What was there at the end.
    pub left: Counts,
    /// From when on nothing that was given out before can upload: what came until then is erased by another run.
    pub again_after: Option<String>,
}
