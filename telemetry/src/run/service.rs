//! Wraps the runtime's innermost service, so that an invocation is over once its answer was posted and its
//! spans were sent.

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
    Telemetry,
    run::{
        entry::{Entry, Trigger},
        flush::{bound, deadline},
        invocation_end::Ending,
    },
};

/// What the service's future borrows lives for `'a`: the handler.
#[derive(Clone, Debug)]
pub(super) struct InvocationLayer<'a> {
    telemetry: Telemetry,
    entry: Entry,
    /// How long the environment took to be ready.
    initialised: Duration,
    borrowed: PhantomData<&'a ()>,
}

impl InvocationLayer<'_> {
    pub(super) fn new(telemetry: Telemetry, entry: Entry) -> Self {
        let initialised = telemetry.inner.started.elapsed();
        Self { telemetry, entry, initialised, borrowed: PhantomData }
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
        self.telemetry.adopt_invocation(&span, context.xray_trace_id.as_deref());
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
        telemetry.serve(&invocation.context.request_id);
        // Only of a request does somebody wait for the answer; elsewhere a line that is held back would buy
        // nothing, and a process that is killed would take it along.
        if self.outer.entry.trigger == Trigger::Http {
            telemetry.inner.sink.hold();
        }
        let deadline = deadline(invocation.context.deadline);
        let span = self.outer.span(&invocation);
        let ending = Ending::new(telemetry.clone(), span.clone(), self.outer.initialised);
        let answered = span.in_scope(|| self.inner.call(invocation));
        Box::pin(conduct(telemetry, answered.instrument(span), ending, deadline))
    }
}

/// Resolves after the answer was posted, its span closed and the spans sent.
async fn conduct<F: Future>(
    telemetry: Telemetry,
    answered: F,
    ending: Ending,
    deadline: SystemTime,
) -> F::Output {
    let output = {
        let answered = pin!(answered);
        telemetry.guard(answered, ending.span(), deadline).await
    };
    // The answer is out: what is measured once for each invocation keeps no caller waiting. This closes the
    // span too, which must happen before the flush.
    ending.answered();
    telemetry.flush(bound(deadline, SystemTime::now())).await;
    *telemetry.inner.request_id.lock().unwrap_or_else(PoisonError::into_inner) = None;
    output
}
