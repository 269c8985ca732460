//! Progress of long steps, and who shows it.

use std::time::{Duration, Instant};

/// One piece of news about a step that takes a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// A step began.
    Started {
        /// Names the step in later news.
        id: &'static str,
        /// What is being done, for people.
        label: String,
    },
    /// A step went on.
    Moved {
        /// The step concerned.
        id: &'static str,
        /// What it does right now.
        detail: String,
        /// Parts done, when parts can be counted.
        done: Option<u64>,
        /// Parts in all, when that is known.
        total: Option<u64>,
    },
    /// A step ended well; a failed one ends with its error instead.
    Finished {
        /// The step concerned.
        id: &'static str,
        /// What was done, for people.
        label: String,
        /// How long it took.
        took: Duration,
    },
    /// Something worth a line of its own.
    Note(String),
}

/// Whoever draws, collects or ignores progress.
pub trait Reporter: Send + Sync {
    /// Takes one piece of news; called from any thread, so it must not block for long.
    fn report(&self, progress: Progress);
}

/// Nobody listens.
impl Reporter for () {
    fn report(&self, _: Progress) {}
}

/// A step under way: its start is reported on creation, its end by [`Step::finish`].
pub struct Step<'a> {
    id: &'static str,
    began: Instant,
    reporter: &'a dyn Reporter,
}

impl<'a> Step<'a> {
    /// Reports that a step begins.
    pub fn start(reporter: &'a dyn Reporter, id: &'static str, label: impl Into<String>) -> Self {
        reporter.report(Progress::Started { id, label: label.into() });
        Self { id, began: Instant::now(), reporter }
    }

    /// Reports what the step does right now.
    pub fn detail(&self, detail: impl Into<String>) {
        self.moved(detail, None, None);
    }

    /// Reports what the step does right now, and how much of it is done.
    pub fn moved(&self, detail: impl Into<String>, done: Option<u64>, total: Option<u64>) {
        self.reporter.report(Progress::Moved { id: self.id, detail: detail.into(), done, total });
    }

    /// Reports that the step ended well.
    pub fn finish(self, label: impl Into<String>) {
        let took = self.began.elapsed();
        self.reporter.report(Progress::Finished { id: self.id, label: label.into(), took });
    }
}

impl std::fmt::Debug for Step<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Step").field("id", &self.id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    struct Collect(Mutex<Vec<Progress>>);

    impl Reporter for Collect {
        fn report(&self, progress: Progress) {
            self.0.lock().unwrap().push(progress);
        }
    }

    #[test]
    fn step_reports_its_start_its_way_and_its_end_under_one_id() {
        let collect = Collect(Mutex::default());
        let step = Step::start(&collect, "build", "Building");
        step.moved("thumbnail", Some(1), Some(3));
        step.finish("Built");

        let reported = collect.0.into_inner().unwrap();
        assert_eq!(reported[0], Progress::Started { id: "build", label: "Building".into() });
        let moved =
            Progress::Moved { id: "build", detail: "thumbnail".into(), done: Some(1), total: Some(3) };
        assert_eq!(reported[1], moved);
        assert!(matches!(&reported[2], Progress::Finished { id: "build", label, .. } if label == "Built"));
    }
}
