//! One attempt at one upload: what it has to work with, and what it has written.

use std::time::{Duration, Instant, SystemTime};

use contract::{item::Item, s3_event::Upload};

use crate::{
    app::App,
    condition::{Announced, Condition},
    error::{Fault, FaultSource},
    stage::{Stage, Timings},
    store::{Recorded, Store},
};

/// One attempt at one upload.
#[derive(Debug)]
pub struct Attempt<'a, S> {
    pub(crate) app: &'a App<S>,
    pub(crate) upload: &'a Upload,
    pub(crate) deadline: SystemTime,
    /// How long it may still wait for another attempt.
    pub(crate) patience: Duration,
    pub(crate) started: Instant,
    pub(crate) timings: Timings,
    /// What subscribers knew of the version that this attempt does again.
    pub(crate) announced: Option<Announced>,
    /// What this attempt wrote last, which others must respect.
    pub(crate) claimed: Option<Item>,
}

impl<'a, S: Store> Attempt<'a, S> {
    /// An attempt that must end by `deadline`, and may wait for another one as long as `patience` lasts.
    pub fn new(app: &'a App<S>, upload: &'a Upload, deadline: SystemTime, patience: Duration) -> Self {
        let (started, timings) = (Instant::now(), Timings::default());
        Self { app, upload, deadline, patience, started, timings, announced: None, claimed: None }
    }

    /// Writes `item` in a step of its own, unless the claim is lost.
    pub(crate) async fn write(&mut self, stage: Stage, item: &Item) -> Result<(), Fault> {
        let store = &self.app.store;
        let work = async { store.record(item, Condition::Mine).await.map_err(Fault::aws(stage)) };
        match self.timings.run(stage, work).await? {
            Recorded::Written(_) => {
                self.claimed = Some(item.clone());
                Ok(())
            }
            Recorded::Refused(_) => Err(Fault { stage, source: FaultSource::ClaimLost }),
        }
    }

    /// Gives the claim back; when that fails too, the claim runs out by itself.
    pub(crate) async fn release(&mut self) {
        if let Some(mut item) = self.claimed.take() {
            item.claimed_until = SystemTime::UNIX_EPOCH;
            if let Err(error) = self.app.store.record(&item, Condition::Mine).await {
                tracing::warn!(error = &*error as &dyn std::error::Error, "Claim not given back");
            }
        }
    }
}
