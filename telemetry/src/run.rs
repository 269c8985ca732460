//! The invocation loop of a Lambda function: one span per invocation, cold start, flush after the response, shutdown.

mod deadline;
mod entry;
mod flush;
mod handler;
mod invocation_end;
pub(crate) mod panics;
pub(crate) mod peak_memory;
mod runtime_api;
mod service;
mod shutdown;
mod start;
mod unwinding;

use std::{fmt::Debug, future::Future};

use lambda_runtime::{Diagnostic, LambdaEvent, Runtime};
use serde::{Deserialize, Serialize};

use crate::init::Telemetry;
pub use entry::{Entry, Trigger};
pub use start::StartError;

use handler::Handler;
use service::InvocationLayer;
use shutdown::Shutdown;

impl Telemetry {
    /// Serves invocations with `handler` until the environment ends.
    ///
    /// Each invocation gets a span that continues Lambda's trace and the metrics of the execution environment.
    /// The spans are flushed after the response was posted and before the next event is requested, so that no
    /// caller waits for telemetry.
    ///
    /// A handler that fails or panics, an event that does not parse, an invocation that runs out of time and
    /// the shutdown of the environment (SIGTERM) are each reported as far as time allows.
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
            () = shutdown.requested() => {}
        }
        // `select!` has dropped the invocation, if there was one, and its drop reported it.
        self.shut_down().await;
        Ok(())
    }
}
