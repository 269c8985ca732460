//! News of the observer: which of its topics changed, for readers that show only some of them.

use tokio::sync::watch;

/// What a change is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// Traces received.
    Traces,
    /// Log lines read.
    Logs,
    /// Metrics of functions and services.
    Metrics,
    /// Alarms: evaluated, set, or acted on.
    Alarms,
    /// Messages of the topics.
    Mail,
    /// Sources that fail, or no longer do.
    Problems,
}

impl Topic {
    /// Every topic.
    pub const ALL: [Self; 6] =
        [Self::Traces, Self::Logs, Self::Metrics, Self::Alarms, Self::Mail, Self::Problems];

    /// Its name in events.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Traces => "traces",
            Self::Logs => "logs",
            Self::Metrics => "metrics",
            Self::Alarms => "alarms",
            Self::Mail => "mail",
            Self::Problems => "problems",
        }
    }
}

/// How often anything was seen, and up to when each topic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Revisions {
    pub(super) total: u64,
    last: [u64; Topic::ALL.len()],
}

impl Revisions {
    pub(super) fn count(&mut self, topics: &[Topic]) {
        self.total += 1;
        for (topic, last) in Topic::ALL.iter().zip(&mut self.last) {
            if topics.contains(topic) {
                *last = self.total;
            }
        }
    }

    fn after(&self, known: u64) -> Vec<Topic> {
        let changed = Topic::ALL.into_iter().zip(self.last).filter(|(_, last)| *last > known);
        changed.map(|(topic, _)| topic).collect()
    }
}

/// A reader of news.
#[derive(Debug)]
pub struct News {
    revisions: watch::Receiver<Revisions>,
    known: u64,
}

impl News {
    /// Of what came after the first `known` changes.
    pub(super) fn after(known: u64, revisions: &watch::Sender<Revisions>) -> Self {
        Self { revisions: revisions.subscribe(), known }
    }

    /// The topics that changed since the last call, once any did, and how many changes there were in all; `None` when nobody
    /// watches any more.
    pub async fn next(&mut self) -> Option<(Vec<Topic>, u64)> {
        let known = self.known;
        let now = *self.revisions.wait_for(|now| now.total > known).await.ok()?;
        self.known = now.total;
        Some((now.after(known), now.total))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn news_name_each_topic_that_changed_since_they_were_asked_for_once() {
        let revisions = watch::Sender::<Revisions>::default();
        revisions.send_modify(|now| now.count(&[Topic::Mail]));
        let mut news = News::after(1, &revisions);
        for topics in [&[Topic::Traces][..], &[Topic::Metrics, Topic::Logs], &[Topic::Traces]] {
            revisions.send_modify(|now| now.count(topics));
        }
        assert_eq!(news.next().await, Some((vec![Topic::Traces, Topic::Logs, Topic::Metrics], 4)));
        revisions.send_modify(|now| now.count(&[Topic::Alarms]));
        assert_eq!(news.next().await, Some((vec![Topic::Alarms], 5)));
        drop(revisions);
        assert_eq!(news.next().await, None);
    }
}
