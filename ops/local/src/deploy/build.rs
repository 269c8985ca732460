//! Build of the functions, by the same cargo invocation as everything else, so that nothing compiles twice.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::Command;

use crate::disk::{MEBIBYTE, free_bytes};
use crate::process_group::Group;
use terminal::progress::{Reporter, Step};

/// No build of ours fits into less: a single program is larger.
const LEAST_ROOM_BYTES: u64 = 64 * MEBIBYTE;

/// The programs of a workspace, by the directory of their package.
#[derive(Clone, Debug, Default)]
pub struct Functions(BTreeMap<PathBuf, PathBuf>);

/// The functions could not be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// There is no cargo.
    #[error("{program} could not be run; start with `cargo run`, or install Rust from https://rustup.rs")]
    NoCargo {
        /// The program tried.
        program: String,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// Compilers and linkers report this in many ways, a crash among them.
    #[error(
        "the functions do not build: the disk of {} has only {} MiB left; make room (`cargo clean` removes what earlier builds left) and start again. Cargo printed:\n{printed}",
        directory.display(), free_bytes / MEBIBYTE
    )]
    DiskFull {
        /// Where cargo builds.
        directory: PathBuf,
        /// What is left there.
        free_bytes: u64,
        /// Cargo's last lines.
        printed: String,
    },
    /// The compiler or linker refused.
    #[error("the functions do not build ({status}); fix what cargo reports:\n{printed}")]
    Failed {
        /// How cargo ended.
        status: ExitStatus,
        /// Cargo's last lines.
        printed: String,
    },
}

impl Functions {
    /// Functions that were built elsewhere: package directory → program.
    #[must_use]
    pub fn prebuilt(programs: BTreeMap<PathBuf, PathBuf>) -> Self {
        Self(programs)
    }

    /// Builds all programs of the workspace at `root`.
    ///
    /// # Errors
    ///
    /// When cargo cannot be run, or something does not build.
    pub async fn build(root: &Path, cargo: &OsStr, reporter: &dyn Reporter) -> Result<Self, BuildError> {
        let step = Step::start(reporter, "build", "Building the functions");
        let missing = |source| BuildError::NoCargo { program: cargo.to_string_lossy().into_owned(), source };
        let (mut child, _group) = Group::spawn(
            Command::new(cargo)
                .args(["build", "--workspace", "--bins", "--message-format=json-render-diagnostics"])
                .current_dir(root)
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped()),
        )
        .map_err(missing)?;
        let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
            return Err(missing(io::Error::other("cargo has no output")));
        };
        let (programs, printed) = tokio::join!(programs(stdout), follow(stderr, &step));
        let status = child.wait().await.map_err(missing)?;
        if !status.success() {
            let printed = printed.map_err(missing)?;
            return Err(match full_disk(root, cargo).await {
                Some((directory, free_bytes)) => BuildError::DiskFull { directory, free_bytes, printed },
                None => BuildError::Failed { status, printed },
            });
        }
        let functions = Self(programs.map_err(missing)?);
        step.finish("Built the functions");
        Ok(functions)
    }

    /// All programs.
    pub(crate) fn programs(&self) -> impl Iterator<Item = &Path> {
        self.0.values().map(PathBuf::as_path)
    }

    /// The program of the package in `directory`.
    #[must_use]
    pub fn program(&self, directory: &Path) -> Option<&Path> {
        self.0.get(directory).map(PathBuf::as_path)
    }
}

/// The directory that cargo builds in and its room, when that is too little for any build.
async fn full_disk(root: &Path, cargo: &OsStr) -> Option<(PathBuf, u64)> {
    let mut metadata = Command::new(cargo);
    metadata.args(["metadata", "--no-deps", "--format-version=1"]).current_dir(root);
    let output = Group::output(&mut metadata).await.ok()?;
    let metadata: Value = serde_json::from_slice(&output.stdout).ok()?;
    let directory = PathBuf::from(metadata.get("target_directory")?.as_str()?);
    let free_bytes = free_bytes(&directory).ok()?;
    (free_bytes < LEAST_ROOM_BYTES).then_some((directory, free_bytes))
}

/// Reads which programs cargo made, and where.
async fn programs(stdout: impl AsyncRead + Unpin) -> io::Result<BTreeMap<PathBuf, PathBuf>> {
    let mut programs = BTreeMap::new();
    let mut lines = BufReader::new(stdout).lines();
    while let Some(line) = lines.next_line().await? {
        programs.extend(program(&line));
    }
    Ok(programs)
}

fn program(line: &str) -> Option<(PathBuf, PathBuf)> {
    let message: Value = serde_json::from_str(line).ok()?;
    let executable = message.get("executable")?.as_str()?;
    let manifest = Path::new(message.get("manifest_path")?.as_str()?);
    Some((manifest.parent()?.to_owned(), executable.into()))
}

/// Passes on what cargo does; keeps its last lines for an error.
async fn follow(stderr: impl AsyncRead + Unpin, step: &Step<'_>) -> io::Result<String> {
    const KEPT: usize = 60;
    let mut last = std::collections::VecDeque::with_capacity(KEPT);
    let mut compiled = 0;
    let mut lines = BufReader::new(stderr).lines();
    while let Some(line) = lines.next_line().await? {
        let doing = line.trim();
        if doing.starts_with("Compiling") {
            compiled += 1;
            step.moved(doing.to_lowercase(), Some(compiled), None);
        } else if doing.starts_with("Blocking") || doing.starts_with("Downloading") {
            step.detail(doing.to_lowercase());
        }
        if last.len() == KEPT {
            last.pop_front();
        }
        last.push_back(line);
    }
    Ok(last.into_iter().collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn program_is_filed_under_the_directory_of_its_package() {
        let line = r#"{"reason":"compiler-artifact","manifest_path":"/r/functions/a/Cargo.toml",
            "target":{"kind":["bin"]},"executable":"/r/target/debug/a","fresh":true}"#;
        assert_eq!(program(line), Some(("/r/functions/a".into(), "/r/target/debug/a".into())));
    }

    #[test]
    fn libraries_and_noise_are_no_programs() {
        assert_eq!(program(r#"{"manifest_path":"/r/a/Cargo.toml","executable":null}"#), None);
        assert_eq!(program("warning: something"), None);
    }

    #[tokio::test]
    async fn missing_cargo_says_how_to_start() {
        let error =
            Functions::build(Path::new("."), OsStr::new("/nonexistent/cargo"), &()).await.unwrap_err();
        assert!(error.to_string().contains("cargo run"), "{error}");
    }

    #[tokio::test]
    async fn failed_build_shows_what_the_compiler_said() {
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join("Cargo.toml"), "[workspace]\nresolver = \"3\"\nmembers = [\"gone\"]")
            .unwrap();
        let error = Functions::build(root.path(), OsStr::new(env!("CARGO")), &()).await.unwrap_err();
        assert!(matches!(error, BuildError::Failed { printed, .. } if printed.contains("gone")));
    }
}
