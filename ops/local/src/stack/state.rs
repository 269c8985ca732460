//! State directory of a stack, and how other processes find the stack by it.

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
        if !is_held(&StackInfo::directory(root, name)) {
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

/// One start at a time looks at locks, so that none takes another's look for a running stack.
///
/// The file's name has a dot, which no stack's has.
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

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::deploy::Reconciled;
    use crate::stack::DemoUser;
    use aws_client::Credentials;

    fn info() -> StackInfo {
        StackInfo {
            name: "one".into(),
            endpoint: "http://127.0.0.1:1".into(),
            console: "http://127.0.0.1:2".into(),
            region: "ap-northeast-1".into(),
            outputs: [("ApiUrl".to_owned(), "http://a".to_owned())].into(),
            log_groups: vec![],
            outbox_queue_url: String::new(),
            credentials: Credentials {
                access_key_id: "test".into(),
                secret_access_key: "test".into(),
                session_token: None,
            },
            user: DemoUser { email: "e".into(), password: "p".into(), sub: "s".into() },
            pid: 1,
            reconciled: Reconciled::default(),
        }
    }

    #[test]
    fn published_stack_is_found_while_held_and_its_file_is_private() {
        let root = tempfile::tempdir().unwrap();
        let state = StateDir::take(root.path(), "one").unwrap();
        assert!(matches!(StackInfo::find(root.path(), "one"), Err(FindError::NotReady { .. })));

        state.publish(&info()).unwrap();

        assert_eq!(StackInfo::find(root.path(), "one").unwrap().output("ApiUrl").unwrap(), "http://a");
        let mode = fs::metadata(state.path().join("stack.json")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn state_left_by_a_killed_process_counts_as_not_running() {
        let root = tempfile::tempdir().unwrap();
        let state = StateDir::take(root.path(), "one").unwrap();
        state.publish(&info()).unwrap();
        let left = fs::read(state.path().join("stack.json")).unwrap();
        drop(state);
        fs::write(StackInfo::directory(root.path(), "one").join("stack.json"), left).unwrap();

        assert!(matches!(StackInfo::find(root.path(), "one"), Err(FindError::NotRunning { .. })));
    }

    #[test]
    fn second_stack_of_the_same_name_is_refused_and_another_name_is_not() {
        let root = tempfile::tempdir().unwrap();
        let _first = StateDir::take(root.path(), "one").unwrap();
        assert!(matches!(StateDir::take(root.path(), "one"), Err(StateError::Running(_))));
        assert!(StateDir::take(root.path(), "two").is_ok());
    }

    #[test]
    fn start_of_any_stack_empties_the_directories_of_dead_ones_but_keeps_their_last_log() {
        let root = tempfile::tempdir().unwrap();
        let alive = StateDir::take(root.path(), "alive").unwrap();
        fs::write(alive.path().join("kept"), "").unwrap();
        // As a killed process leaves it: with a lock that nobody holds.
        let dead = StackInfo::directory(root.path(), "dead");
        fs::create_dir_all(dead.join("tmp/deep")).unwrap();
        for name in ["lock", "stack.json", "engine.log"] {
            fs::write(dead.join(name), "").unwrap();
        }
        let environment = StackInfo::directory(root.path(), "engine-0");
        fs::create_dir_all(environment.join("bin")).unwrap();

        let _other = StateDir::take(root.path(), "other").unwrap();

        let mut left: Vec<_> = fs::read_dir(&dead).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["engine.log", "lock"]);
        assert!(alive.path().join("kept").exists() && environment.join("bin").exists());
    }

    #[test]
    fn name_that_would_leave_the_directory_or_take_the_engines_is_refused() {
        let root = tempfile::tempdir().unwrap();
        for name in ["../x", "", "a/b", "engine-d464f7ad"] {
            assert!(matches!(StateDir::take(root.path(), name), Err(StateError::Name(_))), "{name}");
        }
    }
}
