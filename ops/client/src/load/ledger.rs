//! Ledger of a load: what was sent, and what became of each upload.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use contract::item::Record;
use contract::time::unix_millis;

use super::latency::{Latencies, Part};
use super::mix::Kind;

/// Later than this after its time, an upload counts as sent late.
const LATE: Duration = Duration::from_millis(50);

/// One upload, at its end.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) kind: Kind,
    /// How long after its time the generator began it.
    pub(super) lag: Duration,
    /// How often its bytes were stored.
    pub(super) puts: usize,
    pub(super) image_id: Option<String>,
    pub(super) end: End,
    pub(super) latencies: Vec<(Part, Duration)>,
}

/// How an upload ended.
#[derive(Debug)]
pub(super) enum End {
    /// It has an item that says so.
    Item { status: String, reason: Option<String> },
    /// It was stored, and no result came.
    None,
    /// It was not stored, for this reason.
    NotUploaded(String),
}

/// What became of a load.
#[derive(Debug)]
pub struct Ledger {
    /// How many uploads were due.
    pub sent: usize,
    /// How many objects were stored; of duplicates, two.
    pub puts: usize,
    /// How many upload URLs were handed out.
    pub urls: usize,
    /// Images that ended `DONE`.
    pub done: usize,
    /// Images that ended `FAILED`, by reason.
    pub refused: BTreeMap<String, usize>,
    /// Uploads that were not stored, by what the user saw.
    pub not_uploaded: BTreeMap<String, usize>,
    /// Images without a result: lost, or in the dead-letter queue.
    pub unended: Vec<String>,
    /// Images that ended otherwise than their kind does, and how.
    pub unexpected: Vec<String>,
    /// Images that were to be sent twice.
    pub duplicates: usize,
    /// Notifications by image.
    pub notifications: BTreeMap<String, usize>,
    /// Answers 429, all of which were retried.
    pub throttled: usize,
    /// Other refusals that were retried.
    pub retried: usize,
    /// Uploads that the generator itself began late.
    pub late: usize,
    /// The most that it was late.
    pub most_late: Duration,
    /// From the first upload's time to the last one's begin.
    pub sending: Duration,
    /// Until the last result.
    pub took: Duration,
    /// How long the parts took.
    pub latencies: Latencies,
    ended: BTreeSet<String>,
}

impl Ledger {
    pub(super) fn new(latencies: Latencies) -> Self {
        Self {
            sent: 0,
            puts: 0,
            urls: 0,
            done: 0,
            refused: BTreeMap::new(),
            not_uploaded: BTreeMap::new(),
            unended: Vec::new(),
            unexpected: Vec::new(),
            duplicates: 0,
            notifications: BTreeMap::new(),
            throttled: 0,
            retried: 0,
            late: 0,
            most_late: Duration::ZERO,
            sending: Duration::ZERO,
            took: Duration::ZERO,
            latencies,
            ended: BTreeSet::new(),
        }
    }

    pub(super) fn add(&mut self, sent: Sent) {
        self.sent += 1;
        self.puts += sent.puts;
        self.duplicates += usize::from(sent.kind == Kind::Duplicate);
        self.late += usize::from(sent.lag > LATE);
        self.most_late = self.most_late.max(sent.lag);
        for (part, latency) in sent.latencies {
            self.latencies.add(part, latency);
        }
        let image_id = sent.image_id.unwrap_or_default();
        match sent.end {
            End::NotUploaded(reason) => *self.not_uploaded.entry(reason).or_default() += 1,
            End::None => self.unended.push(image_id),
            End::Item { status, reason } => {
                if status != sent.kind.status() {
                    let reason = reason.as_deref().unwrap_or_default();
                    self.unexpected.push(format!("{image_id}: {} ended {status} {reason}", sent.kind.name()));
                }
                match reason {
                    Some(reason) => *self.refused.entry(reason).or_default() += 1,
                    None => self.done += 1,
                }
                self.ended.insert(image_id);
            }
        }
    }

    /// The images that were stored.
    pub fn images(&self) -> impl Iterator<Item = &str> {
        self.ended.iter().chain(&self.unended).map(String::as_str)
    }

    /// How many images have a result.
    #[must_use]
    pub fn ended(&self) -> usize {
        self.ended.len()
    }

    /// Keeps of these notifications, by image, those that are about this load.
    pub(super) fn notified(&mut self, notifications: &BTreeMap<String, usize>) {
        let own = notifications.iter().filter(|(id, _)| self.ended.contains(*id));
        self.notifications = own.map(|(id, count)| (id.clone(), *count)).collect();
    }

    /// Images whose result was recorded and that nobody was notified of.
    #[must_use]
    pub fn not_notified(&self) -> Vec<&str> {
        let ended = self.ended.iter().map(String::as_str);
        ended.filter(|id| !self.notifications.contains_key(*id)).collect()
    }

    /// Notifications beyond the first of each image.
    #[must_use]
    pub fn notified_again(&self) -> usize {
        self.notifications.values().map(|count| count.saturating_sub(1)).sum()
    }

    /// Uploads a second that were begun.
    #[must_use]
    pub fn achieved_rate(&self) -> f64 {
        let sent = f64::from(u32::try_from(self.sent).unwrap_or(u32::MAX));
        if self.sending.is_zero() { sent } else { sent / self.sending.as_secs_f64() }
    }

    /// Whether everything that was sent ended as it must, and everybody was notified.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.unended.is_empty()
            && self.unexpected.is_empty()
            && self.not_uploaded.is_empty()
            && self.not_notified().is_empty()
    }
}

/// When the result was recorded.
pub(super) fn processed_at(item: &Record) -> Option<SystemTime> {
    let millis = u64::try_from(unix_millis(item.processed_at.as_deref()?)?).ok()?;
    Some(UNIX_EPOCH + Duration::from_millis(millis))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(kind: Kind, id: &str, end: End) -> Sent {
        let lag = Duration::from_millis(60);
        Sent { kind, lag, puts: 1, image_id: Some(id.to_owned()), end, latencies: Vec::new() }
    }

    fn item(status: &str, reason: Option<&str>) -> End {
        End::Item { status: status.to_owned(), reason: reason.map(str::to_owned) }
    }

    fn ledger(all: Vec<Sent>, notified: &[&str]) -> Ledger {
        let mut ledger = Ledger::new(Latencies::new().unwrap());
        for sent in all {
            ledger.add(sent);
        }
        for id in notified {
            *ledger.notifications.entry((*id).to_owned()).or_default() += 1;
        }
        ledger
    }

    #[test]
    fn load_is_whole_when_each_upload_ended_as_its_kind_does_and_everybody_was_notified() {
        let good = || {
            vec![
                sent(Kind::Photo, "a", item("DONE", None)),
                sent(Kind::Broken, "b", item("FAILED", Some("NotAnImage"))),
            ]
        };
        let whole = ledger(good(), &["a", "b", "b"]);
        assert!(whole.is_whole());
        assert_eq!((whole.done, whole.refused["NotAnImage"], whole.notified_again()), (1, 1, 1));
        assert_eq!((whole.late, whole.most_late), (2, Duration::from_millis(60)));

        assert_eq!(ledger(good(), &["a"]).not_notified(), ["b"]);
        for (id, end) in [
            ("c", End::None),
            ("c", item("FAILED", Some("TooSlow"))),
            ("c", End::NotUploaded("503".to_owned())),
        ] {
            let all = good().into_iter().chain([sent(Kind::Photo, id, end)]).collect();
            assert!(!ledger(all, &["a", "b", "c"]).is_whole());
        }
    }
}
