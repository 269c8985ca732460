//! Selection: which items `--reason`, `--status`, `--since` and `--side` select, and which images are named.

use contract::item::{Record, Status};
use contract::thumbnail_key;
use contract::time::unix_millis;
use uuid::Uuid;

use crate::cli::reprocess::{Ended, ReprocessArgs};

/// The filters; each kind must match.
#[derive(Clone, Debug, Default)]
pub(super) struct Selection {
    reasons: Vec<String>,
    status: Option<Ended>,
    since: Option<i64>,
    side: Option<u32>,
    pub(super) images: Vec<Uuid>,
    pub(super) keys: Vec<String>,
}

impl Selection {
    /// The selection of the arguments; `None` where they select everything.
    pub(super) fn of(args: &ReprocessArgs) -> Option<Self> {
        let selection = Self {
            reasons: args.reasons.clone(),
            status: args.status,
            since: args.since,
            side: args.side.map(std::num::NonZeroU32::get),
            images: args.images.clone(),
            keys: args.keys.clone(),
        };
        let is_named = !selection.images.is_empty() || !selection.keys.is_empty();
        (is_named || selection.needs_table()).then_some(selection)
    }

    /// Whether it selects by what items hold, so that all are looked at.
    pub(super) fn needs_table(&self) -> bool {
        !self.reasons.is_empty() || self.status.is_some() || self.since.is_some() || self.side.is_some()
    }

    /// Whether an item is selected. One without a result never is: its message is under way, or lost, which only
    /// whoever names it knows.
    pub(super) fn matches(&self, record: &Record) -> bool {
        let reason = record.reason.as_deref().unwrap_or_default();
        let recorded = || record.processed_at.as_deref().and_then(unix_millis);
        record.has_ended()
            && (self.reasons.is_empty() || self.reasons.iter().any(|wanted| wanted == reason))
            && self.status.is_none_or(|status| record.status == status.name())
            && self.since.is_none_or(|since| recorded().is_some_and(|at| at >= since))
            && self.side.is_none_or(|side| lacks(record, side))
    }
}

/// Whether a DONE item has no thumbnail of this side. The first one is not named after its side: it has it if it is as
/// large as one of that side would be.
fn lacks(record: &Record, side: u32) -> bool {
    if record.status != Status::Done.name() {
        return false;
    }
    let named = |key: &String| thumbnail_key::read(key).is_some_and(|(_, of)| of == Some(side));
    let larger =
        |width: Option<u64>, height: Option<u64>| width.zip(height).map(|(width, height)| width.max(height));
    let first = larger(record.thumbnail_width, record.thumbnail_height);
    let would_be = larger(record.width, record.height).map(|original| original.min(u64::from(side)));
    !record.other_thumbnails.iter().any(named) && (first.is_none() || first != would_be)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn done() -> Record {
        Record {
            status: "DONE".to_owned(),
            width: Some(4_000),
            height: Some(3_000),
            thumbnail_width: Some(256),
            thumbnail_height: Some(192),
            other_thumbnails: vec!["processed/019b76da-a0ab-8000-8000-2a27bfb5dfb0-64.jpg".to_owned()],
            processed_at: Some("1970-01-01T00:00:10Z".to_owned()),
            ..Record::default()
        }
    }

    fn failed(reason: &str) -> Record {
        let reason = Some(reason.to_owned());
        Record { status: "FAILED".to_owned(), reason, processed_at: done().processed_at, ..Record::default() }
    }

    #[test]
    fn every_kind_must_match_and_what_has_no_result_never_does() {
        let by_reason = Selection { reasons: vec!["UnsupportedFormat".to_owned()], ..Selection::default() };
        assert!(by_reason.matches(&failed("UnsupportedFormat")));
        assert!(!by_reason.matches(&failed("Corrupt")) && !by_reason.matches(&done()));
        let since = |since| Selection { since: Some(since), ..Selection::default() };
        assert!(since(10_000).matches(&done()) && !since(10_001).matches(&done()));
        let both = Selection { status: Some(Ended::Failed), ..since(0) };
        assert!(both.matches(&failed("Corrupt")) && !both.matches(&done()));
        assert!(!since(0).matches(&Record { status: "PROCESSING".to_owned(), ..done() }));
    }

    #[test]
    fn a_side_is_there_by_its_name_or_where_the_first_thumbnail_is_as_large() {
        let lacking = |side| Selection { side: Some(side), ..Selection::default() };
        assert!(lacking(512).matches(&done()));
        for there in [64, 256] {
            assert!(!lacking(there).matches(&done()), "{there}");
        }
        assert!(!lacking(512).matches(&failed("Corrupt")));
        // An original smaller than both sides has the same thumbnail for either.
        let small = Record {
            width: Some(100),
            height: Some(80),
            thumbnail_width: Some(100),
            thumbnail_height: Some(80),
            ..done()
        };
        assert!(!lacking(512).matches(&small));
    }
}
