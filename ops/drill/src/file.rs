//! A drill as its file states it; unknown members are refused, so that no expectation is ignored.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use local_stack::faults::Rule;
use local_stack::stack::StackInfo;
use serde::Deserialize;

use crate::error::DrillError;
use crate::neighbour::Neighbour;
use crate::switch::Switch;
use crate::traffic::{Act, STATUS_ENDPOINT};

/// Where the drills of a repository are.
pub const FOLDER: &str = "alarms/drills";

/// One drill.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drill {
    /// The file's name without its ending.
    #[serde(skip)]
    pub name: String,
    /// What it shows, in one sentence.
    pub purpose: String,
    /// The runbook that the mitigation follows, by its file's name without the ending.
    pub runbook: String,
    /// What is different on the stack during the whole drill, such as shorter waits.
    #[serde(default)]
    pub setup: Vec<Switch>,
    /// What is broken.
    #[serde(default)]
    pub fault: Fault,
    /// What is sent meanwhile, in this order.
    pub traffic: Vec<Act>,
    /// The alarms that must ring.
    #[serde(default)]
    pub rings: Vec<Ring>,
    /// Alarms that may ring too; every other alarm that notifies somebody must stay quiet.
    #[serde(default)]
    pub may_ring: BTreeSet<String>,
    /// How many minutes of the metrics' clock the fault stays at least, so that an alarm that should stay quiet could ring.
    #[serde(default)]
    pub watch_minutes: u32,
    /// What the runbook does about it, in this order.
    #[serde(default = "end_fault")]
    pub mitigation: Vec<Step>,
    /// What is left.
    pub end: End,
}

/// What is broken: calls of the functions and the engine, by rules, what an operator could have switched off, and a stack
/// next door.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Rules of the proxy; `{image:N}` in a subject stands for the id of the N-th upload, counted from 0.
    #[serde(default)]
    pub rules: Vec<Rule>,
    /// Switches that are turned.
    #[serde(default)]
    pub switches: Vec<Switch>,
    /// A second stack that is started and killed while the traffic is sent.
    pub neighbour: Option<Neighbour>,
}

/// An alarm that must ring.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ring {
    /// Its name.
    pub alarm: String,
    /// Minutes of the metrics' clock after the fault began.
    pub within_minutes: u32,
}

/// A step of the mitigation.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// The cause is removed: rules end, switches are turned back.
    EndFault,
    /// The dead-letter queue is redriven.
    Redrive,
    /// The same while the fault stands: every message must come back.
    RedriveInVain,
    /// The dead-letter queue's messages are dropped.
    Drop,
}

impl Step {
    /// What is done, for people.
    pub(crate) const fn what(self) -> &'static str {
        match self {
            Self::EndFault => "ends the fault",
            Self::Redrive => "redrives the dead letters",
            Self::RedriveInVain => "redrives the dead letters while the fault stands",
            Self::Drop => "drops the dead letters",
        }
    }
}

/// What is left of the uploads.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct End {
    /// How many are `DONE`.
    #[serde(default)]
    pub done: usize,
    /// How many are `FAILED`, by reason.
    #[serde(default)]
    pub failed: BTreeMap<String, usize>,
    /// How many messages the dead-letter queue holds before the mitigation; none afterwards.
    #[serde(default)]
    pub dead_letters: usize,
    /// Notifications that each upload has: one for each version.
    #[serde(default = "one")]
    pub notifications: usize,
    /// Notifications beyond these.
    #[serde(default)]
    pub duplicates: Duplicates,
}

/// Notifications that come twice.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Duplicates {
    /// How many may come.
    #[serde(default)]
    pub at_most: usize,
    /// Why they cannot be avoided.
    #[serde(default)]
    pub cause: String,
}

fn one() -> usize {
    1
}

fn end_fault() -> Vec<Step> {
    vec![Step::EndFault]
}

impl Drill {
    /// Reads one file.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or is no drill.
    pub fn read(path: &Path) -> Result<Self, DrillError> {
        let text =
            fs::read_to_string(path).map_err(|source| DrillError::Read { path: path.to_owned(), source })?;
        let drill: Self = serde_json::from_str(&text)
            .map_err(|source| DrillError::Malformed { path: path.to_owned(), source })?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { name, ..drill })
    }

    /// Reads all drills of the repository at `root`, by name.
    ///
    /// # Errors
    ///
    /// When one cannot be read, or is no drill.
    pub fn all(root: &Path) -> Result<Vec<Self>, DrillError> {
        let folder = root.join(FOLDER);
        let unreadable = |source| DrillError::Read { path: folder.clone(), source };
        let entries = fs::read_dir(&folder).map_err(unreadable)?;
        let paths = entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>();
        let mut paths: Vec<PathBuf> = paths.map_err(unreadable)?;
        paths.retain(|path| path.extension().is_some_and(|ending| ending == "json"));
        // By name: with their endings, `a-b.json` would stand before `a.json`.
        paths.sort_unstable_by_key(|path| path.with_extension(""));
        paths.iter().map(|path| Self::read(path)).collect()
    }

    /// How many uploads it sends.
    #[must_use]
    pub fn uploads(&self) -> usize {
        self.traffic.iter().map(Act::uploads).sum()
    }

    /// Whether its traffic asks how uploads ended.
    pub(crate) fn asks_for_statuses(&self) -> bool {
        self.traffic.iter().any(|act| matches!(act, Act::Statuses { .. }))
    }

    /// Checks that the stack has what the drill's traffic calls.
    ///
    /// # Errors
    ///
    /// When it asks for statuses, and the stack has no such call.
    pub fn check_fits(&self, stack: &StackInfo) -> Result<(), DrillError> {
        if self.asks_for_statuses() && stack.output(STATUS_ENDPOINT).is_err() {
            return Err(DrillError::NoStatusApi(self.name.clone()));
        }
        Ok(())
    }

    /// The longest time until detection and recovery, in minutes of the metrics' clock.
    #[must_use]
    pub fn minutes(&self) -> u32 {
        let rings = self.rings.iter().map(|ring| ring.within_minutes).max().unwrap_or_default();
        // An alarm of half an hour's window ends half an hour later.
        rings.max(self.watch_minutes) + if self.rings.is_empty() { 5 } else { 35 }
    }
}
