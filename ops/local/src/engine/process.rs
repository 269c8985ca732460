//! The engine's process: started, awaited until it is ready, and ended with every process that it started.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use super::root_key::root_credentials;
use super::{Venv, program};
use crate::faults::Processes;
use crate::process_group::Group;
use aws_client::Credentials;
use aws_client::http::{Http, HttpError};

/// Longest wait for the engine to answer; it takes about a second on an idle machine.
const START_TIMEOUT: Duration = Duration::from_secs(90);

/// Longest wait for the killed engine to be gone.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// Longest wait for its killed functions: in a container whose first process collects no dead ones,
/// they stay listed for ever.
const COLLECT_TIMEOUT: Duration = Duration::from_millis(300);

/// How an engine is started.
#[derive(Clone, Debug)]
pub struct Launch<'a> {
    /// The environment it runs in.
    pub venv: &'a Venv,
    /// Its home: log, unpacked functions, temporary files.
    pub directory: &'a Path,
    /// Its port on loopback; 0 picks a free one.
    pub port: u16,
    /// The region that it and its functions live in.
    pub region: &'a str,
    /// More variables for the engine, which its functions inherit.
    pub environment: &'a [(String, String)],
}

/// A running engine; dropping it kills it and its functions.
#[derive(Debug)]
pub struct Engine {
    child: Child,
    id: i32,
    group: Group,
    endpoint: String,
    root: Credentials,
    log: PathBuf,
}

/// The engine did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Somebody else listens there.
    #[error(
        "port {port} is in use; stop what listens there, or choose another one with --engine-port (0 picks a free one)"
    )]
    PortInUse {
        /// The port asked for.
        port: u16,
    },
    /// The port cannot be had for another reason.
    #[error(
        "port {port} on 127.0.0.1 cannot be opened; choose another one with --engine-port (0 picks a free one)"
    )]
    Port {
        /// The port asked for.
        port: u16,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The process could not be made.
    #[error(
        "the engine could not be started from {directory}; see that it is writable and its disk has room, then start again"
    )]
    Spawn {
        /// Its home.
        directory: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// It ended before it was ready.
    #[error(
        "the engine ended on start ({status}); delete .local-stack to install it anew if the log ({log}) shows no reason. Its last lines:\n{tail}"
    )]
    Ended {
        /// How it ended.
        status: ExitStatus,
        /// Where its log is.
        log: String,
        /// The log's last lines.
        tail: String,
    },
    /// It runs but does not answer.
    #[error("the engine was not ready within {} s; its log is {log}. Its last lines:\n{tail}", START_TIMEOUT.as_secs())]
    Silent {
        /// Where its log is.
        log: String,
        /// The log's last lines.
        tail: String,
        /// What the last question got.
        #[source]
        source: Option<HttpError>,
    },
}

impl Engine {
    /// Starts an engine and waits until it is ready.
    ///
    /// # Errors
    ///
    /// When the port is taken, or the engine ends or stays silent; the error shows its log.
    pub async fn start(launch: Launch<'_>) -> Result<Self, StartError> {
        let listener = listen(launch.port)?;
        let spawn = |source| StartError::Spawn { directory: launch.directory.to_owned(), source };
        let port = listener.local_addr().map_err(spawn)?.port();
        let mut engine = launch.spawn(listener, port).map_err(spawn)?;
        engine.wait_until_ready(&launch.log()).await?;
        Ok(engine)
    }

    /// Where the AWS APIs are.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The key of the account's root user, which no other engine has.
    #[must_use]
    pub fn root_credentials(&self) -> &Credentials {
        &self.root
    }

    /// The engine's process, and the group of it and its functions.
    #[must_use]
    pub fn processes(&self) -> Processes {
        Processes { engine: self.id, group: self.group.id() }
    }

    /// Its log, which outlives it until the next engine of the same directory.
    #[must_use]
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// The log's last lines.
    #[must_use]
    pub fn last_words(&self) -> String {
        tail(&self.log)
    }

    /// Waits for the engine to end by itself, which it does only when something is wrong.
    ///
    /// # Errors
    ///
    /// When the process cannot be waited for.
    pub async fn ended(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// Ends the engine and its functions.
    ///
    /// # Errors
    ///
    /// When the engine is still there after some seconds.
    pub async fn stop(mut self) -> io::Result<()> {
        self.group.kill();
        timeout(STOP_TIMEOUT, self.child.wait()).await??;
        timeout(COLLECT_TIMEOUT, self.group.gone()).await.unwrap_or(Ok(()))
    }

    async fn wait_until_ready(&mut self, log: &Path) -> Result<(), StartError> {
        let url = format!("{}/_ministack/ready", self.endpoint);
        let unanswered = tokio::select! {
            ready = timeout(START_TIMEOUT, until_ready(&url)) => match ready {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(error)) => Some(error),
                Err(_) => None,
            },
            // An engine that ends closes the connection first; its end is the better reason.
            _ = self.child.wait() => None,
        };
        let log_path = log.display().to_string();
        match timeout(Duration::from_secs(1), self.child.wait()).await {
            Ok(Ok(status)) => Err(StartError::Ended { status, log: log_path, tail: tail(log) }),
            _ => Err(StartError::Silent { log: log_path, tail: tail(log), source: unanswered }),
        }
    }
}

impl Launch<'_> {
    fn log(&self) -> PathBuf {
        self.directory.join("engine.log")
    }

    fn spawn(&self, listener: TcpListener, port: u16) -> io::Result<Engine> {
        let endpoint = format!("http://127.0.0.1:{port}");
        let temporary = self.directory.join("tmp");
        fs::create_dir_all(&temporary)?;
        let script = program::write(self.directory)?;
        let root = root_credentials()?;
        let (child, group) = Group::spawn(
            Command::new(&self.venv.python)
                .arg(script)
                .env_clear()
                .envs(self.variables(&endpoint, port, &temporary))
                .envs(self.environment.iter().map(|(name, value)| (name, value)))
                .current_dir(self.directory)
                .stdin(line(&serde_json::to_vec(&root)?)?)
                .stdout(OwnedFd::from(listener))
                .stderr(File::create(self.log())?),
        )?;
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        let id = id.ok_or_else(|| io::Error::other("the process ended at once"))?;
        Ok(Engine { child, id, group, endpoint, root, log: self.log() })
    }

    /// The whole environment: functions inherit it, so nothing of the user's may leak in.
    fn variables(&self, endpoint: &str, port: u16, temporary: &Path) -> Vec<(&'static str, OsString)> {
        let mut path = OsString::from(self.venv.python.parent().unwrap_or(Path::new("/usr/bin")));
        path.push(":/usr/local/bin:/usr/bin:/bin");
        vec![
            ("PATH", path),
            ("HOME", self.directory.into()),
            ("TMPDIR", temporary.into()),
            // Otherwise the keys that sign tokens lie in /tmp, shared by all engines of the machine.
            ("STATE_DIR", self.directory.join("state").into()),
            // For a restart of the engine; nothing is written before.
            ("PERSIST_STATE", "1".into()),
            ("GATEWAY_PORT", port.to_string().into()),
            ("BIND_HOST", "127.0.0.1".into()),
            ("MINISTACK_HOST", "127.0.0.1".into()),
            ("MINISTACK_REGION", self.region.into()),
            ("AWS_REGION", self.region.into()),
            ("AWS_DEFAULT_REGION", self.region.into()),
            // The engine hands functions its own address only if it knows it.
            ("AWS_ENDPOINT_URL", endpoint.into()),
            ("AWS_EC2_METADATA_DISABLED", "true".into()),
            ("AUTH", "true".into()),
            // Fixed ports, which would keep two stacks from running side by side.
            ("IOT_MTLS_ENABLED", "0".into()),
            ("SFTP_ENABLED", "0".into()),
            // The engine removes containers that it takes for its own: keep it off this machine's.
            ("DOCKER_HOST", "unix:///nonexistent".into()),
            ("LOG_LEVEL", "INFO".into()),
            ("LANG", "C.UTF-8".into()),
        ]
    }
}

/// A line to be read from: unlike a variable or a file, nobody else finds it there afterwards.
fn line(text: &[u8]) -> io::Result<Stdio> {
    let (reader, mut writer) = io::pipe()?;
    // Far less than a pipe holds, so nobody needs to read yet.
    writer.write_all(text)?;
    writer.write_all(b"\n")?;
    Ok(reader.into())
}

/// Opens the engine's socket here, so that a busy port is known before anything starts.
fn listen(port: u16) -> Result<TcpListener, StartError> {
    TcpListener::bind(("127.0.0.1", port)).map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => StartError::PortInUse { port },
        _ => StartError::Port { port, source },
    })
}

/// Asks until the engine is ready; the kernel holds the first question until it listens.
async fn until_ready(url: &str) -> Result<(), HttpError> {
    let http = Http::new();
    loop {
        let answer = http.send(http::Method::GET, url, &[], "").await?;
        if answer.status().is_success() {
            return Ok(());
        }
        sleep(Duration::from_millis(20)).await;
    }
}

fn tail(log: &Path) -> String {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    lines.get(lines.len().saturating_sub(15)..).unwrap_or_default().join("\n")
}
