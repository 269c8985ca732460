//! Storage: what of a bucket lies in which class, and what moves, by the template's lifecycle rules.

use crate::template::Settings;

/// Days of a month.
const MONTH_DAYS: f64 = 30.0;
/// Bytes below which S3 moves no object.
const LEAST_MOVED: f64 = 131_072.0;
/// Months after which an object goes to Standard-IA.
const UNTIL_INFREQUENT: f64 = 1.0;
/// Months after which an object goes to Glacier.
const UNTIL_ARCHIVED: f64 = 3.0;

/// Objects of a bucket, each number in months' worth of uploads.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Stored {
    /// In Standard.
    pub standard: f64,
    /// In Standard-IA.
    pub infrequent: f64,
    /// In Glacier Flexible Retrieval.
    pub archived: f64,
    /// What went to Standard-IA within the last month.
    pub to_infrequent: f64,
    /// What went to Glacier within the last month.
    pub to_archive: f64,
}

impl Stored {
    /// Objects of `bytes` each after `months` of uploads.
    #[must_use]
    pub fn of(settings: &Settings, lifecycle: &str, bytes: f64, months: f64) -> Self {
        let moves = lifecycle != "none" && bytes >= LEAST_MOVED;
        let infrequent = if moves { UNTIL_INFREQUENT } else { f64::INFINITY };
        let archived = if moves && lifecycle == "archive" { UNTIL_ARCHIVED } else { f64::INFINITY };
        let (kept, expiry) = (kept_months(settings, months), expiry_months(settings));
        // Of a rule that moves and one that deletes on the same day, S3 obeys the one that deletes.
        let within_month = |age: f64| if expiry > age { (months - age).clamp(0.0, 1.0) } else { 0.0 };
        Self {
            standard: kept.min(infrequent),
            infrequent: (kept.min(archived) - infrequent).max(0.0),
            archived: (kept - archived).max(0.0),
            to_infrequent: within_month(infrequent),
            to_archive: within_month(archived),
        }
    }
}

/// How many months of uploads there still are after `months`: all, or as many as `ExpireObjectsAfterDays` leaves.
#[must_use]
pub fn kept_months(settings: &Settings, months: f64) -> f64 {
    months.min(expiry_months(settings))
}

fn expiry_months(settings: &Settings) -> f64 {
    if settings.expire_days > 0.0 { settings.expire_days / MONTH_DAYS } else { f64::INFINITY }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::tests::settings;

    fn of(lifecycle: &str, bytes: f64, months: f64) -> [f64; 5] {
        expiring("0", lifecycle, bytes, months)
    }

    fn expiring(days: &str, lifecycle: &str, bytes: f64, months: f64) -> [f64; 5] {
        let it = Stored::of(&settings(&[("ExpireObjectsAfterDays", days)]), lifecycle, bytes, months);
        [it.standard, it.infrequent, it.archived, it.to_infrequent, it.to_archive]
    }

    #[track_caller]
    fn same(one: [f64; 5], other: [f64; 5]) {
        assert_eq!(format!("{one:?}"), format!("{other:?}"));
    }

    #[test]
    fn objects_move_to_cheaper_classes_by_their_age() {
        same(of("none", 3.6e6, 5.0), [5.0, 0.0, 0.0, 0.0, 0.0]);
        same(of("infrequent-access", 3.6e6, 5.0), [1.0, 4.0, 0.0, 1.0, 0.0]);
        same(of("archive", 3.6e6, 0.5), [0.5, 0.0, 0.0, 0.0, 0.0]);
        same(of("archive", 3.6e6, 1.0), [1.0, 0.0, 0.0, 0.0, 0.0]);
        same(of("archive", 3.6e6, 2.0), [1.0, 1.0, 0.0, 1.0, 0.0]);
        same(of("archive", 3.6e6, 3.5), [1.0, 2.0, 0.5, 1.0, 0.5]);
        same(of("archive", 3.6e6, 12.0), [1.0, 2.0, 9.0, 1.0, 1.0]);
    }

    #[test]
    fn objects_below_128_kb_never_move() {
        same(of("archive", 131_071.0, 12.0), [12.0, 0.0, 0.0, 0.0, 0.0]);
        same(of("archive", 131_072.0, 12.0), [1.0, 2.0, 9.0, 1.0, 1.0]);
    }

    #[test]
    fn what_expires_is_neither_stored_nor_moved() {
        same(expiring("15", "archive", 3.6e6, 12.0), [0.5, 0.0, 0.0, 0.0, 0.0]);
        same(expiring("30", "archive", 3.6e6, 12.0), [1.0, 0.0, 0.0, 0.0, 0.0]);
        same(expiring("60", "archive", 3.6e6, 12.0), [1.0, 1.0, 0.0, 1.0, 0.0]);
        same(expiring("60", "archive", 3.6e6, 0.5), [0.5, 0.0, 0.0, 0.0, 0.0]);
        same(expiring("120", "none", 3.6e6, 12.0), [4.0, 0.0, 0.0, 0.0, 0.0]);
    }
}
