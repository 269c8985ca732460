//! Everything that a message is processed with.

use std::sync::Arc;

use telemetry::Telemetry;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::config::Config;

/// Configuration, the outside world, telemetry, and the permits to decode.
#[derive(Clone, Debug)]
pub struct App<S> {
    /// Configuration from the environment.
    pub config: Config,
    /// The world outside.
    pub store: S,
    /// Where events are emitted.
    pub telemetry: Telemetry,
    /// One permit for each original that may be decoded now. It outlives its batch, as a decoder may that
    /// was not done in time.
    decoders: Arc<Semaphore>,
}

impl<S> App<S> {
    /// An application with no image in work.
    pub fn new(config: Config, store: S, telemetry: Telemetry) -> Self {
        let decoders = Arc::new(Semaphore::new(config.decoders));
        Self { config, store, telemetry, decoders }
    }

    /// Waits for a decoder's permit.
    pub(crate) async fn decoder_permit(&self) -> Option<OwnedSemaphorePermit> {
        // Nobody closes the semaphore.
        Arc::clone(&self.decoders).acquire_owned().await.ok()
    }
}
