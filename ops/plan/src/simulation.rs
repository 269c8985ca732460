//! Simulation: uploads arrive, wait in the queue, are taken in batches and tried again, as discrete events.
//!
//! The clock jumps from event to event, and random numbers are drawn by a seed, so that the same question has the same
//! answer. An execution takes what waits when it is free, up to a batch: Lambda's batching window is nothing here, as in
//! the template.

mod events;
mod percentiles;
#[cfg(test)]
mod tests;

use serde::Serialize;

use crate::work::Work;
use events::{Event, Events};
pub use percentiles::Percentiles;

/// How far apart uploads are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Spacing {
    /// Independent of each other.
    Poisson,
    /// Equally.
    Uniform,
}

/// How long the attempts of a batch take.
#[derive(Clone, Debug)]
pub enum Service {
    /// By the model of an invocation.
    Model(Work),
    /// As others took that were measured, in milliseconds.
    Measured {
        /// From an attempt's beginning to its result; each is one of these.
        done_ms: Vec<f64>,
        /// From the last result of a batch until its execution is free; each is one of these.
        free_ms: Vec<f64>,
    },
}

impl Service {
    /// How long the attempt at `place` of a batch takes.
    fn done_ms(&self, place: usize, random: &mut fastrand::Rng) -> f64 {
        match self {
            Self::Model(work) => work.done_after_ms(place),
            Self::Measured { done_ms, .. } => one_of(done_ms, random),
        }
    }

    /// How long an execution stays busy behind the last result of its batch.
    fn free_ms(&self, random: &mut fastrand::Rng) -> f64 {
        match self {
            Self::Model(work) => work.settle_ms,
            Self::Measured { free_ms, .. } => one_of(free_ms, random),
        }
    }
}

/// What is simulated.
#[derive(Clone, Debug)]
pub struct Model {
    /// Uploads a second.
    pub rate: f64,
    /// How far apart.
    pub spacing: Spacing,
    /// How many.
    pub uploads: usize,
    /// From an upload's end until the queue can hand it out, in milliseconds; each upload's is one of these.
    pub pickup_ms: Vec<f64>,
    /// Executions at once.
    pub concurrency: usize,
    /// Messages of an execution at most.
    pub batch_size: usize,
    /// How long they take.
    pub service: Service,
    /// The share of attempts that fail.
    pub faults: f64,
    /// How often a message is tried.
    pub max_receives: u32,
    /// Before the first retry; five times as long before each further one, up to 15 minutes.
    pub retry_base_seconds: f64,
    /// What random numbers are drawn by.
    pub seed: u64,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outcome {
    /// Uploads that were done.
    pub done: usize,
    /// Messages in the dead-letter queue.
    pub dead: usize,
    /// Attempts, failed ones too.
    pub attempts: usize,
    /// Executions.
    pub invocations: usize,
    /// Messages of an execution, on average.
    pub mean_batch: f64,
    /// Seconds of executions for each upload.
    pub busy_seconds: f64,
    /// The share of time in which an execution was at work, of those that may be.
    pub utilisation: f64,
    /// From an upload's end to its receipt.
    pub wait: Percentiles,
    /// From an upload's end to its result.
    pub whole: Percentiles,
    /// Most messages that waited at once.
    pub longest_queue: usize,
}

/// The longest pause between two tries.
const LONGEST_PAUSE: f64 = 900.0;

/// A message.
#[derive(Clone, Copy, Debug)]
struct Message {
    uploaded: f64,
    receives: u32,
    /// When it was received first.
    received: Option<f64>,
}

/// Simulates; times are in seconds.
#[must_use]
pub fn run(model: &Model) -> Outcome {
    let mut random = fastrand::Rng::with_seed(model.seed);
    let mut events = Events::default();
    let mut messages = Vec::with_capacity(model.uploads);
    let mut at = 0.0;
    for number in 0..model.uploads {
        at += match model.spacing {
            Spacing::Uniform => 1.0 / model.rate,
            Spacing::Poisson => -(1.0 - random.f64()).ln() / model.rate,
        };
        messages.push(Message { uploaded: at, receives: 0, received: None });
        events.add(at + one_of(&model.pickup_ms, &mut random) / 1_000.0, Event::Visible(number));
    }
    let mut queue = std::collections::VecDeque::new();
    let (mut busy, mut busy_time, mut now) = (0, 0.0, 0.0);
    let (mut waits, mut wholes) = (Vec::new(), Vec::new());
    let mut outcome = Outcome {
        done: 0,
        dead: 0,
        attempts: 0,
        invocations: 0,
        mean_batch: 0.0,
        busy_seconds: 0.0,
        utilisation: 0.0,
        wait: Percentiles::default(),
        whole: Percentiles::default(),
        longest_queue: 0,
    };
    while let Some((time, event)) = events.next() {
        now = time;
        match event {
            Event::Visible(number) => queue.push_back(number),
            Event::Free => busy -= 1,
        }
        outcome.longest_queue = outcome.longest_queue.max(queue.len());
        while busy < model.concurrency && !queue.is_empty() {
            let batch: Vec<usize> = queue.drain(..model.batch_size.min(queue.len())).collect();
            outcome.invocations += 1;
            outcome.attempts += batch.len();
            busy += 1;
            let mut longest = 0.0_f64;
            for (place, number) in batch.into_iter().enumerate() {
                let took = model.service.done_ms(place, &mut random) / 1_000.0;
                longest = longest.max(took);
                let Some(message) = messages.get_mut(number) else { continue };
                message.receives += 1;
                message.received.get_or_insert(now);
                if random.f64() >= model.faults {
                    outcome.done += 1;
                    waits.push(message.received.unwrap_or(now) - message.uploaded);
                    wholes.push(now + took - message.uploaded);
                } else if message.receives >= model.max_receives {
                    outcome.dead += 1;
                } else {
                    let pause = model.retry_base_seconds * 5_f64.powf(f64::from(message.receives - 1));
                    // Half of it and up to the whole, so that those that failed together do not come back together; in
                    // whole seconds, since a queue knows no others.
                    let pause = (pause.min(LONGEST_PAUSE) * (0.5 + 0.5 * random.f64())).ceil();
                    events.add(now + took + pause, Event::Visible(number));
                }
            }
            let busy_for = longest + model.service.free_ms(&mut random) / 1_000.0;
            busy_time += busy_for;
            events.add(now + busy_for, Event::Free);
        }
    }
    outcome.mean_batch = ratio(outcome.attempts, outcome.invocations);
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let (uploads, concurrency) = (model.uploads.max(1) as f64, model.concurrency.max(1) as f64);
    outcome.busy_seconds = busy_time / uploads;
    outcome.utilisation = busy_time / (now.max(f64::MIN_POSITIVE) * concurrency);
    outcome.wait = Percentiles::of(waits);
    outcome.whole = Percentiles::of(wholes);
    outcome
}

fn one_of(samples: &[f64], random: &mut fastrand::Rng) -> f64 {
    random.choice(samples).copied().unwrap_or_default()
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn ratio(of: usize, by: usize) -> f64 {
    if by == 0 { 0.0 } else { of as f64 / by as f64 }
}
