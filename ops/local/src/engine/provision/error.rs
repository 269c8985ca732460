//! Errors of provisioning, each with what to do about it.

use std::io;
use std::path::PathBuf;

/// The engine could not be installed.
#[derive(Debug, thiserror::Error)]
pub enum ProvisionError {
    /// There is no Python.
    #[error(
        "{program} was not found; install Python 3.10 or newer (Debian and Ubuntu: `apt install python3 \
         python3-venv`, macOS: `brew install python`) and start again"
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
        "{program} is Python {major}.{minor}, the engine needs 3.10 or newer; install one and put it first in PATH"
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
        "the engine's packages could not be downloaded; the first start needs the network (or a pip configured \
         for your mirror or proxy), later ones do not. pip printed: {printed}"
    )]
    NoNetwork {
        /// What pip printed.
        printed: String,
    },
    /// No room.
    #[error(
        "the disk of {directory} is full; the engine needs about 200 MB there; make room and start again"
    )]
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
    #[error(
        "the engine's directory {directory} cannot be written; make it writable, or delete it, and start again"
    )]
    Disk {
        /// Where the environment was to go.
        directory: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
}
