//! Board of the observer: everything seen so far, written by the tasks that watch and read by its handles.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use cloudwatch_model::MetricStore;
use tokio::sync::watch;

use super::alarms::AlarmBoard;
use super::logs::LogStore;
use super::mail::MailStore;
use super::news::{Revisions, Topic};
use super::traces::TraceStore;
use crate::deploy::DeployedDashboard;

/// How long a source that failed is left alone.
pub(super) const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Everything seen so far.
#[derive(Debug, Default)]
pub struct Seen {
    /// Traces received.
    pub traces: TraceStore,
    /// Log lines read.
    pub logs: LogStore,
    /// Metrics: embedded in log lines, published, and reported by services.
    pub metrics: MetricStore,
    /// The alarms.
    pub alarms: AlarmBoard,
    /// The dashboards by name.
    pub dashboards: BTreeMap<String, DeployedDashboard>,
    /// Messages of the topics.
    pub mail: MailStore,
    /// Sources that fail right now, each with the reason.
    pub problems: BTreeMap<String, String>,
}

/// What the tasks write and the handles read.
#[derive(Debug)]
pub(super) struct Board {
    pub(super) seen: Mutex<Seen>,
    pub(super) revisions: watch::Sender<Revisions>,
}

impl Board {
    pub(super) fn of(seen: Seen) -> Self {
        Self { seen: Mutex::new(seen), revisions: watch::Sender::default() }
    }

    /// Changes what is seen of these topics and wakes who waits for it.
    pub(super) fn write<T>(&self, topics: &[Topic], change: impl FnOnce(&mut Seen) -> T) -> T {
        let outcome = change(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner));
        self.revisions.send_modify(|revisions| revisions.count(topics));
        outcome
    }

    pub(super) fn read<T>(&self, look: impl FnOnce(&Seen) -> T) -> T {
        look(&self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Notes how a source fares; only news wakes who waits.
    pub(super) fn note(&self, source: &str, failure: Option<String>) {
        if self.read(|seen| seen.problems.get(source) == failure.as_ref()) {
            return;
        }
        self.write(&[Topic::Problems], |seen| match failure {
            Some(reason) => drop(seen.problems.insert(source.to_owned(), reason)),
            None => drop(seen.problems.remove(source)),
        });
    }
}
