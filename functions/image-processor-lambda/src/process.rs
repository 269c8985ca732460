//! One upload, from claim to notification.

use std::{
    panic::AssertUnwindSafe,
    time::{Duration, Instant, SystemTime},
};

use contract::{
    completion, image_id,
    item::{Item, Original, Status},
    thumbnail_key::thumbnail_key,
};
use futures_util::FutureExt;
use telemetry::context;
use tracing::{Instrument, Span};
use uuid::Uuid;

use crate::{
    attempt::Attempt,
    claim::Claim,
    condition::Announced,
    error::{Fault, FaultSource, Permanent},
    events::{ImageProcessed, ImageRejected},
    render::{self, Rendered, Unrendered},
    stage::Stage,
    store::{Note, Opened, Store},
};

/// How an upload without a fault ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Thumbnails, item and notification exist.
    Done,
    /// The item is FAILED, and the notification was published.
    Failed,
    /// Nothing was left to do: this version is complete, or a newer one has come.
    Duplicate,
    /// It was to be done again, and its object is gone: the item is left as it was.
    LeftAsItWas,
    /// Another attempt is at work; come again after this.
    Busy(Duration),
}

impl<S: Store> Attempt<'_, S> {
    /// Takes the upload to its outcome, inside the current span; `opened` is what S3 answered and
    /// `waited` how long that took.
    ///
    /// # Errors
    ///
    /// Fails for our or AWS's reasons; the claim is given back, so that the next attempt need not wait.
    pub async fn run(
        mut self,
        opened: Result<Option<Opened<S::Body>>, Fault>,
        download: Span,
        waited: Duration,
    ) -> Result<Outcome, Fault> {
        let time = self.deadline.duration_since(SystemTime::now()).unwrap_or_default();
        let steps = AssertUnwindSafe(self.steps(opened, download, waited)).catch_unwind();
        let result = match tokio::time::timeout(time, steps).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(Fault::panic(Stage::Receive)),
            Err(_) => Err(Fault { stage: Stage::Receive, source: FaultSource::OutOfTime }),
        };
        if result.is_err() {
            self.release().await;
        }
        result
    }

    async fn steps(
        &mut self,
        opened: Result<Option<Opened<S::Body>>, Fault>,
        download: Span,
        mut waited: Duration,
    ) -> Result<Outcome, Fault> {
        let mut opened = opened.inspect_err(|fault| {
            self.annotate(image_id::image_id(&self.upload.key));
            telemetry::fail(&download, fault);
        })?;
        let (image_id, claim) = if self.upload.reprocess.is_some() && opened.is_none() {
            // The usual claim would overwrite what is known of the image.
            self.claim_begun().await
        } else {
            let (image_id, claim) = self.claim_first().await;
            (image_id, claim.map(Some))
        };
        self.annotate(image_id);
        let Some(mut claim) = claim? else { return Ok(Outcome::LeftAsItWas) };
        // What is to be done again is in no hurry, and must have its object opened before each claim.
        if let Claim::Busy(until) = claim
            && self.upload.reprocess.is_none()
        {
            // Its connection would idle meanwhile, and it may be the version that the other attempt is about.
            drop(opened.take());
            claim = self.claim_patiently(image_id, until).await?;
            if let Claim::Won(_) = claim {
                let asked = Instant::now();
                opened = self.open_again(&download).await?;
                waited = asked.elapsed();
            }
        }
        let mut item = match claim {
            Claim::Won(item) => *item,
            Claim::Done => return Ok(Outcome::Duplicate),
            Claim::Busy(until) => {
                return Ok(Outcome::Busy(until.duration_since(SystemTime::now()).unwrap_or_default()));
            }
            Claim::TakenByOther => {
                return Err(Fault { stage: Stage::Claim, source: FaultSource::IdTaken });
            }
        };
        let rendered = match opened {
            None => Err(Permanent::ObjectGone.into()),
            Some(opened) => self.render(&mut item, opened, download, waited).await,
        };
        match rendered {
            Ok(rendered) => self.complete(item, rendered).await,
            Err(Unrendered::Refused(refused)) => self.reject(item, &refused).await,
            Err(Unrendered::Fault(fault)) => Err(fault),
        }
    }

    async fn open_again(&self, download: &Span) -> Result<Option<Opened<S::Body>>, Fault> {
        let opened = self.app.store.open(&self.upload.key).instrument(download.clone()).await;
        opened.map_err(Fault::aws(Stage::Download)).inspect_err(|fault| telemetry::fail(download, fault))
    }

    /// Has the span found by the image and its user; once, since attributes are never overwritten.
    fn annotate(&self, image_id: Uuid) {
        let user = image_id::user_id(&self.upload.key).unwrap_or_default();
        context::annotate(&Span::current(), &[("image.id", &image_id.to_string()), ("user.id", user)]);
    }

    async fn render(
        &mut self,
        item: &mut Item,
        opened: Opened<S::Body>,
        download: Span,
        waited: Duration,
    ) -> Result<Rendered, Unrendered> {
        item.original.e_tag = opened.e_tag;
        item.original.bytes = Some(opened.bytes);
        let (bytes, limit) = (opened.bytes, self.app.config.limits.max_bytes);
        if bytes > limit {
            return Err(Permanent::from(thumbnail::Rejection::TooManyBytes { bytes, limit }).into());
        }
        let started = Instant::now();
        let body = self.app.store.read(opened.body).await;
        let body = body
            .map_err(Fault::aws(Stage::Download))
            .inspect_err(|fault| telemetry::fail(&download, fault))?;
        drop(download);
        self.timings.add(Stage::Download, waited + started.elapsed());
        let config = &self.app.config;
        let (permit, options) = (self.app.decoder_permit().await, config.thumbnails.clone());
        let rendered = render::render(permit, body, config.limits, options, &mut self.timings).await?;
        let Original { content_type, width, height, .. } = rendered.original;
        item.original = Original { content_type, width, height, ..item.original.clone() };
        Ok(rendered)
    }

    async fn complete(&mut self, mut item: Item, rendered: Rendered) -> Result<Outcome, Fault> {
        for (options, thumbnail) in self.app.config.thumbnails.iter().zip(&rendered.thumbnails) {
            let side_px = (!item.thumbnails.is_empty()).then_some(options.side_px.get());
            let key = thumbnail_key(item.image_id, side_px);
            let store = &self.app.store;
            let work =
                async { store.put(&key, thumbnail.jpeg.clone()).await.map_err(Fault::aws(Stage::Upload)) };
            self.timings.run(Stage::Upload, work).await?;
            item.thumbnails.push(render::stored(key, thumbnail));
        }
        item.status = Status::Done;
        let item = self.conclude(item).await?;
        let elapsed = self.started.elapsed();
        self.app.telemetry.emit(&ImageProcessed { item: &item, elapsed, timings: &self.timings });
        Ok(Outcome::Done)
    }

    async fn reject(&mut self, mut item: Item, refused: &Permanent) -> Result<Outcome, Fault> {
        item.status = Status::Failed;
        item.refused = Some(refused.refused());
        let item = self.conclude(item).await?;
        let elapsed = self.started.elapsed();
        self.app.telemetry.emit(&ImageRejected { item: &item, error: refused, elapsed });
        Ok(Outcome::Failed)
    }

    /// Records the result, publishes the notification, and records that it was published; the first alone where
    /// subscribers know the result already.
    async fn conclude(&mut self, mut item: Item) -> Result<Item, Fault> {
        item.processed_at = Some(SystemTime::now());
        // Done again with the same result, which subscribers know.
        item.notified = item.reprocess.is_some() && self.announced.as_ref() == Some(&Announced::of(&item));
        self.write(Stage::Persist, &item).await?;
        if item.notified {
            return Ok(item);
        }
        let note = note(&item);
        let store = &self.app.store;
        let work = async { store.notify(&note).await.map_err(Fault::aws(Stage::Notify)) };
        self.timings.run(Stage::Notify, work).await?;
        item.notified = true;
        self.write(Stage::Settle, &item).await?;
        Ok(item)
    }
}

fn note(item: &Item) -> Note {
    let subject = match &item.refused {
        None => format!("Image {} is ready", item.image_id),
        Some(refused) => format!("Image {} was rejected: {}", item.image_id, refused.reason),
    };
    Note {
        subject,
        body: completion::body(item),
        status: item.status,
        image_id: item.image_id.to_string(),
        traceparent: context::traceparent(&Span::current()),
    }
}
