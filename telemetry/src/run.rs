//! The run-wrapper: one span per invocation, cold start, flush after the answer, and whatever ends it.

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
            () = shutdown.requested() => {}
        }
        // The invocation, if there was one, ended as it was dropped.
        self.shut_down().await;
        Ok(())
    }
}
