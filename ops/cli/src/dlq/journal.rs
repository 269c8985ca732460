//! What is written down before anything is deleted: who did what, and the messages themselves.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::error::DlqError;

/// Who carries it out.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Who {
    /// The user of this machine.
    pub(crate) os_user: String,
    /// Whose AWS credentials were used: an ARN, when AWS tells it.
    pub(crate) aws_identity: Option<String>,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Outcome {
    /// The processing queue has accepted it; its deletion here follows.
    Enqueued,
    /// It was enqueued, but could not be deleted here, so it may be delivered twice.
    Kept,
    /// It stands in the evidence file; its deletion here follows.
    Dropped,
    /// It stays here as it was.
    Failed,
}

/// One line of the audit log.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Line<'a> {
    pub(crate) time: String,
    pub(crate) action: &'static str,
    pub(crate) outcome: Outcome,
    #[serde(flatten)]
    pub(crate) who: &'a Who,
    pub(crate) queue: &'a str,
    pub(crate) to: Option<&'a str>,
    pub(crate) message_id: &'a str,
    pub(crate) new_message_id: Option<&'a str>,
    pub(crate) image_id: Option<&'a str>,
    pub(crate) trace_id: Option<&'a str>,
    pub(crate) cause: &'static str,
    pub(crate) error: Option<&'a str>,
}

/// A file of JSON lines that only grows and that only its owner may read.
#[derive(Debug)]
pub(crate) struct Log {
    path: PathBuf,
    file: File,
}

impl Log {
    /// Opens it, or creates it.
    pub(crate) fn open(path: &Path) -> Result<Self, DlqError> {
        let file = File::options().append(true).create(true).mode(0o600).open(path);
        let file = file.map_err(|source| DlqError::File { path: path.to_owned(), source })?;
        Ok(Self { path: path.to_owned(), file })
    }

    /// Adds a line and waits until the disk has it.
    pub(crate) fn add(&mut self, line: &impl Serialize) -> Result<(), DlqError> {
        self.write(line).map_err(|source| DlqError::File { path: self.path.clone(), source })
    }

    fn write(&mut self, line: &impl Serialize) -> io::Result<()> {
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        self.file.write_all(&text)?;
        self.file.sync_data()
    }
}

/// A time as RFC 3339 writes it, in UTC, to the second.
pub(crate) fn rfc3339(at: SystemTime) -> String {
    let at = OffsetDateTime::from(at);
    at.replace_nanosecond(0).unwrap_or(at).format(&Rfc3339).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn log_grows_over_several_runs_and_is_private() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        for number in 0..2 {
            Log::open(&path).unwrap().add(&number).unwrap();
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "0\n1\n");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let nowhere = Log::open(&directory.path().join("no/such")).unwrap_err();
        assert!(nowhere.to_string().contains("no/such"), "{nowhere}");
    }

    #[test]
    fn times_are_told_in_utc_to_the_second() {
        assert_eq!(rfc3339(UNIX_EPOCH + Duration::from_millis(1_500)), "1970-01-01T00:00:01Z");
    }
}
