//! Drills: the one that runs, step by step, and how it ended.

use std::ffi::OsString;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use aws_client::chain;
use drill::file::Drill;
use drill::neighbour::Ops;
use drill::report::Outcome;
use drill::runner::run;
use local_stack::console::Source;
use terminal::progress::{Progress as News, Reporter};
use tokio::task::AbortHandle;

/// How far a drill is.
#[derive(Clone, Debug)]
pub(crate) struct Progress {
    pub(crate) drill: Drill,
    pub(crate) steps: Vec<Step>,
    pub(crate) end: Option<End>,
}

/// What the drill did, since when.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// Milliseconds since 1970, by the day's clock.
    pub(crate) at: i64,
    pub(crate) what: String,
}

/// How a drill ended.
#[derive(Clone, Debug)]
pub(crate) enum End {
    /// Whatever it showed.
    Over(Box<Outcome>),
    /// It could not be run to its end.
    BrokenOff(String),
    /// Somebody stopped it.
    Stopped,
}

/// The drill that runs or ran last.
#[derive(Clone, Debug, Default)]
pub(crate) struct Drills(Arc<Mutex<Option<Running>>>);

#[derive(Debug)]
struct Running {
    progress: Progress,
    task: AbortHandle,
}

impl Drills {
    pub(crate) fn progress(&self) -> Option<Progress> {
        self.lock().as_ref().map(|running| running.progress.clone())
    }

    /// The name of the drill that runs right now.
    pub(crate) fn running(&self) -> Option<String> {
        let running = self.lock();
        let progress = &running.as_ref()?.progress;
        progress.end.is_none().then(|| progress.drill.name.clone())
    }

    /// Begins a drill; false when another one runs.
    pub(crate) fn begin(&self, source: &Source, drill: Drill) -> bool {
        let mut current = self.lock();
        if current.as_ref().is_some_and(|running| running.progress.end.is_none()) {
            return false;
        }
        let (drills, info, ops) = (self.clone(), source.info.clone(), ops(&source.root));
        let progress = Progress { drill: drill.clone(), steps: Vec::new(), end: None };
        // A task of its own: what was begun goes on when the page is closed. It waits for the lock before its first step.
        let task = tokio::spawn(async move {
            let outcome = run(&info, &drill, &ops, &drills).await;
            let end =
                outcome.map_or_else(|error| End::BrokenOff(chain(&error)), |it| End::Over(Box::new(it)));
            drills.end(end);
        });
        *current = Some(Running { progress, task: task.abort_handle() });
        true
    }

    /// Stops the drill that runs; the stack then ends the fault and removes the drill's user, as it does when `ops drill` is
    /// killed.
    pub(crate) fn stop(&self) {
        if let Some(running) = self.lock().as_mut().filter(|running| running.progress.end.is_none()) {
            running.task.abort();
            running.progress.end = Some(End::Stopped);
        }
    }

    fn end(&self, end: End) {
        if let Some(running) = self.lock().as_mut() {
            running.progress.end.get_or_insert(end);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Running>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reporter for Drills {
    fn report(&self, news: News) {
        let (News::Moved { detail: what, .. } | News::Note(what)) = news else { return };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let at = i64::try_from(now.as_millis()).unwrap_or(i64::MAX);
        if let Some(running) = self.lock().as_mut().filter(|running| running.progress.end.is_none()) {
            running.progress.steps.push(Step { at, what });
        }
    }
}

/// How a drill that needs a second stack starts it: as a reader of the README does.
fn ops(root: &Path) -> Ops {
    let arguments = ["run", "--quiet", "--package", "ops", "--"].map(OsString::from).into();
    Ops { program: "cargo".into(), arguments, root: root.to_owned() }
}

#[cfg(test)]
mod tests {
    use local_stack::faults::Faults;
    use local_stack::observe::{Observer, Seen};

    use super::*;
    use crate::tests::info;

    const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

    fn drill(name: &str) -> Drill {
        Drill::read(&Path::new(ROOT).join(format!("{}/{name}.json", drill::file::FOLDER))).unwrap()
    }

    async fn ended(drills: &Drills) -> End {
        loop {
            if let Some(Progress { end: Some(end), .. }) = drills.progress() {
                return end;
            }
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_drill_that_cannot_be_run_ends_with_the_reason_and_makes_room_for_the_next() {
        // The stack has no queue.
        let source = Source::of(Observer::of(Seen::default()), &info(), Faults::default());
        let drills = Drills::default();
        assert!(drills.begin(&source, drill("consumer-off")));
        let End::BrokenOff(reason) = ended(&drills).await else { panic!("it cannot have run") };
        assert!(reason.contains("QueueUrl"), "{reason}");
        assert!(drills.running().is_none() && drills.begin(&source, drill("poison")));
    }

    #[tokio::test]
    async fn only_one_drill_runs_and_the_one_that_is_stopped_stays_stopped() {
        let source = Source::of(Observer::of(Seen::default()), &info(), Faults::default());
        let drills = Drills::default();
        assert!(drills.begin(&source, drill("consumer-off")));
        assert_eq!(drills.running().as_deref(), Some("consumer-off"));
        assert!(!drills.begin(&source, drill("poison")));

        drills.stop();

        drills.end(End::BrokenOff("too late".to_owned()));
        assert!(matches!(ended(&drills).await, End::Stopped) && drills.running().is_none());
        assert!(drills.begin(&source, drill("poison")), "the next may begin");
    }
}
