//! The run-wrapper: one span per invocation, cold start, flush after the answer, and whatever ends it.

mod ending;
mod guard;
mod handler;
mod service;
mod shutdown;

use std::{fmt::Debug, future::Future};

use lambda_runtime::{Diagnostic, LambdaEvent, Runtime};
use opentelemetry::trace::Status;
use serde::{Deserialize, Serialize};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::{Telemetry, log::chain};
pub(crate) use guard::OpenSpans;
pub(crate) use handler::{caught, message};

use handler::Handler;
use service::InvocationLayer;
use shutdown::Shutdown;

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
    /// A handler that fails or panics, an event that is not understood, an invocation that runs out of time
    /// and the end of the environment (SIGTERM) are each told as far as there is time.
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
        let handler = Handler::new(handler);
        let service = lambda_runtime::service_fn(|event| handler.serve(event));
        let runtime = Runtime::new(service).layer(InvocationLayer::new(self.clone(), entry));
        let mut shutdown = Shutdown::prepare(self.inner.runtime_api.as_deref()).await;
        tokio::select! {
            biased;
            served = runtime.run() => return served,
            () = shutdown.asked_for() => {}
        }
        // The invocation, if there was one, ended as it was dropped.
        self.tell_the_end().await;
        Ok(())
    }
}
