//! Errors of provisioning: what could not be installed, and why, with what to do about it.

use std::io;
use std::path::PathBuf;

/// Packages could not be installed.
#[derive(Debug, thiserror::Error)]
#[error("{packages} cannot be installed")]
pub struct ProvisionError {
    /// What people call them.
    pub packages: &'static str,
    /// Why not.
    pub source: Obstacle,
}

/// Why packages could not be installed.
#[derive(Debug, thiserror::Error)]
pub enum Obstacle {
    /// There is no Python.
    #[error(
        "{program} was not found; install Python 3.10 or newer (Debian and Ubuntu: `apt install python3 \
         python3-venv`, macOS: `brew install python`) and try again"
    )]
    NoPython {
        /// The program looked for.
        program: String,
    },
    /// Python is there but does not run.
    #[error("{program} could not be run; put a working Python 3.10 or newer first in PATH")]
    BrokenPython {
        /// The program tried.
        program: String,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// Python is too old.
    #[error(
        "{program} is Python {major}.{minor}, and 3.10 or newer is needed; install one and put it first in PATH"
    )]
    OldPython {
        /// The program tried.
        program: String,
        /// Its major version.
        major: u32,
        /// Its minor version.
        minor: u32,
    },
    /// Distributions ship the module separately.
    #[error(
        "{program} cannot make virtual environments; install its venv module (Debian and Ubuntu: `apt install python3-venv`)"
    )]
    NoVenvModule {
        /// The program tried.
        program: String,
    },
    /// The package index did not answer.
    #[error(
        "the packages could not be downloaded; the first time needs the network (or a pip configured for your \
         mirror or proxy), later ones do not. pip printed: {printed}"
    )]
    NoNetwork {
        /// What pip printed.
        printed: String,
    },
    /// No room.
    #[error("the disk of {directory} is full; about 200 MB are needed there; make room and try again")]
    DiskFull {
        /// Where the environment was to go.
        directory: PathBuf,
    },
    /// Anything else that pip or venv printed.
    #[error("{what} failed; it printed: {printed}")]
    Tool {
        /// The tool.
        what: &'static str,
        /// Its last lines.
        printed: String,
    },
    /// The disk refused.
    #[error("the directory {directory} cannot be written; make it writable, or delete it, and try again")]
    Disk {
        /// Where the environment was to go.
        directory: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
}
