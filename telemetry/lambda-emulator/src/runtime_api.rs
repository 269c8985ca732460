//! Lambda's side of a function: it hands out events and takes answers.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    process::Command,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use serde_json::Value;

use crate::connection::{Connection, Request, response};

/// How long the stage waits for a function before it takes it for dead.
const PATIENCE: Duration = Duration::from_secs(20);

/// Whether there is an Extensions API.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Extensions {
    /// None, as in most local engines: 404.
    #[default]
    Absent,
    /// As Lambda has it; an extension's wait for the next event never ends.
    Present,
    /// It takes registrations and never answers.
    Silent,
}

/// How the function ended an invocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// With a response.
    Response(Value),
    /// With an error.
    Error(Value),
}

/// One invocation, as its caller and Lambda saw it.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// What the function answered.
    pub answer: Answer,
    /// From the event's hand-out to the arrival of the answer.
    pub caller_latency: Duration,
    /// From the arrival of the answer to the next request for an event.
    pub flush_gap: Duration,
}

/// Something that a function did.
#[derive(Clone, Debug)]
pub enum Observed {
    /// It asked for an event.
    Polled(Instant),
    /// It was given one.
    Given(Instant),
    /// It answered.
    Answered(Answer, Instant),
    /// It told that its start failed.
    StartFailed(Value),
    /// It registered an extension.
    Registered,
    /// Its extension asked for an event.
    ExtensionWaits,
}

struct Given {
    body: Vec<u8>,
    deadline_ms: u128,
    number: usize,
}

/// The Runtime API, for one function at a time.
#[derive(Debug)]
pub struct RuntimeApi {
    address: SocketAddr,
    events: Sender<Given>,
    observed: Receiver<Observed>,
    unresponsive: Arc<AtomicBool>,
    polled: Option<Instant>,
    number: usize,
}

#[derive(Clone)]
struct Server {
    events: Arc<Mutex<Receiver<Given>>>,
    observed: Sender<Observed>,
    unresponsive: Arc<AtomicBool>,
    extensions: Extensions,
}

impl RuntimeApi {
    /// Opens the stage on a free port.
    ///
    /// # Errors
    ///
    /// Fails when no port is free.
    pub fn start(extensions: Extensions) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let (events, given) = channel();
        let (sender, observed) = channel();
        let unresponsive = Arc::<AtomicBool>::default();
        let server = Server {
            events: Arc::new(Mutex::new(given)),
            observed: sender,
            unresponsive: Arc::clone(&unresponsive),
            extensions,
        };
        thread::spawn(move || {
            for (number, stream) in listener.incoming().flatten().enumerate() {
                let server = server.clone();
                if let Ok(connection) = Connection::new(stream, number) {
                    thread::spawn(move || server.serve(connection));
                }
            }
        });
        Ok(Self { address, events, observed, unresponsive, polled: None, number: 0 })
    }

    /// From now on takes answers without a word.
    pub fn stop_responding(&self) {
        self.unresponsive.store(true, Ordering::SeqCst);
    }

    /// A command that runs `program` as Lambda would: with its environment and no other.
    #[must_use]
    pub fn command(&self, program: &std::path::Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().envs([
            ("AWS_LAMBDA_RUNTIME_API", self.address.to_string().as_str()),
            ("AWS_LAMBDA_FUNCTION_NAME", "test-function"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_REGION", "eu-west-1"),
        ]);
        command
    }

    /// Waits until the function asks for an event; `None` when it does not.
    pub fn polled(&mut self) -> Option<Instant> {
        if self.polled.is_none() {
            self.polled =
                self.until(|observed| if let Observed::Polled(at) = observed { Some(*at) } else { None });
        }
        self.polled
    }

    /// Hands out `event`, which must be answered within `time`, and waits for the answer and the next
    /// request; `None` when the function is gone.
    pub fn invoke(&mut self, event: &Value, time: Duration) -> Option<Invocation> {
        self.polled()?;
        self.give(event, time);
        let given =
            self.until(|observed| if let Observed::Given(at) = observed { Some(*at) } else { None })?;
        let (answer, answered) = self.until(|observed| match observed {
            Observed::Answered(answer, at) => Some((answer.clone(), *at)),
            _ => None,
        })?;
        let polled = self.polled()?;
        Some(Invocation { answer, caller_latency: answered - given, flush_gap: polled - answered })
    }

    /// Hands out `event`, which must be answered within `time`, and does not wait.
    pub fn give(&mut self, event: &Value, time: Duration) {
        self.polled = None;
        self.number += 1;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let given = Given {
            body: event.to_string().into(),
            deadline_ms: (now + time).as_millis(),
            number: self.number,
        };
        // The receiver lives as long as the listener's thread: for ever.
        drop(self.events.send(given));
    }

    /// Waits for the first scene that `wanted` takes; others are passed over.
    pub fn until<T>(&mut self, wanted: impl Fn(&Observed) -> Option<T>) -> Option<T> {
        let end = Instant::now() + PATIENCE;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if let Some(found) = wanted(&self.observed.recv_timeout(left).ok()?) {
                return Some(found);
            }
        }
    }
}

impl Server {
    fn serve(&self, mut connection: Connection) {
        while let Some(request) = connection.request() {
            let at = Instant::now();
            let answer = match request.line() {
                "get /2018-06-01/runtime/invocation/next" => {
                    self.observe(Observed::Polled(at));
                    let Some(event) = self.next() else { return };
                    self.observe(Observed::Given(Instant::now()));
                    event
                }
                "post /2018-06-01/runtime/init/error" => {
                    self.observe(Observed::StartFailed(json(&request)));
                    response("202 Accepted", "", b"")
                }
                line if line.ends_with("/response") => {
                    self.observe(Observed::Answered(Answer::Response(json(&request)), at));
                    if self.unresponsive.load(Ordering::SeqCst) {
                        return hold_open(connection);
                    }
                    response("202 Accepted", "", b"")
                }
                line if line.ends_with("/error") => {
                    self.observe(Observed::Answered(Answer::Error(json(&request)), at));
                    response("202 Accepted", "", b"")
                }
                line => match self.extension(line) {
                    Some(answer) => answer,
                    None => return hold_open(connection),
                },
            };
            if !connection.answer(&answer) {
                return;
            }
        }
    }

    fn next(&self) -> Option<Vec<u8>> {
        let given = self.events.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()?;
        let Given { body, deadline_ms, number } = given;
        let headers = format!(
            "content-type: application/json\r\n\
             lambda-runtime-aws-request-id: 00000000-0000-4000-8000-{number:012}\r\n\
             lambda-runtime-deadline-ms: {deadline_ms}\r\n\
             lambda-runtime-invoked-function-arn: arn:aws:lambda:eu-west-1:123456789012:function:test-function\r\n\
             lambda-runtime-trace-id: Root=1-5bef4de7-{number:024x};Parent=9a9197af755a6419;Sampled=1\r\n"
        );
        Some(response("200 OK", &headers, &body))
    }

    /// The answer of the Extensions API; `None` when there is to be none.
    fn extension(&self, line: &str) -> Option<Vec<u8>> {
        if self.extensions == Extensions::Absent {
            return Some(response("404 Not Found", "", b""));
        }
        if line == "post /2020-01-01/extension/register" && self.extensions == Extensions::Present {
            self.observe(Observed::Registered);
            return Some(response("200 OK", "lambda-extension-identifier: test-extension\r\n", b"{}"));
        }
        self.observe(Observed::ExtensionWaits);
        None
    }

    fn observe(&self, observed: Observed) {
        // The stage may be over.
        drop(self.observed.send(observed));
    }
}

/// Keeps the connection open until the peer hangs up.
fn hold_open(mut connection: Connection) {
    while connection.request().is_some() {}
}

fn json(request: &Request) -> Value {
    serde_json::from_slice(&request.body).unwrap_or_default()
}
