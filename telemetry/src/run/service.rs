//! A `tower` layer around each invocation: its span, deadline, metrics, and the flush after the response.

use std::{
    future::Future,
    marker::PhantomData,
    pin::{Pin, pin},
    sync::{PoisonError, atomic::Ordering},
    task::{Context, Poll},
    time::{Duration, SystemTime},
};

use lambda_runtime::{
    LambdaInvocation,
    tower::{Layer, Service},
};
use tracing::{Instrument, Span, info_span};

use crate::{
    init::Telemetry,
    run::{
        entry::{Entry, Trigger},
        flush::deadline,
        invocation_end::InvocationEnd,
    },
};

/// Wraps the runtime's innermost service; its future borrows the handler, which lives for `'a`.
#[derive(Clone, Debug)]
pub(super) struct InvocationLayer<'a> {
    telemetry: Telemetry,
    entry: Entry,
    /// From the start of the program to its first request for an event.
    init_duration: Duration,
    borrowed: PhantomData<&'a ()>,
}

impl InvocationLayer<'_> {
    pub(super) fn new(telemetry: Telemetry, entry: Entry) -> Self {
        let init_duration = telemetry.inner.started.elapsed();
        Self { telemetry, entry, init_duration, borrowed: PhantomData }
    }
}

impl<'a, S> Layer<S> for InvocationLayer<'a> {
    type Service = InvocationService<'a, S>;

    fn layer(&self, inner: S) -> Self::Service {
        InvocationService { inner, outer: self.clone() }
    }
}

#[derive(Debug)]
pub(super) struct InvocationService<'a, S> {
    inner: S,
    outer: InvocationLayer<'a>,
}

impl InvocationLayer<'_> {
    fn span(&self, invocation: &LambdaInvocation) -> Span {
        let context = &invocation.context;
        let span = info_span!(
            parent: None,
            "invocation",
            otel.name = self.entry.span,
            otel.kind = self.entry.trigger.span_kind(),
            faas.trigger = self.entry.trigger.name(),
            faas.invocation_id = context.request_id,
            faas.coldstart = self.telemetry.inner.cold.load(Ordering::Relaxed),
            cloud.resource_id = context.invoked_function_arn,
        );
        self.telemetry.set_invocation_parent(&span, context.xray_trace_id.as_deref());
        span
    }
}

impl<'a, S> Service<LambdaInvocation> for InvocationService<'a, S>
where
    S: Service<LambdaInvocation, Response = ()>,
    S::Future: 'a,
{
    type Response = ();
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<(), S::Error>> + 'a>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, invocation: LambdaInvocation) -> Self::Future {
        let telemetry = self.outer.telemetry.clone();
        telemetry.set_request_id(&invocation.context.request_id);
        // Only the caller of a request waits for the answer. Elsewhere a buffered line would save nothing and be
        // lost with a process that is killed.
        if self.outer.entry.trigger == Trigger::Http {
            telemetry.inner.writer.start_buffering();
        }
        let deadline = deadline(invocation.context.deadline);
        let span = self.outer.span(&invocation);
        let end = InvocationEnd::new(telemetry.clone(), span.clone(), self.outer.init_duration);
        let answered = span.in_scope(|| self.inner.call(invocation));
        Box::pin(complete(telemetry, answered.instrument(span), end, deadline))
    }
}

/// Resolves after the response was posted, the span of the invocation closed and the spans sent.
async fn complete<F: Future>(
    telemetry: Telemetry,
    answered: F,
    end: InvocationEnd,
    deadline: SystemTime,
) -> F::Output {
    let output = {
        let answered = pin!(answered);
        telemetry.watch_deadline(answered, end.span(), deadline).await
    };
    // The response is posted, so these metrics keep no caller waiting. This closes the span too, which must
    // happen before the flush.
    end.answered();
    telemetry.flush(deadline).await;
    *telemetry.inner.request_id.lock().unwrap_or_else(PoisonError::into_inner) = None;
    output
}
