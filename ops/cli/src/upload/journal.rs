//! Upload journal: which files have begun and which have ended, so that an interrupted upload can be resumed.
//!
//! One JSON object a line, appended: `begun` stands there before the first byte leaves, `ended` once the
//! pipeline has decided. Of a local stack the file lies in the stack's directory and goes with it, as its images do; of one
//! on AWS it lies where the command was started.

use std::collections::HashMap;
use std::fs::{self, File, Metadata, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};

use super::outcome::Upload;

/// The journal of one stack, open for appending.
#[derive(Debug)]
pub(crate) struct Journal {
    file: File,
    known: HashMap<FileVersion, Entry>,
}

/// A version of a file; another size or modification time is another upload.
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub(crate) struct FileVersion {
    /// Its absolute path, escaped.
    file: String,
    bytes: u64,
    modified_ns: u64,
}

/// How far an upload has come.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Entry {
    /// Its upload URL was issued; whether its bytes arrived is unknown.
    Begun { image_id: String, key: String },
    /// The pipeline has decided.
    Ended(Upload),
}

#[derive(Deserialize, Serialize)]
struct Line<S, E> {
    #[serde(flatten)]
    version: S,
    #[serde(flatten)]
    entry: E,
}

/// The journal could not be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JournalError {
    /// Two at once would upload the same files.
    #[error(
        "another `ops upload` to this stack is at work; wait for its end, then start again with --resume"
    )]
    InUse,
    /// The file cannot be read or written.
    #[error("the journal of uploads {path} cannot be used; see that it is writable and its disk has room")]
    Disk {
        /// Which file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

impl FileVersion {
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        let path = fs::canonicalize(path)?;
        let metadata = fs::metadata(&path)?;
        // Bytes that are not UTF-8 are escaped, not replaced, or two files could have one name.
        let file = path.as_os_str().as_encoded_bytes().escape_ascii().to_string();
        Ok(Self { file, bytes: metadata.len(), modified_ns: modified_ns(&metadata) })
    }
}

/// The modification time; zero where the file system keeps none, so that only the size counts.
fn modified_ns(metadata: &Metadata) -> u64 {
    let since = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    u64::try_from(since.unwrap_or_default().as_nanos()).unwrap_or(u64::MAX)
}

impl Journal {
    /// Opens the journal at `path`; with `resume`, earlier entries count, and no other
    /// upload may run meanwhile.
    ///
    /// # Errors
    ///
    /// When another upload holds the lock, or the file cannot be read or written.
    pub(crate) fn open(path: &Path, resume: bool) -> Result<Self, JournalError> {
        let disk = |source| JournalError::Disk { path: path.to_owned(), source };
        let file = File::options().read(true).append(true).create(true).open(path).map_err(disk)?;
        match if resume { file.try_lock() } else { file.try_lock_shared() } {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(JournalError::InUse),
            Err(TryLockError::Error(source)) => return Err(disk(source)),
        }
        let text = String::from_utf8_lossy(&fs::read(path).map_err(disk)?).into_owned();
        if !text.is_empty() && !text.ends_with('\n') {
            // A full disk cut the last write short: end that line, so that the next entry is a line of its own.
            (&file).write_all(b"\n").map_err(disk)?;
        }
        let lines =
            text.lines().filter_map(|line| serde_json::from_str::<Line<FileVersion, Entry>>(line).ok());
        let known = lines.filter(|_| resume).map(|line| (line.version, line.entry)).collect();
        Ok(Self { file, known })
    }

    /// The last entry of an earlier upload of this file.
    pub(crate) fn entry(&self, version: &FileVersion) -> Option<&Entry> {
        self.known.get(version)
    }

    /// Appends an entry in one write, so that concurrent uploads never mix their lines.
    pub(crate) fn note(&self, version: &FileVersion, entry: &Entry) -> io::Result<()> {
        let mut line = serde_json::to_vec(&Line { version, entry })?;
        line.push(b'\n');
        (&self.file).write_all(&line)
    }

    /// [`Journal::note`] for an entry that may be lost.
    pub(crate) fn try_note(&self, version: &FileVersion, entry: &Entry) {
        // Without the entry, a resumed upload reads the image's status from the table again.
        self.note(version, entry).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "uploads.jsonl";

    fn begun(image_id: &str) -> Entry {
        Entry::Begun { image_id: image_id.into(), key: "user-uploads/u/i.jpg".into() }
    }

    fn photo(directory: &Path, name: &str, content: &str) -> FileVersion {
        let path = directory.join(name);
        fs::write(&path, content).unwrap();
        FileVersion::of(&path).unwrap()
    }

    #[test]
    fn what_was_noted_last_of_a_file_counts_when_resumed_and_only_then() {
        let directory = tempfile::tempdir().unwrap();
        let (one, two) = (photo(directory.path(), "1.jpg", "a"), photo(directory.path(), "2 ü\n.jpg", "a"));
        let ended = Entry::Ended(Upload::broken("1.jpg", "no"));
        let journal = Journal::open(&directory.path().join(FILE), false).unwrap();
        assert_eq!(journal.entry(&one), None);
        journal.note(&one, &begun("x")).unwrap();
        journal.note(&two, &begun("y")).unwrap();
        journal.note(&one, &ended).unwrap();
        drop(journal);

        assert_eq!(Journal::open(&directory.path().join(FILE), false).unwrap().entry(&one), None);
        let resumed = Journal::open(&directory.path().join(FILE), true).unwrap();
        assert_eq!((resumed.entry(&one), resumed.entry(&two)), (Some(&ended), Some(&begun("y"))));
    }

    #[test]
    fn file_that_changed_since_is_another_upload() {
        let directory = tempfile::tempdir().unwrap();
        let before = photo(directory.path(), "1.jpg", "a");
        Journal::open(&directory.path().join(FILE), false).unwrap().note(&before, &begun("x")).unwrap();
        let after = photo(directory.path(), "1.jpg", "ab");
        assert_eq!(Journal::open(&directory.path().join(FILE), true).unwrap().entry(&after), None);
    }

    #[test]
    fn line_cut_short_spoils_no_other() {
        let directory = tempfile::tempdir().unwrap();
        let (one, two) = (photo(directory.path(), "1", "a"), photo(directory.path(), "2", "a"));
        let journal = Journal::open(&directory.path().join(FILE), false).unwrap();
        journal.note(&one, &begun("x")).unwrap();
        drop(journal);
        let path = directory.path().join(FILE);
        let whole = fs::read(&path).unwrap();
        fs::write(&path, [&whole[..], &whole[..whole.len() / 2]].concat()).unwrap();

        Journal::open(&directory.path().join(FILE), false).unwrap().note(&two, &begun("y")).unwrap();

        let resumed = Journal::open(&directory.path().join(FILE), true).unwrap();
        assert_eq!((resumed.entry(&one), resumed.entry(&two)), (Some(&begun("x")), Some(&begun("y"))));
    }

    #[test]
    fn nobody_resumes_beside_another_upload_but_new_uploads_go_side_by_side() {
        let directory = tempfile::tempdir().unwrap();
        let open = |resume| Journal::open(&directory.path().join(FILE), resume);
        let side_by_side = (open(false).unwrap(), open(false).unwrap());
        assert!(matches!(open(true), Err(JournalError::InUse)));
        drop(side_by_side);
        let _resumed = open(true).unwrap();
        assert!(matches!(open(false), Err(JournalError::InUse)));
    }
}
