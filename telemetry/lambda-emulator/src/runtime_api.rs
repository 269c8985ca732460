//! Lambda's Runtime API and Extensions API for one function at a time.

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

/// How long to wait for a function before it counts as dead, beyond the time that it may take for an event.
const TIMEOUT: Duration = Duration::from_secs(20);

/// The behaviour of the Extensions API.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Extensions {
    /// It answers 404, as in most local engines.
    #[default]
    Absent,
    /// It answers as Lambda does; the request for the next event is never answered.
    Present,
    /// It never answers.
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

/// The answer and the latencies of one invocation.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// What the function answered.
    pub answer: Answer,
    /// From the delivery of the event to the arrival of the answer.
    pub caller_latency: Duration,
    /// From the arrival of the answer to the next request for an event.
    pub flush_gap: Duration,
}

/// A request of the function that the emulator observed.
#[derive(Clone, Debug)]
pub enum Observed {
    /// It requested an event.
    Polled(Instant),
    /// An event was delivered to it.
    Delivered(Instant),
    /// It answered.
    Answered(Answer, Instant),
    /// It reported a failed start.
    InitError(Value),
    /// It registered an extension.
    Registered,
    /// Its extension requested an event.
    ExtensionPolled,
}

struct PendingEvent {
    body: Vec<u8>,
    deadline_ms: u128,
    number: usize,
}

/// Serves the Runtime API to one function at a time.
#[derive(Debug)]
pub struct RuntimeApi {
    address: SocketAddr,
    events: Sender<PendingEvent>,
    observed: Receiver<Observed>,
    unresponsive: Arc<AtomicBool>,
    polled: Option<Instant>,
    number: usize,
}

#[derive(Clone)]
struct Server {
    events: Arc<Mutex<Receiver<PendingEvent>>>,
    observed: Sender<Observed>,
    unresponsive: Arc<AtomicBool>,
    extensions: Extensions,
}

impl RuntimeApi {
    /// Listens on a free port.
    ///
    /// # Errors
    ///
    /// Fails when no port is free.
    pub fn start(extensions: Extensions) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let (events, pending) = channel();
        let (sender, observed) = channel();
        let unresponsive = Arc::<AtomicBool>::default();
        let server = Server {
            events: Arc::new(Mutex::new(pending)),
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

    /// From now on accepts answers and never responds to them.
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

    /// Waits until the function requests an event; `None` when it does not.
    pub fn polled(&mut self) -> Option<Instant> {
        if self.polled.is_none() {
            self.polled =
                self.until(|observed| if let Observed::Polled(at) = observed { Some(*at) } else { None });
        }
        self.polled
    }

    /// Delivers `event`, which must be answered within `time`, and waits for the answer and the next request;
    /// `None` when the function is gone.
    pub fn invoke(&mut self, event: &Value, time: Duration) -> Option<Invocation> {
        self.polled()?;
        self.send(event, time);
        let delivered =
            self.until(|observed| if let Observed::Delivered(at) = observed { Some(*at) } else { None })?;
        let (answer, answered) = self.within(time + TIMEOUT, |observed| match observed {
            Observed::Answered(answer, at) => Some((answer.clone(), *at)),
            _ => None,
        })?;
        let polled = self.polled()?;
        Some(Invocation { answer, caller_latency: answered - delivered, flush_gap: polled - answered })
    }

    /// Queues `event`, which must be answered within `time`, and does not wait.
    pub fn send(&mut self, event: &Value, time: Duration) {
        self.polled = None;
        self.number += 1;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let event = PendingEvent {
            body: event.to_string().into(),
            deadline_ms: (now + time).as_millis(),
            number: self.number,
        };
        // Cannot fail: the receiver lives in the listener's thread, which never ends.
        drop(self.events.send(event));
    }

    /// Waits for the first observation that `wanted` accepts; others are skipped.
    pub fn until<T>(&mut self, wanted: impl Fn(&Observed) -> Option<T>) -> Option<T> {
        self.within(TIMEOUT, wanted)
    }

    fn within<T>(&mut self, time: Duration, wanted: impl Fn(&Observed) -> Option<T>) -> Option<T> {
        let end = Instant::now() + time;
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
                    self.observe(Observed::Delivered(Instant::now()));
                    event
                }
                "post /2018-06-01/runtime/init/error" => {
                    self.observe(Observed::InitError(json(&request)));
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
        let event = self.events.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()?;
        let PendingEvent { body, deadline_ms, number } = event;
        let headers = format!(
            "content-type: application/json\r\n\
             lambda-runtime-aws-request-id: 00000000-0000-4000-8000-{number:012}\r\n\
             lambda-runtime-deadline-ms: {deadline_ms}\r\n\
             lambda-runtime-invoked-function-arn: arn:aws:lambda:eu-west-1:123456789012:function:test-function\r\n\
             lambda-runtime-trace-id: Root=1-5bef4de7-{number:024x};Parent=9a9197af755a6419;Sampled=1\r\n"
        );
        Some(response("200 OK", &headers, &body))
    }

    /// The answer of the Extensions API; `None` for a request that is never answered.
    fn extension(&self, line: &str) -> Option<Vec<u8>> {
        if self.extensions == Extensions::Absent {
            return Some(response("404 Not Found", "", b""));
        }
        if line == "post /2020-01-01/extension/register" && self.extensions == Extensions::Present {
            self.observe(Observed::Registered);
            return Some(response("200 OK", "lambda-extension-identifier: test-extension\r\n", b"{}"));
        }
        self.observe(Observed::ExtensionPolled);
        None
    }

    fn observe(&self, observed: Observed) {
        // The test may have ended and dropped the receiver.
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
