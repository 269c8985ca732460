//! Errors of all commands, their text on stderr, and the exit status.

use std::error::Error;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use aws_client::{AwsError, causes};
use pipeline_client::audit::AuditError;
use pipeline_client::guest::GuestError;
use pipeline_client::load::LoadError;
use terminal::clean;

use crate::cloudwatch::CloudWatchError;
use crate::dlq::error::DlqError;
use crate::erase::EraseError;
use crate::local::LocalFailure;
use crate::plan::PlanError;
use crate::reprocess::ReprocessError;
use crate::signals::Signal;
use crate::similar_names::{UnknownName, probably_meant};
use crate::target::TargetError;
use crate::upload::JournalError;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The pipeline did not do its part; the report already shows it.
    #[error("the pipeline did not pass")]
    Pipeline,
    /// Ended by a signal.
    #[error("ended by {0}")]
    Signal(Signal),
    /// A command on a local stack failed.
    #[error(transparent)]
    Local(#[from] LocalFailure),
    /// The stack cannot be asked.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The upload journal cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// An upload to AWS belongs to a user.
    #[error(
        "whose files are they? Name a user of the stack's pool with --user, and put the password into OPS_PASSWORD"
    )]
    NoUser,
    /// Nobody may upload for a trial.
    #[error("nothing can be uploaded for a trial")]
    Guest(#[from] GuestError),
    /// A load could not be begun.
    #[error(transparent)]
    Load(Box<LoadError>),
    /// A command on a dead-letter queue failed.
    #[error(transparent)]
    Dlq(#[from] DlqError),
    /// An audit was not carried out.
    #[error("nothing was audited")]
    Audit(#[from] AuditError),
    /// A reprocess could not be run.
    #[error(transparent)]
    Reprocess(#[from] ReprocessError),
    /// A template that cannot be planned with.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// An erasure could not be run.
    #[error(transparent)]
    Erase(#[from] EraseError),
    /// X-Ray does not answer.
    #[error("the traces cannot be read")]
    Traces(#[source] AwsError),
    /// CloudWatch does not answer.
    #[error("CloudWatch cannot be asked")]
    CloudWatch(#[source] CloudWatchError),
    /// An unknown name.
    #[error(transparent)]
    Unknown(#[from] UnknownName),
    /// Alarms or their tests that are not understood.
    #[error("the alarms cannot be tested")]
    Alarms(#[source] Box<dyn Error + Send + Sync>),
    /// A dashboard that cannot be drawn.
    #[error("the dashboard {name} is not drawn: {why}; `ops dashboard list` names them all")]
    NotDrawn {
        /// What was asked for.
        name: String,
        /// Why not.
        why: String,
    },
    /// An SVG that cannot be rendered as PNG.
    #[error("the drawing does not become a PNG: {why}")]
    Picture {
        /// Why not.
        why: String,
    },
    /// A file that cannot be read.
    #[error("{path} cannot be read; check its name and permissions")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A file that cannot be written.
    #[error("{path} cannot be written; check that its directory exists and has room")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// Stdout is closed, as behind `| head -1`.
    #[error("nobody reads the result any more")]
    Closed,
    /// Writing to stdout failed.
    #[error("the result could not be written to stdout")]
    Output(#[source] io::Error),
    /// CPU time or memory cannot be measured here.
    #[error("this system does not report how much CPU or memory was used")]
    Measure(#[source] io::Error),
    /// The async runtime did not start.
    #[error("the program could not start its runtime")]
    Runtime(#[source] io::Error),
}

impl Failure {
    /// The exit status, as `--help` documents it.
    pub(crate) fn code(&self) -> ExitCode {
        match self {
            // As in ripgrep, a closed stdout is no failure.
            Self::Closed => ExitCode::SUCCESS,
            Self::Pipeline => ExitCode::from(1),
            Self::Signal(signal) => ExitCode::from(signal.exit_status()),
            _ => ExitCode::from(2),
        }
    }

    /// The text for stderr, with all sources; `None` if it was printed already.
    pub(crate) fn text(&self) -> Option<String> {
        if matches!(self, Self::Pipeline | Self::Closed | Self::Signal(_)) {
            return None;
        }
        let mut text = format!("error: {self}");
        text.extend(self.meant().map(|name| format!("; did you mean {name}?")));
        text.extend(causes(self).skip(1).map(|cause| format!("\n  because: {cause}")));
        Some(text)
    }

    /// The file with the most similar name, where one is missing.
    fn meant(&self) -> Option<String> {
        let Self::Read { path, source } = self else { return None };
        if source.kind() != io::ErrorKind::NotFound {
            return None;
        }
        let directory = path.parent().filter(|directory| !directory.as_os_str().is_empty());
        let entries = fs::read_dir(directory.unwrap_or(Path::new("."))).ok()?;
        let names: Vec<String> =
            entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
        let meant = probably_meant(path.file_name()?.to_str()?, names.iter().map(String::as_str))?;
        Some(clean(&path.with_file_name(meant).to_string_lossy()))
    }
}

/// The result of a command that has printed its output: a closed stdout does not change the verdict.
pub(crate) fn concluded(printed: Result<(), Failure>, verdict: Result<(), Failure>) -> Result<(), Failure> {
    match printed {
        Err(Failure::Closed) => verdict.and(Err(Failure::Closed)),
        printed => printed.and(verdict),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_chain_of_sources_is_printed_once() {
        let failure = Failure::Read { path: "cat.jpg".into(), source: io::Error::other("disk on fire") };
        assert_eq!(
            failure.text().unwrap(),
            "error: cat.jpg cannot be read; check its name and permissions\n  because: disk on fire"
        );
    }

    #[test]
    fn what_the_report_shows_is_not_printed_again() {
        assert_eq!(Failure::Pipeline.text(), None);
        assert_eq!(Failure::Signal(Signal::Interrupt).text(), None);
    }
}
