//! Unit tests of alarms, written as files: series in, the exact timeline of states out.
//!
//! A file is a JSON object; `alarms/tests/README.md` in the repository describes how to write one.
//!
//! - [`notation`] series and timelines as they are written
//! - [`file`](mod@file) a file of tests
//! - [`bench`](mod@bench) templates and parameters become alarms, tests are run on them
//! - [`suite`] all of it, from the texts of a folder's files; [`folder`] reads them
//! - [`mutation`] every alarm is made wrong on purpose, to see whether its tests notice

pub mod bench;
pub mod file;
pub mod folder;
pub mod mutation;
pub mod notation;
pub mod suite;
#[cfg(test)]
mod tests;

use std::fmt;

use crate::alarm::State;

/// A stretch of time in whole minutes, counted from the start of a test.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Minutes(pub i64);

impl fmt::Display for Minutes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0 / 60, self.0 % 60) {
            (0, minutes) => write!(f, "{minutes}m"),
            (hours, 0) => write!(f, "{hours}h"),
            (hours, minutes) => write!(f, "{hours}h{minutes}m"),
        }
    }
}

/// An alarm entering a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When.
    pub at: Minutes,
    /// Which.
    pub state: State,
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.at, self.state)
    }
}

/// A timeline as it is written.
#[must_use]
pub fn timeline(entries: &[Entry]) -> String {
    let entries: Vec<String> = entries.iter().map(ToString::to_string).collect();
    entries.join(", ")
}
