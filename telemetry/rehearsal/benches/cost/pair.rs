//! One pair of processes: bare and with telemetry.

use std::{
    io,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use rehearsal::{Answer, Extensions, Invocation, Stage};
use serde_json::{Value, json};

use crate::{
    COUNTED,
    role::{Mode, Peer},
};

/// Invocations before those that count.
const WARM_UP: usize = 200;
const TIME: Duration = Duration::from_secs(30);
/// Starts beside the one that is invoked.
const STARTS: usize = 5;

/// What one process showed.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) latencies: Vec<Duration>,
    pub(crate) gaps: Vec<Duration>,
    pub(crate) starts: Vec<Duration>,
}

/// Both processes of a pair.
#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) bare: Run,
    pub(crate) with: Run,
}

/// A running function with everything it talks to.
pub(crate) struct Actor {
    pub(crate) stage: Stage,
    pub(crate) peer: Peer,
    process: Child,
}

/// One pair; which comes first alternates with `number`.
pub(crate) fn run(mode: Mode, invocations: usize, number: usize) -> Pair {
    if number.is_multiple_of(2) {
        let bare = perform(None, invocations);
        Pair { bare, with: perform(Some(mode), invocations) }
    } else {
        let with = perform(Some(mode), invocations);
        Pair { bare: perform(None, invocations), with }
    }
}

fn perform(mode: Option<Mode>, invocations: usize) -> Run {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_rehearsed"));
    let starts = (0..STARTS).map(|_| Actor::start(mode, &program, |_| {}).1).collect();
    let (mut actor, start) = Actor::start(mode, &program, |_| {});
    (0..WARM_UP).for_each(|_| drop(actor.invoke()));
    let mut run = Run { latencies: Vec::new(), gaps: Vec::new(), starts };
    run.starts.push(start);
    for number in 0..invocations {
        let invocation = actor.invoke();
        run.latencies.push(invocation.caller_latency);
        run.gaps.push(invocation.flush_gap);
        if number % 100 == 0 {
            actor.peer.forget();
        }
    }
    run
}

/// Allocations of one invocation, bare and with telemetry: the difference between two that follow each other,
/// which is the same each time.
pub(crate) fn allocations(mode: Mode) -> (u64, u64) {
    let program = std::env::current_exe().expect("this program");
    let of = |mode| {
        let counted = |command: &mut Command| {
            command.env(COUNTED, "1");
        };
        let (mut actor, _) = Actor::start(mode, &program, counted);
        (0..WARM_UP).for_each(|_| _ = actor.invoke());
        let mut counts: Vec<u64> = (0..21).map(|_| allocated(&actor.invoke())).collect();
        counts = counts.windows(2).map(|pair| pair[1] - pair[0]).collect();
        counts.sort_unstable();
        counts[counts.len() / 2]
    };
    (of(None), of(Some(mode)))
}

fn allocated(invocation: &Invocation) -> u64 {
    match &invocation.answer {
        Answer::Response(answer) => answer["allocations"].as_u64().expect("the function counts"),
        Answer::Error(error) => panic!("{error}"),
    }
}

impl Actor {
    /// Starts `program`, bare without a `mode`; how long it took from start to first poll.
    pub(crate) fn start(
        mode: Option<Mode>,
        program: &Path,
        adapt: impl FnOnce(&mut Command),
    ) -> (Self, Duration) {
        let mut stage = Stage::start(Extensions::Present).expect("a free port");
        let mut command = stage.command(program);
        let peer = if let Some(mode) = mode {
            mode.prepare(&mut command)
        } else {
            command.env("REHEARSE", "bare");
            Peer::None
        };
        adapt(&mut command);
        let started = Instant::now();
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it was built");
        let mut stdout = process.stdout.take().expect("a pipe");
        // As Lambda does: somebody reads what the function writes.
        std::thread::spawn(move || io::copy(&mut stdout, &mut io::sink()));
        let polled = stage.polled().expect("the function starts");
        (Self { stage, peer, process }, polled - started)
    }

    pub(crate) fn invoke(&mut self) -> Invocation {
        self.stage.invoke(&event(), TIME).expect("the function answers")
    }

    /// Ends the process as Lambda does, so that it ends well.
    pub(crate) fn terminate(mut self) {
        let pid = nix::unistd::Pid::from_raw(self.process.id().try_into().expect("a pid"));
        nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).expect("it runs");
        self.process.wait().expect("it ends");
    }
}

impl Drop for Actor {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// The one payload.
fn event() -> Value {
    json!({ "order": "work", "image_id": "0198c0de-0000-7000-8000-000000000001", "key": "user-uploads/u/i.jpg" })
}
