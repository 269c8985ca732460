//! Runs attempts step by step: each external effect waits until the scheduler lets it pass.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

use image_processor_lambda::error::AwsError;

/// Where an attempt waits, and what its call returns when it goes on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gates(Arc<Mutex<Gate>>);

#[derive(Debug, Default)]
struct Gate {
    /// Who waits; a batch polls only those of its messages that were woken.
    waiting: Option<Waker>,
    answer: Option<Result<(), ()>>,
}

impl Gates {
    /// Waits for the scheduler.
    pub(crate) async fn pass(&self) -> Result<(), AwsError> {
        let gates = self.clone();
        let answer = std::future::poll_fn(move |context| {
            let mut gate = gates.0.lock().unwrap();
            let Some(answer) = gate.answer.take() else {
                gate.waiting = Some(context.waker().clone());
                return Poll::Pending;
            };
            Poll::Ready(answer)
        });
        answer.await.map_err(|()| AwsError::from("connection reset"))
    }

    fn is_waiting(&self) -> bool {
        self.0.lock().unwrap().waiting.is_some()
    }

    fn open(&self, answer: Result<(), ()>) {
        let mut gate = self.0.lock().unwrap();
        gate.answer = Some(answer);
        let waiting = gate.waiting.take();
        drop(gate);
        waiting.unwrap().wake();
    }
}

/// An attempt that stands at a gate.
pub(crate) struct Running<T> {
    future: Pin<Box<dyn Future<Output = T>>>,
    gates: Gates,
    /// What the attempt works on.
    pub(crate) message: usize,
}

/// Where an attempt is after a step.
pub(crate) enum Progress<T> {
    /// At its next gate.
    Waiting(Running<T>),
    /// At its end.
    Done(T),
}

impl<T> Running<T> {
    /// Begins an attempt and takes it to its first gate.
    pub(crate) fn begin(
        message: usize,
        gates: Gates,
        future: impl Future<Output = T> + 'static,
    ) -> Progress<T> {
        Self { future: Box::pin(future), gates, message }.poll()
    }

    /// Lets the attempt through its gate, or has the call fail there, and takes it to the next one.
    pub(crate) fn step(self, answer: Result<(), ()>) -> Progress<T> {
        self.gates.open(answer);
        self.poll()
    }

    fn poll(mut self) -> Progress<T> {
        let mut context = Context::from_waker(Waker::noop());
        loop {
            match self.future.as_mut().poll(&mut context) {
                Poll::Ready(result) => return Progress::Done(result),
                Poll::Pending if self.gates.is_waiting() => return Progress::Waiting(self),
                // The CPU's part runs on another thread; nothing else happens meanwhile.
                Poll::Pending => std::thread::yield_now(),
            }
        }
    }
}
