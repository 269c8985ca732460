//! Provisioning of virtual environments: the one that the engine runs in, and the one of the AWS CLI.

mod error;
mod intact;

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use sha2::{Digest, Sha256};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::Command;

use crate::process_group::Group;
pub use error::{Obstacle, ProvisionError};
use terminal::progress::{Reporter, Step};

/// Packages that go into one environment.
#[derive(Clone, Copy, Debug)]
pub struct Packages {
    /// What people call them, in the middle of a sentence.
    pub name: &'static str,
    /// Every one, pinned: a requirements file of pip, one package a line.
    pub requirements: &'static str,
}

/// The engine and what it needs.
pub const ENGINE_PACKAGES: Packages =
    Packages { name: "the engine", requirements: include_str!("requirements.txt") };

/// The AWS CLI and what it needs: it runs the commands of the runbooks.
pub const AWS_CLI_PACKAGES: Packages =
    Packages { name: "the AWS CLI", requirements: include_str!("aws-cli.txt") };

/// Oldest Python that the engine runs on.
const OLDEST_PYTHON: (u32, u32) = (3, 10);

/// How the names of environments begin, beside the stacks in the same directory.
pub(crate) const ENVIRONMENTS: &str = "engine-";

/// Written last into a finished environment; without it the environment is made anew.
const MARKER: &str = "complete";

/// Answers the version, and fails when a module that makes environments is missing.
const PROBE: &str = "import sys; print(*sys.version_info[:2]); import venv, ensurepip";

/// What to make an environment of, and where.
#[derive(Clone, Debug)]
pub struct Provision {
    /// Holds environments, one for each set of pins.
    pub directory: PathBuf,
    /// The Python that makes the environment.
    pub python: OsString,
    /// What goes into it.
    pub packages: Packages,
}

/// A finished environment.
#[derive(Clone, Debug)]
pub struct Venv {
    /// Its interpreter.
    pub python: PathBuf,
}

impl Provision {
    /// Gives the finished environment, making it first when there is none.
    ///
    /// Several processes may ask at once: one makes it, the others wait.
    ///
    /// # Errors
    ///
    /// Says what is missing on this machine and what to do about it.
    pub async fn ensure(&self, reporter: &dyn Reporter) -> Result<Venv, ProvisionError> {
        let packages = self.packages.name;
        self.install(reporter).await.map_err(|source| ProvisionError { packages, source })
    }

    async fn install(&self, reporter: &dyn Reporter) -> Result<Venv, Obstacle> {
        let (home, name) = (self.home(), self.packages.name);
        if let Some(venv) = finished(&home) {
            return Ok(venv);
        }
        let step = Step::start(reporter, "install", format!("Installing {name} (first time only)"));
        fs::create_dir_all(&self.directory).map_err(|source| self.disk(source))?;
        let _turn = self.wait_for_turn(&home, &step).await?;
        if let Some(venv) = finished(&home) {
            step.finish(format!("Another start has installed {name}"));
            return Ok(venv);
        }
        self.check_python().await?;
        let made = self.make(&home, &step).await;
        if made.is_err() {
            // On a full disk the half of it would keep the room; the next start removes what stays.
            fs::remove_dir_all(&home).ok();
        }
        let venv = made?;
        step.finish(format!("Installed {name}"));
        Ok(venv)
    }

    /// Environments cannot be moved once made, so each set of pins has its own place.
    fn home(&self) -> PathBuf {
        let hash: [u8; 32] = Sha256::digest(self.packages.requirements).into();
        let [a, b, c, d, ..] = hash;
        self.directory.join(format!("{ENVIRONMENTS}{:08x}", u32::from_be_bytes([a, b, c, d])))
    }

    async fn wait_for_turn(&self, home: &Path, step: &Step<'_>) -> Result<File, Obstacle> {
        let lock = File::create(home.with_extension("lock")).map_err(|source| self.disk(source))?;
        if lock.try_lock().is_ok() {
            return Ok(lock);
        }
        step.detail("waiting for another start that is installing it");
        let locked = tokio::task::spawn_blocking(move || lock.lock().map(|()| lock));
        locked.await.map_err(io::Error::other).flatten().map_err(|source| self.disk(source))
    }

    async fn check_python(&self) -> Result<(), Obstacle> {
        let program = self.python.to_string_lossy().into_owned();
        let output = match Group::output(Command::new(&self.python).args(["-c", PROBE])).await {
            Ok(output) => output,
            Err(source) if source.kind() == io::ErrorKind::NotFound => {
                return Err(Obstacle::NoPython { program });
            }
            Err(source) => return Err(Obstacle::BrokenPython { program, source }),
        };
        let version = String::from_utf8_lossy(&output.stdout);
        let mut numbers = version.split_whitespace().map_while(|word| word.parse().ok());
        let (Some(major), Some(minor)) = (numbers.next(), numbers.next()) else {
            let source = io::Error::other(last_lines(&output.stderr));
            return Err(Obstacle::BrokenPython { program, source });
        };
        if (major, minor) < OLDEST_PYTHON {
            return Err(Obstacle::OldPython { program, major, minor });
        }
        if !output.status.success() {
            return Err(Obstacle::NoVenvModule { program });
        }
        Ok(())
    }

    async fn make(&self, home: &Path, step: &Step<'_>) -> Result<Venv, Obstacle> {
        if home.exists() {
            step.detail("removing an unfinished or damaged installation");
            fs::remove_dir_all(home).map_err(|source| self.disk(source))?;
        }
        step.detail("making a virtual environment");
        // One after the other: venv does not print what its own ensurepip prints, such as that the disk is full.
        let mut venv = Command::new(&self.python);
        venv.args(["-m", "venv"]).arg(home).arg("--without-pip");
        self.run("python -m venv", &mut venv).await?;
        let mut ensurepip = Command::new(home.join("bin/python"));
        ensurepip.args(["-m", "ensurepip", "--upgrade", "--default-pip"]);
        self.run("python -m ensurepip", &mut ensurepip).await?;
        let requirements = home.join("requirements.txt");
        fs::write(&requirements, self.packages.requirements).map_err(|source| self.disk(source))?;
        let output = self.pip_install(home, &requirements, step).await.map_err(|source| self.disk(source))?;
        if !output.status.success() {
            return Err(self.explain("pip install", &output));
        }
        let identity = intact::identity(home).map_err(|source| self.disk(source))?;
        fs::write(home.join(MARKER), identity).map_err(|source| self.disk(source))?;
        Ok(Venv { python: home.join("bin/python") })
    }

    async fn run(&self, what: &'static str, command: &mut Command) -> Result<(), Obstacle> {
        let output = Group::output(command).await.map_err(|source| self.disk(source))?;
        if output.status.success() { Ok(()) } else { Err(self.explain(what, &output)) }
    }

    async fn pip_install(&self, home: &Path, requirements: &Path, step: &Step<'_>) -> io::Result<Output> {
        let arguments = ["-m", "pip", "install", "--disable-pip-version-check", "--no-input"];
        let (mut child, _group) = Group::spawn(
            Command::new(home.join("bin/python"))
                .args(arguments)
                .args(["--progress-bar", "off", "--requirement"])
                .arg(requirements)
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped()),
        )?;
        let (Some(stdout), Some(mut stderr)) = (child.stdout.take(), child.stderr.take()) else {
            return Err(io::Error::other("pip has no output"));
        };
        let mut printed = Vec::new();
        let (shown, read) = tokio::join!(
            show_progress(stdout, self.packages.requirements, step),
            stderr.read_to_end(&mut printed)
        );
        shown?;
        read?;
        let status = child.wait().await?;
        Ok(Output { status, stdout: Vec::new(), stderr: printed })
    }

    /// Finds the reason in what a tool printed.
    fn explain(&self, what: &'static str, output: &Output) -> Obstacle {
        let text = String::from_utf8_lossy(&output.stderr);
        let has = |needles: &[&str]| needles.iter().any(|needle| text.contains(needle));
        if has(&["No space left on device", "Disk quota exceeded"]) {
            return Obstacle::DiskFull { directory: self.directory.clone() };
        }
        if has(&[
            "Connection",
            "connection",
            "name resolution",
            "Max retries",
            "timed out",
            "from versions: none",
        ]) {
            return Obstacle::NoNetwork { printed: last_lines(&output.stderr) };
        }
        let stdout = last_lines(&output.stdout);
        let printed = if text.trim().is_empty() { stdout } else { last_lines(&output.stderr) };
        Obstacle::Tool { what, printed }
    }

    fn disk(&self, source: io::Error) -> Obstacle {
        let directory = self.directory.clone();
        if source.kind() == io::ErrorKind::StorageFull {
            return Obstacle::DiskFull { directory };
        }
        Obstacle::Disk { directory, source }
    }
}

/// A finished environment that still is what was installed.
fn finished(home: &Path) -> Option<Venv> {
    let made = fs::read(home.join(MARKER)).ok()?;
    let is_same = made == intact::identity(home).ok()? && intact::is_whole(home);
    is_same.then(|| Venv { python: home.join("bin/python") })
}

/// Passes on what pip does, package by package.
async fn show_progress(
    stdout: impl tokio::io::AsyncRead + Unpin,
    packages: &str,
    step: &Step<'_>,
) -> io::Result<()> {
    let total = packages.lines().filter(|line| !line.starts_with('#')).count() as u64;
    let mut collected = 0;
    let mut lines = BufReader::new(stdout).lines();
    while let Some(line) = lines.next_line().await? {
        let line = line.trim();
        if let Some(package) = line.strip_prefix("Collecting ") {
            collected += 1;
            let package = package.split(" (from").next().unwrap_or(package);
            step.moved(format!("collecting {package}"), Some(collected), Some(total));
        } else if line.starts_with("Installing collected packages") {
            step.moved("unpacking", Some(total), Some(total));
        }
    }
    Ok(())
}

fn last_lines(output: &[u8]) -> String {
    let text = String::from_utf8_lossy(output);
    // Warnings are about retries; the errors after them are the outcome.
    let is_error = |line: &&str| !line.trim().is_empty() && !line.starts_with("WARNING");
    let lines: Vec<&str> = text.lines().filter(is_error).collect();
    lines.get(lines.len().saturating_sub(4)..).unwrap_or_default().join(" | ")
}
