//! The shutdown of the environment: SIGTERM, which Lambda sends only to a function with a registered extension.

use std::{future::pending, time::Duration};

use bytes::Bytes;
use http::{HeaderValue, Request};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::{http_client::Client, logs::redact::error_chain, run::runtime_api};

/// Unique among the extensions of a function.
const NAME: HeaderValue = HeaderValue::from_static("telemetry-shutdown");
const ID: &str = "lambda-extension-identifier";
/// How long a start waits for the Extensions API, which is on this machine.
const TIMEOUT: Duration = Duration::from_millis(250);

/// Waits for the end of the environment.
#[derive(Debug)]
pub(super) struct Shutdown {
    sigterm: Option<Signal>,
    extension: Option<Extension>,
}

/// An extension that subscribes to no event. It must still ask for the next one, or Lambda does not take it as ready.
#[derive(Debug)]
struct Extension {
    client: Client,
    id: HeaderValue,
}

impl Shutdown {
    /// Listens for SIGTERM and registers the extension; the function works without either, so a failure is only
    /// logged. Must come before the first request for an event, which ends Lambda's init phase.
    pub(super) async fn prepare(runtime_api: Option<&str>) -> Self {
        let sigterm = signal(SignalKind::terminate())
            .inspect_err(|error| tracing::warn!(error = error_chain(error), "SIGTERM will not be noticed"));
        let registered = tokio::time::timeout(TIMEOUT, Extension::register(runtime_api)).await;
        let extension = registered.ok().flatten();
        if extension.is_none() {
            tracing::debug!("There is no Extensions API; only some environments send SIGTERM without it");
        }
        Self { sigterm: sigterm.ok(), extension }
    }

    /// Resolves when the environment is to end.
    pub(super) async fn requested(&mut self) {
        let extension = async {
            if let Some(extension) = &self.extension {
                extension.wait_for_events().await;
            }
            pending::<()>().await;
        };
        let sigterm = async {
            match &mut self.sigterm {
                Some(sigterm) => sigterm.recv().await,
                None => pending().await,
            }
        };
        tokio::select! {
            biased;
            _ = sigterm => {}
            () = extension => {}
        }
    }
}

impl Extension {
    async fn register(runtime_api: Option<&str>) -> Option<Self> {
        let client = runtime_api::client(runtime_api?)?;
        let request = Request::post("/2020-01-01/extension/register")
            .header("lambda-extension-name", NAME)
            .body(Bytes::from_static(br#"{"events":[]}"#))
            .ok()?;
        let answer = client.send(request).await.ok()?;
        let id = answer.headers().get(ID)?.clone();
        answer.status().is_success().then_some(Self { client, id })
    }

    async fn wait_for_events(&self) {
        let request =
            Request::get("/2020-01-01/extension/event/next").header(ID, self.id.clone()).body(Bytes::new());
        if let Ok(request) = request
            && let Err(error) = self.client.send(request).await
        {
            tracing::debug!(error = error_chain(&error), "The Extensions API hung up");
        }
    }
}
