//! One pair of processes: bare and with telemetry; a third with the usual telemetry where that is asked for.

use std::{
    io,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use lambda_emulator::{Answer, Extensions, Invocation, RuntimeApi};
use serde_json::{Value, json};

use crate::{
    COUNTED,
    mode::{Mode, Peer},
    processors::on_its_own,
};

/// Invocations before those that count.
const WARM_UP: usize = 200;
const TIME: Duration = Duration::from_secs(30);
/// Starts beside the one that is invoked.
const STARTS: usize = 5;
/// Invocations of one process before it is the other's turn: so few that both see the same speed of the machine,
/// and so many that each finds its caches warm.
const TURN: usize = 100;

/// The measurements of one process.
#[derive(Debug, Default)]
pub(crate) struct Run {
    pub(crate) latencies: Vec<Duration>,
    pub(crate) gaps: Vec<Duration>,
    pub(crate) starts: Vec<Duration>,
}

/// The processes of a pair.
#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) bare: Run,
    pub(crate) with: Run,
    pub(crate) usual: Option<Run>,
}

/// A running function with everything it talks to.
pub(crate) struct Process {
    pub(crate) runtime_api: RuntimeApi,
    pub(crate) peer: Peer,
    child: Child,
}

/// Runs one pair in turns; which comes first alternates with `number`.
pub(crate) fn run(mode: Mode, usual: Option<&Path>, invocations: usize, number: usize) -> Pair {
    let program = Path::new(env!("CARGO_BIN_EXE_test-function"));
    let mut sides = vec![Side::start(None, program), Side::start(Some(mode), program)];
    // It exports over HTTP alone.
    sides.extend(usual.map(|usual| Side::start(Some(Mode::Otlp), usual)));
    let places = sides.len();
    for turn in 0..invocations.div_ceil(TURN) {
        let count = TURN.min(invocations - turn * TURN);
        for place in 0..places {
            sides[(number + turn + place) % places].invoke(count);
        }
    }
    let mut runs = sides.into_iter().map(|side| side.run);
    let mut next = || runs.next().expect("two sides at least");
    let (bare, with) = (next(), next());
    Pair { bare, with, usual: runs.next() }
}

/// One process of a pair, with its measurements so far.
struct Side {
    process: Process,
    run: Run,
}

impl Side {
    fn start(mode: Option<Mode>, program: &Path) -> Self {
        let mut starts: Vec<Duration> =
            (0..STARTS).map(|_| Process::start(mode, program, |_| {}).1).collect();
        let (mut process, start) = Process::start(mode, program, |_| {});
        starts.push(start);
        (0..WARM_UP).for_each(|_| drop(process.invoke()));
        Self { process, run: Run { starts, ..Run::default() } }
    }

    fn invoke(&mut self, count: usize) {
        for _ in 0..count {
            let invocation = self.process.invoke();
            self.run.latencies.push(invocation.caller_latency);
            self.run.gaps.push(invocation.flush_gap);
        }
        self.process.peer.clear();
    }
}

/// Allocations of one invocation of a program that counts its own: the difference between two that follow each other,
/// which is the same each time.
pub(crate) fn allocations(mode: Option<Mode>, program: &Path) -> u64 {
    let counted = |command: &mut Command| {
        command.env(COUNTED, "1");
    };
    let (mut process, _) = Process::start(mode, program, counted);
    (0..WARM_UP).for_each(|_| _ = process.invoke());
    let mut counts: Vec<u64> = (0..21).map(|_| allocated(&process.invoke())).collect();
    counts = counts.windows(2).map(|pair| pair[1] - pair[0]).collect();
    counts.sort_unstable();
    counts[counts.len() / 2]
}

fn allocated(invocation: &Invocation) -> u64 {
    match &invocation.answer {
        Answer::Response(answer) => answer["allocations"].as_u64().expect("the function counts"),
        Answer::Error(error) => panic!("{error}"),
    }
}

impl Process {
    /// Starts `program`, bare without a `mode`; how long it took from start to first poll.
    pub(crate) fn start(
        mode: Option<Mode>,
        program: &Path,
        adapt: impl FnOnce(&mut Command),
    ) -> (Self, Duration) {
        let mut runtime_api = RuntimeApi::start(Extensions::Present).expect("a free port");
        let mut command = runtime_api.command(program);
        let peer = if let Some(mode) = mode {
            mode.prepare(&mut command)
        } else {
            command.env("TEST_FUNCTION_MODE", "bare");
            Peer::None
        };
        adapt(&mut command);
        let started = Instant::now();
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = on_its_own(|| command.spawn()).expect("it was built");
        let mut stdout = child.stdout.take().expect("a pipe");
        // As Lambda does: somebody reads what the function writes.
        std::thread::spawn(move || io::copy(&mut stdout, &mut io::sink()));
        let polled = runtime_api.polled().expect("the function starts");
        (Self { runtime_api, peer, child }, polled - started)
    }

    pub(crate) fn invoke(&mut self) -> Invocation {
        self.runtime_api.invoke(&event(), TIME).expect("the function answers")
    }

    /// Ends the process with SIGTERM, as Lambda does.
    pub(crate) fn terminate(mut self) {
        let pid = nix::unistd::Pid::from_raw(self.child.id().try_into().expect("a pid"));
        nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).expect("it runs");
        self.child.wait().expect("it ends");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The one payload.
fn event() -> Value {
    json!({ "order": "work", "image_id": "0198c0de-0000-7000-8000-000000000001", "key": "user-uploads/u/i.jpg" })
}
