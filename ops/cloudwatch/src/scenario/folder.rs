//! Files of the suite in a repository: `alarms` with the templates, `alarms/tests` with the tests, `alarms/tests/bench` with
//! what they are run with.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::suite::{NamedText, Suite, SuiteError};

const FOLDER: &str = "alarms";

/// Why the suite of a repository could not be read.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// A file or folder that is not there, or not readable.
    #[error("{path} cannot be read")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A file that is not understood.
    #[error(transparent)]
    Suite(#[from] SuiteError),
}

/// The suite of the repository at `root`.
///
/// # Errors
/// A file that is missing or not understood.
pub fn read(root: &Path) -> Result<Suite, FolderError> {
    let folder = root.join(FOLDER);
    let tests = folder.join("tests");
    let bench = tests.join("bench");
    let suite = Suite::read(
        &texts(root, &folder)?,
        &text(root, &bench.join("parameters.json"))?,
        &texts(root, &tests)?,
        &text(root, &bench.join("equivalents.json"))?,
    );
    Ok(suite?)
}

/// The JSON files of a folder, those in folders below left out.
fn texts(root: &Path, folder: &Path) -> Result<Vec<NamedText>, FolderError> {
    let unreadable = |source| FolderError::Read { path: folder.to_owned(), source };
    let entries: Result<Vec<_>, _> = fs::read_dir(folder).map_err(unreadable)?.collect();
    let paths = entries.map_err(unreadable)?.into_iter().map(|entry| entry.path());
    let mut paths: Vec<_> =
        paths.filter(|path| path.extension().is_some_and(|extension| extension == "json")).collect();
    paths.sort();
    paths.iter().map(|path| text(root, path)).collect()
}

fn text(root: &Path, path: &Path) -> Result<NamedText, FolderError> {
    let text =
        fs::read_to_string(path).map_err(|source| FolderError::Read { path: path.to_owned(), source })?;
    let name = path.strip_prefix(root).unwrap_or(path);
    Ok((name.display().to_string(), text))
}
