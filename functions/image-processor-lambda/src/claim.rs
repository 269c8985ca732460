//! Claiming an image: one attempt at a time, and waiting for another one to end. The condition is in `condition.rs`.

use std::time::{Duration, SystemTime};

use contract::{image_id, item::Item};
use telemetry::context;
use tracing::{Instrument, Span};
use uuid::Uuid;

use crate::{
    attempt::Attempt,
    condition::{Condition, Obstacle},
    error::{Fault, FaultSource},
    stage::Stage,
    store::{Recorded, Store},
};

/// Slack after an attempt's deadline before others may take over: clocks differ.
const SLACK: Duration = Duration::from_secs(2);
/// The first wait for another attempt; each further one is twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(50);
/// The longest wait between two looks: so late may a newer version notice that the older one has ended.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// How a claim ended.
#[derive(Debug)]
pub(crate) enum Claim {
    /// The image is this attempt's.
    Won(Box<Item>),
    /// Nothing is left to do: this version is complete, or a newer one has come.
    Done,
    /// Another attempt excludes others until then.
    Busy(SystemTime),
    /// The id belongs to another key; or the image had to be known under it, and is not.
    TakenByOther,
}

impl<S: Store> Attempt<'_, S> {
    /// Claims the upload's image for this attempt, once, and answers its id.
    ///
    /// An image that a release before certified ids has begun keeps the id that it had there: its owner knows no other,
    /// and a duplicate of its message must not be processed anew under a second one.
    pub(crate) async fn claim_first(&mut self) -> (Uuid, Result<Claim, Fault>) {
        if let Some(former) = image_id::former_id(&self.upload.key) {
            match self.claim_on(former, Condition::Known(SystemTime::now())).await {
                Ok(Claim::TakenByOther) => {}
                claim => return (former, claim),
            }
        }
        let image_id = image_id::image_id(&self.upload.key);
        (image_id, self.claim(image_id).await)
    }

    /// Claims `image_id` for this attempt, once.
    async fn claim(&mut self, image_id: Uuid) -> Result<Claim, Fault> {
        self.claim_on(image_id, Condition::Free(SystemTime::now())).await
    }

    async fn claim_on(&mut self, image_id: Uuid, condition: Condition) -> Result<Claim, Fault> {
        let refused = match self.claim_if(image_id, condition).await? {
            Ok(item) => return Ok(Claim::Won(item)),
            Err(refused) => refused,
        };
        Ok(match refused {
            Some(Obstacle::Running(until) | Obstacle::Busy(until)) => Claim::Busy(until),
            Some(Obstacle::Complete | Obstacle::Superseded) => Claim::Done,
            Some(Obstacle::OtherOwner) => Claim::TakenByOther,
            None if matches!(condition, Condition::Known(_)) => Claim::TakenByOther,
            None => return Err(Fault { stage: Stage::Claim, source: FaultSource::ClaimLost }),
        })
    }

    /// Claims an image that is to be done again and whose object is gone, if an earlier attempt at this very request has
    /// overwritten its item already. `None` where nothing has happened yet, so that the item can be left as it is.
    pub(crate) async fn claim_begun(&mut self) -> (Uuid, Result<Option<Claim>, Fault>) {
        if let Some(former) = image_id::former_id(&self.upload.key) {
            match self.claim_begun_on(former).await {
                Ok(None) => {}
                claim => return (former, claim),
            }
        }
        let image_id = image_id::image_id(&self.upload.key);
        (image_id, self.claim_begun_on(image_id).await)
    }

    async fn claim_begun_on(&mut self, image_id: Uuid) -> Result<Option<Claim>, Fault> {
        Ok(match self.claim_if(image_id, Condition::Begun(SystemTime::now())).await? {
            Ok(item) => Some(Claim::Won(item)),
            Err(Some(Obstacle::Running(until))) => Some(Claim::Busy(until)),
            Err(_) => None,
        })
    }

    /// Writes the claim if `condition` allows it; else what stands in the way, as far as that is known.
    async fn claim_if(
        &mut self,
        image_id: Uuid,
        condition: Condition,
    ) -> Result<Result<Box<Item>, Option<Obstacle>>, Fault> {
        let mut item = Item::claim(image_id, self.upload, Uuid::now_v7(), self.deadline + SLACK);
        item.trace_id = context::trace_id(&Span::current());
        let store = &self.app.store;
        let work = async { store.record(&item, condition).await.map_err(Fault::aws(Stage::Claim)) };
        match self.timings.run(Stage::Claim, work).await? {
            Recorded::Written(announced) => self.announced = announced,
            // Our own write, whose answer was lost and which the SDK then repeated.
            Recorded::Refused(Some(standing)) if standing.attempt == item.attempt => {}
            Recorded::Refused(standing) => {
                return Ok(Err(standing.map(|standing| Obstacle::of(&standing, &item))));
            }
        }
        self.claimed = Some(item.clone());
        Ok(Ok(Box::new(item)))
    }

    /// Claims `image_id` again and again, which another attempt excludes `until` then, as long as patience lasts.
    ///
    /// Most attempts take less than a second: to look again here costs some milliseconds of waiting, to give
    /// the message back costs one of its receives and the rest of the other attempt's claim.
    pub(crate) async fn claim_patiently(
        &mut self,
        image_id: Uuid,
        until: SystemTime,
    ) -> Result<Claim, Fault> {
        let (span, started) = (Stage::Wait.span(), std::time::Instant::now());
        let looks = async {
            let mut wait = FIRST_WAIT;
            let mut claim = Claim::Busy(until);
            while matches!(claim, Claim::Busy(_)) && wait <= self.patience {
                self.app.store.pause(wait).await;
                self.patience -= wait;
                wait = (wait * 2).min(LONGEST_WAIT);
                claim = self.claim(image_id).await?;
            }
            Ok(claim)
        };
        let claim = looks.instrument(span.clone()).await;
        self.timings.add(Stage::Wait, started.elapsed());
        claim.inspect_err(|fault| telemetry::fail(&span, fault))
    }
}
