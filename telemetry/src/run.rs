//! The run-wrapper: one span per invocation, cold start, flush after the answer.

use std::{
    fmt::Debug,
    future::Future,
    pin::Pin,
    sync::PoisonError,
    task::{Context, Poll},
    time::Duration,
};

use lambda_runtime::{
    Diagnostic, LambdaEvent, LambdaInvocation, Runtime,
    tower::{Layer, Service},
};
use opentelemetry::trace::Status;
use serde::{Deserialize, Serialize};
use tracing::{Instrument, Span, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::{Counter, Emf, Event, Size, Telemetry, Timer, log::chain, process};

/// How a function is entered.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The name of the span around each invocation.
    pub span: &'static str,
    /// What invokes the function.
    pub trigger: Trigger,
}

/// What invokes a function, as OpenTelemetry's `faas.trigger` spells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// A request that waits for the answer.
    Http,
    /// Messages of a queue.
    PubSub,
    /// A schedule.
    Timer,
}

impl Trigger {
    const fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::PubSub => "pubsub",
            Self::Timer => "timer",
        }
    }

    const fn span_kind(self) -> &'static str {
        match self {
            Self::Http => "server",
            Self::PubSub => "consumer",
            Self::Timer => "internal",
        }
    }
}

/// Marks `span` as failed because of `error`.
pub fn fail(span: &Span, error: &(dyn std::error::Error + 'static)) {
    span.set_status(Status::error(chain(error)));
}

impl Telemetry {
    /// Serves invocations with `handler` until the environment ends.
    ///
    /// Around each: a span that continues Lambda's trace, the metrics of the environment, and a flush of
    /// the spans after the answer was posted and before the next event is asked for, so that no caller
    /// waits for telemetry.
    ///
    /// # Errors
    ///
    /// Fails when the runtime API cannot be reached.
    pub async fn run<E, R, Fut, Err>(
        self,
        entry: Entry,
        handler: impl Fn(LambdaEvent<E>) -> Fut,
    ) -> Result<(), lambda_runtime::Error>
    where
        E: for<'de> Deserialize<'de>,
        R: Serialize,
        Fut: Future<Output = Result<R, Err>>,
        Err: Into<Diagnostic> + Debug,
    {
        let initialised = self.inner.started.elapsed();
        let service = lambda_runtime::service_fn(|event: LambdaEvent<E>| {
            let work = handler(event);
            let telemetry = &self;
            async move {
                let ending = Ending { telemetry, initialised, failed: true };
                let result = work.await;
                ending.tell(result.is_ok());
                result
            }
        });
        Runtime::new(service).layer(InvocationLayer { telemetry: self.clone(), entry }).run().await
    }
}

/// Tells the end of an invocation, however it ends: a panic drops it unarmed.
struct Ending<'a> {
    telemetry: &'a Telemetry,
    initialised: Duration,
    failed: bool,
}

impl Ending<'_> {
    fn tell(mut self, ok: bool) {
        self.failed = !ok;
    }
}

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        if self.failed {
            Span::current().set_status(Status::error("the invocation failed"));
        }
        self.telemetry.tell_facade();
        self.telemetry.emit(&InvocationEnded {
            cold: self.telemetry.take_cold().then_some(self.initialised),
            peak_memory: process::peak_memory_bytes(),
            lost: self.telemetry.inner.sink.take_lost(),
        });
    }
}

/// What is measured once per invocation.
struct InvocationEnded {
    cold: Option<Duration>,
    peak_memory: Option<u64>,
    lost: u64,
}

impl Event for InvocationEnded {
    fn log(&self) {
        if self.lost > 0 {
            tracing::warn!(lost = self.lost, "Telemetry was lost");
        }
    }

    fn measure(&self, emf: &mut Emf) {
        if let Some(initialised) = self.cold {
            emf.count(Counter::ColdStarts, 1);
            emf.time(Timer::InitLatency, initialised);
        }
        if let Some(bytes) = self.peak_memory {
            emf.size(Size::PeakMemory, bytes);
        }
        if self.lost > 0 {
            emf.count(Counter::TelemetryDropped, self.lost);
        }
    }
}

/// Wraps the runtime's innermost service, so that it resolves once the answer was posted.
#[derive(Clone, Debug)]
struct InvocationLayer {
    telemetry: Telemetry,
    entry: Entry,
}

impl<S> Layer<S> for InvocationLayer {
    type Service = InvocationService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        InvocationService { inner, telemetry: self.telemetry.clone(), entry: self.entry }
    }
}

#[derive(Debug)]
struct InvocationService<S> {
    inner: S,
    telemetry: Telemetry,
    entry: Entry,
}

impl<S> InvocationService<S> {
    fn span(&self, invocation: &LambdaInvocation) -> Span {
        let context = &invocation.context;
        let span = info_span!(
            parent: None,
            "invocation",
            otel.name = self.entry.span,
            otel.kind = self.entry.trigger.span_kind(),
            faas.trigger = self.entry.trigger.name(),
            faas.invocation_id = context.request_id,
            faas.coldstart = self.telemetry.inner.cold.load(std::sync::atomic::Ordering::Relaxed),
            cloud.resource_id = context.invoked_function_arn,
        );
        self.telemetry.adopt_invocation(&span, context.xray_trace_id.as_deref());
        span
    }
}

impl<S> Service<LambdaInvocation> for InvocationService<S>
where
    S: Service<LambdaInvocation, Response = ()>,
{
    type Response = ();
    type Error = S::Error;
    type Future = Flushed<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, invocation: LambdaInvocation) -> Self::Future {
        self.telemetry.serve(&invocation.context.request_id);
        let span = self.span(&invocation);
        let answered = span.in_scope(|| self.inner.call(invocation)).instrument(span);
        Flushed { answered: Some(Box::pin(answered)), telemetry: self.telemetry.clone() }
    }
}

/// Resolves after the answer was posted, its span closed and the spans sent.
struct Flushed<F> {
    answered: Option<Pin<Box<tracing::instrument::Instrumented<F>>>>,
    telemetry: Telemetry,
}

impl<F: Future> Future for Flushed<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let Some(answered) = self.answered.as_mut() else { return Poll::Pending };
        let Poll::Ready(output) = answered.as_mut().poll(context) else { return Poll::Pending };
        // Dropping the instrumented future closes the span, which must happen before the flush.
        self.answered = None;
        self.telemetry.flush();
        *self.telemetry.inner.request_id.lock().unwrap_or_else(PoisonError::into_inner) = None;
        Poll::Ready(output)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Metric;

    #[test]
    fn every_metric_that_the_catalogue_promises_of_each_service_is_told_as_declared() {
        let (telemetry, captured) = Telemetry::capture("svc");
        let initialised = Some(Duration::from_millis(3));

        telemetry.scope(|| {
            telemetry.emit(&InvocationEnded { cold: initialised, peak_memory: Some(1), lost: 1 });
        });

        assert_eq!(captured.catalogue_gaps(Metric::EVERY_SERVICE), [""; 0]);
    }

    #[test]
    fn what_the_facade_holds_is_told_at_the_end_of_an_invocation() {
        let (telemetry, captured) = Telemetry::capture("svc");

        telemetry.scope(|| {
            metrics::counter!("steps").increment(2);
            drop(Ending { telemetry: &telemetry, initialised: Duration::ZERO, failed: true });
            assert!((captured.sum("steps") - 2.0).abs() < f64::EPSILON);
        });
    }
}
