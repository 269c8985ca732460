//! State directory of a stack, and how other processes find the stack by it.

#[cfg(test)]
mod tests;

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::StackInfo;
use crate::engine::ENVIRONMENTS;

/// The git-ignored directory of one stack, held by the process that keeps the stack up.
///
/// Who holds the lock is alive: the kernel lets go of it with the process, however that ends.
#[derive(Debug)]
pub struct StateDir {
    path: PathBuf,
    _held: File,
}

/// A stack could not be found.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// No process keeps such a stack up.
    #[error("no stack named {name} is running; start it with `cargo run` (or `ops up --name {name}`)")]
    NotRunning {
        /// The name looked for.
        name: String,
    },
    /// The stack is still on its way up.
    #[error("stack {name} is not ready yet; wait until `ops up` prints its addresses")]
    NotReady {
        /// The name looked for.
        name: String,
    },
    /// The state file cannot be read.
    #[error("the state of stack {name} at {path} cannot be read; stop the stack and start it again")]
    Unreadable {
        /// The name looked for.
        name: String,
        /// Where its state is.
        path: PathBuf,
        /// Why not.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// A stack's directory could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The name is no plain word, or one of the engine's environments could have it.
    #[error(
        "{0:?} cannot name a stack; use letters, digits and hyphens, and another beginning than {ENVIRONMENTS:?}"
    )]
    Name(String),
    /// Another process keeps a stack of this name up.
    #[error("stack {0} is already running; stop it, or start another one beside it with `--name`")]
    Running(String),
    /// The disk refused.
    #[error(
        "the stack's directory {path} cannot be prepared; make it writable and see that its disk has room, then start again"
    )]
    Disk {
        /// Which directory.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

impl StateDir {
    /// Takes the directory of stack `name`, emptied of what an earlier stack left there.
    ///
    /// # Errors
    ///
    /// When the name is no plain word, the stack is running already, or the disk refuses.
    pub fn take(root: &Path, name: &str) -> Result<Self, StateError> {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if name.is_empty() || !name.chars().all(plain) || name.starts_with(ENVIRONMENTS) {
            return Err(StateError::Name(name.to_owned()));
        }
        let path = StackInfo::directory(root, name);
        let disk = |source| StateError::Disk { path: path.clone(), source };
        fs::create_dir_all(&path).map_err(disk)?;
        let _turn = turn(root).map_err(disk)?;
        remove_dead_stacks(root).map_err(disk)?;
        let held = File::create(path.join("lock")).map_err(disk)?;
        match held.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StateError::Running(name.to_owned())),
            Err(TryLockError::Error(source)) => return Err(disk(source)),
        }
        empty(&path).map_err(disk)?;
        Ok(Self { path, _held: held })
    }

    /// The directory itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Lets others find the stack; the file holds credentials, so only its owner may read it.
    ///
    /// # Errors
    ///
    /// When the disk refuses.
    pub fn publish(&self, info: &StackInfo) -> io::Result<()> {
        let fresh = self.path.join("stack.json.new");
        let mut file = File::options().write(true).create_new(true).mode(0o600).open(&fresh)?;
        file.write_all(&serde_json::to_vec_pretty(info)?)?;
        fs::rename(fresh, self.path.join("stack.json"))
    }
}

/// Removes what an ended stack left; what cannot be removed is tried again at the next start.
impl Drop for StateDir {
    fn drop(&mut self) {
        drop(empty(&self.path));
    }
}

impl StackInfo {
    /// Where the stack `name` of the repository at `root` keeps what ends with it.
    #[must_use]
    pub fn directory(root: &Path, name: &str) -> PathBuf {
        root.join(".local-stack").join(name)
    }

    /// The names of the stacks of the repository at `root` that run.
    #[must_use]
    pub fn running(root: &Path) -> Vec<String> {
        let _turn = turn(root).ok();
        let entries = fs::read_dir(root.join(".local-stack")).into_iter().flatten().flatten();
        let held = entries.filter(|entry| is_held(&entry.path())).map(|entry| entry.file_name());
        held.filter_map(|name| name.into_string().ok()).collect()
    }

    /// Finds the running stack `name` of the repository at `root`.
    ///
    /// # Errors
    ///
    /// When no such stack is running, or it is not ready.
    pub fn find(root: &Path, name: &str) -> Result<Self, FindError> {
        let path = StackInfo::directory(root, name).join("stack.json");
        let unreadable = |source: Box<dyn std::error::Error + Send + Sync>| FindError::Unreadable {
            name: name.to_owned(),
            path: path.clone(),
            source,
        };
        let turn = turn(root).ok();
        let is_held = is_held(&StackInfo::directory(root, name));
        drop(turn);
        if !is_held {
            return Err(FindError::NotRunning { name: name.to_owned() });
        }
        match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|source| unreadable(source.into())),
            Err(source) if source.kind() == io::ErrorKind::NotFound => {
                Err(FindError::NotReady { name: name.to_owned() })
            }
            Err(source) => Err(unreadable(source.into())),
        }
    }
}

/// One at a time looks at locks, so that none takes another's look for a running stack.
///
/// The file's name has a dot, which no stack's has. It cannot be made where nothing is found either: no directory, or
/// a disk that is only read.
fn turn(root: &Path) -> io::Result<File> {
    let turn = File::create(root.join(".local-stack/stacks.lock"))?;
    turn.lock()?;
    Ok(turn)
}

/// Empties the directories of all stacks that ended without doing so.
fn remove_dead_stacks(root: &Path) -> io::Result<()> {
    for entry in fs::read_dir(root.join(".local-stack"))? {
        let path = entry?.path();
        // Without a lock it is no stack's, such as the engine's environment.
        let Ok(lock) = File::open(path.join("lock")) else { continue };
        if lock.try_lock().is_ok() {
            // What cannot be removed is tried again at the next start.
            drop(empty(&path));
        }
    }
    Ok(())
}

fn is_held(directory: &Path) -> bool {
    let Ok(lock) = File::open(directory.join("lock")) else { return false };
    matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock))
}

/// Removes everything but the lock and the last engine's log.
fn empty(directory: &Path) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name();
        if name == "lock" || name == "engine.log" {
            continue;
        }
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
