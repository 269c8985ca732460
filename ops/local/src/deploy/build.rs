//! Builds the functions with the same cargo invocation as everything else, so nothing compiles twice.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::Command;

use crate::group::Group;
use crate::progress::{Reporter, Step};

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
    /// The compiler or linker refused.
    #[error("the functions do not build ({status}); fix what cargo says:\n{said}")]
    Failed {
        /// How cargo ended.
        status: ExitStatus,
        /// Cargo's last lines.
        said: String,
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
    /// When cargo cannot be run, or says that something does not build.
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
        let (programs, said) = tokio::join!(programs(stdout), follow(stderr, &step));
        let status = child.wait().await.map_err(missing)?;
        if !status.success() {
            return Err(BuildError::Failed { status, said: said.map_err(missing)? });
        }
        let functions = Self(programs.map_err(missing)?);
        step.finish("Built the functions");
        Ok(functions)
    }

    /// The program of the package in `directory`.
    #[must_use]
    pub fn program(&self, directory: &Path) -> Option<&Path> {
        self.0.get(directory).map(PathBuf::as_path)
    }
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
        assert!(matches!(error, BuildError::Failed { said, .. } if said.contains("gone")));
    }
}
