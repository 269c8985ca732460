//! The shell: a batch in, the messages to deliver again out.

use std::{
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use futures_util::{FutureExt, StreamExt, stream};
use lambda_runtime::LambdaEvent;
use telemetry::{
    Telemetry,
    context::{self, Origins},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::{Instrument, Span, info_span};

use crate::{
    config::Config,
    error::{Fault, Retry},
    events::{AttemptFailed, DuplicateSkipped, ImageBusy, ImageReceived, MessageMalformed},
    notification::{self, MalformedMessage, Notification, Upload},
    process::{Attempt, Outcome},
    retry,
    stage::Stage,
    store::{Opened, Store},
};

/// Time kept for giving messages back and posting the answer.
const RESERVE: Duration = Duration::from_millis(1_500);
/// The least time that an attempt is begun with.
const LEAST: Duration = Duration::from_secs(2);

/// Everything a message is processed with.
#[derive(Clone, Debug)]
pub struct App<S> {
    /// What the environment says.
    pub config: Config,
    /// The world outside.
    pub store: S,
    /// Where events are told.
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

    /// Waits for a decoder's turn.
    pub(crate) async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        // Nobody closes the semaphore.
        Arc::clone(&self.decoders).acquire_owned().await.ok()
    }
}

/// Processes a batch; names the messages to deliver again, and only those.
pub async fn handle(app: &App<impl Store>, event: LambdaEvent<SqsEvent>) -> SqsBatchResponse {
    let deadline = SystemTime::UNIX_EPOCH + Duration::from_millis(event.context.deadline);
    let deadline = deadline.checked_sub(RESERVE).unwrap_or(SystemTime::UNIX_EPOCH);
    let batch = Batch { app, deadline, span: Span::current() };
    describe_batch(&batch.span, &event.payload.records);
    let failed: Vec<Option<BatchItemFailure>> = stream::iter(&event.payload.records)
        .map(|message| batch.message(message))
        .buffer_unordered(app.config.parallel)
        .collect()
        .await;
    let mut response = SqsBatchResponse::default();
    response.batch_item_failures = failed.into_iter().flatten().collect();
    response
}

/// What the messages of one invocation share.
struct Batch<'a, S> {
    app: &'a App<S>,
    deadline: SystemTime,
    span: Span,
}

impl<S: Store> Batch<'_, S> {
    /// Processes one message; whatever happens to it happens to it alone.
    async fn message(&self, message: &SqsMessage) -> Option<BatchItemFailure> {
        let verdict = AssertUnwindSafe(self.uploads(message)).catch_unwind().await;
        let verdict = verdict.unwrap_or_else(|_| {
            let fault = Fault::panic(Stage::Receive);
            self.app.telemetry.emit(&AttemptFailed { fault: &fault, attempt: receives(message) });
            Err(Retry::Backoff)
        });
        let retry = verdict.err()?;
        self.postpone(message, &retry).await;
        let mut failure = BatchItemFailure::default();
        failure.item_identifier = message.message_id.clone().unwrap_or_default();
        Some(failure)
    }

    /// Processes each upload of a message in turn; the first that must be repeated ends it, and those
    /// before it are duplicates next time.
    async fn uploads(&self, message: &SqsMessage) -> Result<(), Retry> {
        match self.read(message) {
            Ok(Notification::Test) => Ok(()),
            Ok(Notification::Uploads(uploads)) => {
                for upload in &uploads {
                    self.upload(message, upload).await?;
                }
                Ok(())
            }
            Err(error) => {
                let message_id = message.message_id.as_deref().unwrap_or_default();
                self.app.telemetry.emit(&MessageMalformed { message_id, error: &error });
                Err(Retry::Backoff)
            }
        }
    }

    fn read(&self, message: &SqsMessage) -> Result<Notification, MalformedMessage> {
        let notification = notification::read(message.body.as_deref().unwrap_or_default())?;
        if let Notification::Uploads(uploads) = &notification
            && uploads.iter().any(|upload| upload.bucket != self.app.config.original_bucket)
        {
            return Err(MalformedMessage::ForeignBucket);
        }
        Ok(notification)
    }

    async fn upload(&self, message: &SqsMessage, upload: &Upload) -> Result<(), Retry> {
        if self.deadline.duration_since(SystemTime::now()).unwrap_or_default() < LEAST {
            tracing::info!("Too little time left to begin; the message comes again");
            return Err(Retry::After(Duration::ZERO));
        }
        let received = SystemTime::now();
        // Both spans begin now, but neither has a parent yet: the trace they belong to is known only
        // from the object's metadata, which comes with the answer to the download.
        let span = process_span(message, upload);
        let download = info_span!(parent: None, "stage", otel.name = Stage::Download.name());
        let asked = Instant::now();
        let opening = AssertUnwindSafe(self.app.store.open(&upload.key)).catch_unwind();
        let (opened, calls) = telemetry_aws_sdk::undecided(opening).await;
        let waited = asked.elapsed();
        let opened = opened.map_or_else(
            |_| Err(Fault::panic(Stage::Download)),
            |it| it.map_err(Fault::aws(Stage::Download)),
        );
        self.app.telemetry.adopt(&span, &self.origins(message, opened.as_ref()));
        self.app.telemetry.link(&span, &self.span);
        context::nest(&download, &span);
        calls.nest(&download);
        let work = async {
            let message_id = message.message_id.as_deref().unwrap_or_default();
            let queue_wait = received.duration_since(upload.at).unwrap_or_default();
            let attempt = receives(message);
            self.app.telemetry.emit(&ImageReceived { message_id, attempt, queue_wait });
            let result = Attempt::new(self.app, upload, self.deadline).run(opened, download, waited).await;
            self.judge(result, attempt)
        };
        work.instrument(span).await
    }

    /// The traces that an upload may belong to; what could not be opened may have one that nobody knows.
    fn origins(&self, message: &SqsMessage, opened: Result<&Option<Opened<S::Body>>, &Fault>) -> Origins {
        let origins = Origins::of_message(message);
        match opened {
            Ok(opened) => origins.with_metadata(opened.as_ref().and_then(|it| it.traceparent.as_deref())),
            Err(_) => origins.or_within(&self.span),
        }
    }

    fn judge(&self, result: Result<Outcome, Fault>, attempt: u32) -> Result<(), Retry> {
        match result {
            Ok(Outcome::Done | Outcome::Failed) => Ok(()),
            Ok(Outcome::Duplicate) => {
                self.app.telemetry.emit(&DuplicateSkipped);
                Ok(())
            }
            Ok(Outcome::Busy(wait)) => {
                self.app.telemetry.emit(&ImageBusy { wait });
                Err(Retry::After(wait))
            }
            Err(fault) => {
                telemetry::fail(&Span::current(), &fault);
                self.app.telemetry.emit(&AttemptFailed { fault: &fault, attempt });
                Err(Retry::Backoff)
            }
        }
    }

    /// Sets when the message comes again; without this it would wait for the whole visibility timeout.
    async fn postpone(&self, message: &SqsMessage, retry: &Retry) {
        let wait = match retry {
            Retry::Backoff => retry::wait(self.app.config.retry_base, receives(message), dice()),
            Retry::After(wait) => *wait,
        };
        let receipt = message.receipt_handle.as_deref().unwrap_or_default();
        if let Err(error) = self.app.store.postpone(receipt, wait).await {
            tracing::warn!(error = &*error as &dyn std::error::Error, "Retry not brought forward");
        }
    }
}

/// How often the message was received, this time included.
fn receives(message: &SqsMessage) -> u32 {
    message.attributes.get("ApproximateReceiveCount").and_then(|raw| raw.parse().ok()).unwrap_or(1)
}

/// Says of the invocation's span what all its messages share.
fn describe_batch(span: &Span, messages: &[SqsMessage]) {
    context::describe(span, "messaging.system", "aws_sqs");
    context::describe(span, "messaging.operation.name", "process");
    context::describe(span, "messaging.operation.type", "process");
    let count = i64::try_from(messages.len()).unwrap_or(i64::MAX);
    context::describe(span, "messaging.batch.message_count", count);
    if let Some(queue) = messages.first().and_then(queue_name) {
        context::describe(span, "messaging.destination.name", queue.to_owned());
    }
}

fn process_span(message: &SqsMessage, upload: &Upload) -> Span {
    info_span!(
        parent: None,
        "process_image",
        otel.kind = "consumer",
        // A segment of its own in X-Ray, under the function's name.
        aws.span.kind = "LOCAL_ROOT",
        aws.local.service = env!("CARGO_PKG_NAME"),
        aws.local.operation = "process_image",
        messaging.system = "aws_sqs",
        messaging.operation.name = "process",
        messaging.operation.type = "process",
        messaging.message.id = message.message_id,
        messaging.destination.name = queue_name(message),
        // The conventions have no name for it; SQS's own is ApproximateReceiveCount.
        aws.sqs.receive_count = i64::from(receives(message)),
        aws.s3.bucket = upload.bucket,
        aws.s3.key = upload.key,
    )
}

fn queue_name(message: &SqsMessage) -> Option<&str> {
    message.event_source_arn.as_deref()?.rsplit(':').next()
}

/// A number in `0.0..1.0`, different each time: the random tail of a fresh UUID.
#[expect(clippy::cast_precision_loss, reason = "24 of 32 bits are plenty for a jitter")]
fn dice() -> f64 {
    let random = uuid::Uuid::now_v7().as_u128() & u128::from(u32::MAX);
    random as f64 / f64::from(u32::MAX)
}
