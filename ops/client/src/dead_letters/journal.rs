//! Audit log and evidence file: JSON lines that are on disk before a message is deleted.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use aws_client::Aws;
use serde::Serialize;

use super::FileError;

/// Who runs the command.
#[derive(Clone, Debug, Serialize)]
pub struct Operator {
    /// The user of this machine.
    pub os_user: String,
    /// Whose AWS credentials were used: an ARN, if STS returned it.
    pub aws_identity: Option<String>,
}

impl Operator {
    /// The user of this machine, and whose credentials `aws` has.
    pub async fn find(aws: &Aws, lookup: &(dyn Fn(&str) -> Option<String> + Sync)) -> Self {
        let os_user = lookup("USER").or_else(|| lookup("LOGNAME")).unwrap_or_else(|| "unknown".to_owned());
        // `GetCallerIdentity` needs no permission, but an endpoint may lack it.
        Self { os_user, aws_identity: aws.identity().await.ok().filter(|arn| !arn.is_empty()) }
    }
}

/// What happened to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MessageOutcome {
    /// The processing queue has accepted it; its deletion here follows.
    Enqueued,
    /// It was enqueued, but could not be deleted here, so it may be delivered twice.
    Kept,
    /// It is in the evidence file; its deletion here follows.
    Dropped,
    /// It stays in the dead-letter queue, unchanged.
    Failed,
}

/// One line of the audit log.
#[derive(Clone, Debug, Serialize)]
pub struct AuditEntry<'a> {
    /// When.
    pub time: String,
    /// `redrive` or `drop`.
    pub action: &'static str,
    /// What happened.
    pub outcome: MessageOutcome,
    /// Who did it.
    #[serde(flatten)]
    pub operator: &'a Operator,
    /// The dead-letter queue.
    pub queue: &'a str,
    /// Where it went.
    pub to: Option<&'a str>,
    /// Its id there.
    pub message_id: &'a str,
    /// Its id where it went.
    pub new_message_id: Option<&'a str>,
    /// The image that it is about.
    pub image_id: Option<&'a str>,
    /// Its trace.
    pub trace_id: Option<&'a str>,
    /// Why it was there.
    pub cause: &'static str,
    /// What failed.
    pub error: Option<&'a str>,
}

/// A file of JSON lines that only grows and that only its owner may read.
#[derive(Debug)]
pub struct JsonLines {
    path: PathBuf,
    file: File,
}

impl JsonLines {
    /// Opens it, or creates it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn open(path: &Path) -> Result<Self, FileError> {
        let file = File::options().append(true).create(true).mode(0o600).open(path);
        let file = file.map_err(|source| FileError { path: path.to_owned(), source })?;
        Ok(Self { path: path.to_owned(), file })
    }

    /// Adds a line and waits until the disk has it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn add(&mut self, line: &impl Serialize) -> Result<(), FileError> {
        self.write(line).map_err(|source| FileError { path: self.path.clone(), source })
    }

    fn write(&mut self, line: &impl Serialize) -> io::Result<()> {
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        self.file.write_all(&text)?;
        self.file.sync_data()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn log_grows_over_several_runs_and_is_private() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        for number in 0..2 {
            JsonLines::open(&path).unwrap().add(&number).unwrap();
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "0\n1\n");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let nowhere = JsonLines::open(&directory.path().join("no/such")).unwrap_err();
        assert!(nowhere.to_string().contains("no/such"), "{nowhere}");
    }
}
