//! The init phase of a function: its failure is logged and reported to Lambda.

use std::{error::Error, future::Future, time::Duration};

use crate::{
    init::Telemetry,
    logs::redact::error_chain,
    run::{panics::caught, runtime_api},
};

/// How long a failed start waits for Lambda to accept the report.
const TIMEOUT: Duration = Duration::from_millis(500);

/// The start failed. The reason is in the log and in Lambda's report, not here: `main` would print it a second
/// time, unredacted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the start failed; the log has the reason")]
pub struct StartError;

impl Telemetry {
    /// Runs `start`, which reads configuration and makes clients; a failure or panic of it is logged and reported
    /// to Lambda's `/init/error`.
    ///
    /// # Errors
    ///
    /// Fails when `start` does.
    pub async fn start<T, E: Into<Box<dyn Error + Send + Sync>>>(
        &self,
        start: impl Future<Output = Result<T, E>>,
    ) -> Result<T, StartError> {
        let reason = match caught(|| start).await {
            Ok(Ok(started)) => return Ok(started),
            Ok(Err(error)) => error_chain(&*error.into()),
            Err(panic) => format!("a panic: {panic}"),
        };
        tracing::error!(error = reason, "The start failed");
        if let Some(address) = &self.inner.runtime_api {
            let reported = runtime_api::report_init_error(address, &reason);
            if !tokio::time::timeout(TIMEOUT, reported).await.unwrap_or_default() {
                tracing::warn!("Lambda did not accept the report of the failed start");
            }
        }
        Err(StartError)
    }
}
