//! The shell: a batch in, the messages to deliver again out.

use std::{
    panic::AssertUnwindSafe,
    time::{Duration, Instant, SystemTime},
};

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use contract::{
    queue_attributes,
    s3_event::{self, MalformedMessage, Notification, Record, Upload},
};
use futures_util::{FutureExt, StreamExt, stream};
use lambda_runtime::LambdaEvent;
use telemetry::context::{self, Origins};
use tracing::{Instrument, Span, info_span};

use crate::{
    app::App,
    attempt::Attempt,
    config::Config,
    error::{Fault, Retry},
    events::{
        AttemptFailed, DuplicateSkipped, ImageBusy, ImageReceived, MessageMalformed, RecordSkipped,
        ReprocessSkipped, UploadDeferred,
    },
    process::Outcome,
    retry::Backoff,
    sequence::{self, receives},
    stage::Stage,
    store::{Opened, Store},
};

/// Time kept for giving messages back and posting the answer.
const RESERVE: Duration = Duration::from_millis(1_500);
/// The least time that an attempt is begun with.
const LEAST: Duration = Duration::from_secs(2);
/// How long an invocation may wait for other attempts: well below what the alarm processor-slow tolerates.
const PATIENCE: Duration = Duration::from_secs(10);
/// S3 notifies within seconds as a rule; a message sent so long after its event has been in the queue before.
const REDRIVEN_AFTER: Duration = Duration::from_mins(5);

/// Processes a batch; names the messages to deliver again, and only those.
pub async fn handle(app: &App<impl Store>, event: LambdaEvent<SqsEvent>) -> SqsBatchResponse {
    let deadline = SystemTime::UNIX_EPOCH + Duration::from_millis(event.context.deadline);
    let deadline = deadline.checked_sub(RESERVE).unwrap_or(SystemTime::UNIX_EPOCH);
    let batch = Batch { app, deadline, begun: Instant::now(), span: Span::current() };
    let messages = &event.payload.records;
    describe_batch(&batch.span, messages);
    let (again, new) = sequence::split(messages);
    let mut failed = Vec::new();
    for message in again {
        match batch.message(message).await {
            Some(failure) => failed.push(failure),
            None if messages.len() > 1 => batch.delete(message).await,
            None => {}
        }
    }
    let new = stream::iter(new).map(|message| batch.message(message));
    let new: Vec<Option<BatchItemFailure>> = new.buffer_unordered(app.config.parallel).collect().await;
    failed.extend(new.into_iter().flatten());
    let mut response = SqsBatchResponse::default();
    response.batch_item_failures = failed;
    response
}

/// What the messages of one invocation share.
struct Batch<'a, S> {
    app: &'a App<S>,
    deadline: SystemTime,
    begun: Instant,
    span: Span,
}

impl<S: Store> Batch<'_, S> {
    /// Processes one message; whatever happens to it happens to it alone.
    async fn message(&self, message: &SqsMessage) -> Option<BatchItemFailure> {
        // In a box: it is one of several futures here, and each would have room for it.
        let verdict = AssertUnwindSafe(Box::pin(self.uploads(message))).catch_unwind().await;
        let verdict = verdict.unwrap_or_else(|_| {
            let fault = Fault::panic(Stage::Receive);
            self.attempt_failed(&fault, receives(message));
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
        let message_id = message.message_id.as_deref().unwrap_or_default();
        let records = match self.read(message) {
            Ok(Notification::Test) => return Ok(()),
            Ok(Notification::Records(records)) => records,
            Err(error) => {
                self.app.telemetry.emit(&MessageMalformed { message_id, error: &error });
                return Err(Retry::AtOnce);
            }
        };
        for record in &records {
            match record {
                Record::Upload(upload) => {
                    let upload = Upload { reprocess: reprocess(message), ..upload.clone() };
                    self.upload(message, &upload).await?;
                }
                Record::Skipped(reason) => {
                    self.app.telemetry.emit(&RecordSkipped { message_id, reason: *reason });
                }
            }
        }
        Ok(())
    }

    fn read(&self, message: &SqsMessage) -> Result<Notification, MalformedMessage> {
        let body = message.body.as_deref().unwrap_or_default();
        let notification = s3_event::read(body, SystemTime::now())?;
        if let Notification::Records(records) = &notification
            && records.iter().any(|record| self.is_foreign(record))
        {
            return Err(MalformedMessage::ForeignBucket);
        }
        Ok(notification)
    }

    fn is_foreign(&self, record: &Record) -> bool {
        matches!(record, Record::Upload(upload) if upload.bucket != self.app.config.original_bucket)
    }

    async fn upload(&self, message: &SqsMessage, upload: &Upload) -> Result<(), Retry> {
        let received = SystemTime::now();
        let message_id = message.message_id.as_deref().unwrap_or_default();
        let queue_wait = received.duration_since(upload.at).unwrap_or_default();
        let (first, reprocess) = (is_first_receive(message, upload), upload.reprocess.is_some());
        if self.deadline.duration_since(received).unwrap_or_default() < LEAST {
            self.app.telemetry.emit(&UploadDeferred { message_id, first: first && !reprocess, queue_wait });
            return Err(Retry::AtOnce);
        }
        // Both spans begin now, but neither has a parent yet: the trace they belong to is known only
        // from the object's metadata, which comes with the answer to the download.
        let span = process_span(message, upload);
        let download = info_span!(parent: None, "stage", otel.name = Stage::Download.name());
        let asked = Instant::now();
        let opening = AssertUnwindSafe(self.app.store.open(&upload.key)).catch_unwind();
        let (opened, calls) = telemetry_aws_sdk::with_deferred_parent(opening).await;
        let waited = asked.elapsed();
        let opened = opened.map_or_else(
            |_| Err(Fault::panic(Stage::Download)),
            |it| it.map_err(Fault::aws(Stage::Download)),
        );
        self.app.telemetry.set_parent(&span, &self.origins(message, opened.as_ref()));
        self.app.telemetry.link(&span, &self.span);
        context::nest(&download, &span);
        calls.nest(&download);
        let work = async {
            let attempt = receives(message);
            self.app.telemetry.emit(&ImageReceived { message_id, attempt, first, queue_wait, reprocess });
            let attempt_at = Attempt::new(self.app, upload, self.deadline, self.patience());
            let result = attempt_at.run(opened, download, waited).await;
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
            Ok(Outcome::LeftAsItWas) => {
                self.app.telemetry.emit(&ReprocessSkipped);
                Ok(())
            }
            Ok(Outcome::Busy(wait)) => {
                self.app.telemetry.emit(&ImageBusy { wait });
                Err(Retry::After(wait))
            }
            Err(fault) => {
                telemetry::fail(&Span::current(), &fault);
                self.attempt_failed(&fault, attempt);
                Err(Retry::Backoff)
            }
        }
    }

    fn attempt_failed(&self, fault: &Fault, attempt: u32) {
        let last = attempt >= self.app.config.max_receive_count;
        self.app.telemetry.emit(&AttemptFailed { fault, attempt, last });
    }

    /// What is left of the time that this invocation may wait for other attempts.
    fn patience(&self) -> Duration {
        let left = self.deadline.duration_since(SystemTime::now()).unwrap_or_default();
        PATIENCE.saturating_sub(self.begun.elapsed()).min(left.saturating_sub(LEAST))
    }

    /// Sets when the message comes again; without this it would wait for the whole visibility timeout.
    async fn postpone(&self, message: &SqsMessage, retry: &Retry) {
        let Config { retry_base: base, max_receive_count, .. } = self.app.config;
        let wait = match retry {
            Retry::Backoff => Backoff { base, max_receive_count }.wait(receives(message), jitter()),
            Retry::After(wait) => *wait,
            Retry::AtOnce => Duration::ZERO,
        };
        let receipt = message.receipt_handle.as_deref().unwrap_or_default();
        if let Err(error) = self.app.store.postpone(receipt, wait).await {
            tracing::warn!(error = &*error as &dyn std::error::Error, "Retry not brought forward");
        }
    }

    /// Deletes a message that is done, before another one of its batch may kill the function.
    async fn delete(&self, message: &SqsMessage) {
        let receipt = message.receipt_handle.as_deref().unwrap_or_default();
        if let Err(error) = self.app.store.delete(receipt).await {
            // Lambda deletes it too, once this invocation has its answer.
            tracing::warn!(error = &*error as &dyn std::error::Error, "Message not deleted yet");
        }
    }
}

/// Whether the upload reaches the processor for the first time: neither received before nor redriven.
fn is_first_receive(message: &SqsMessage, upload: &Upload) -> bool {
    let sent = message.attributes.get("SentTimestamp").and_then(|raw| raw.parse().ok());
    let sent = sent.and_then(|millis| SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(millis)));
    let age = sent.and_then(|sent| sent.duration_since(upload.at).ok()).unwrap_or_default();
    let is_redriven = upload.reprocess.is_some()
        || message.message_attributes.contains_key(queue_attributes::REDRIVEN)
        || age > REDRIVEN_AFTER;
    receives(message) == 1 && !is_redriven
}

/// When the message's uploads were asked to be done again, in milliseconds since 1970.
fn reprocess(message: &SqsMessage) -> Option<u64> {
    let attribute = message.message_attributes.get(queue_attributes::REPROCESS)?;
    attribute.string_value.as_deref()?.parse().ok()
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
#[expect(clippy::cast_precision_loss, reason = "24 of 32 bits are plenty")]
fn jitter() -> f64 {
    let random = uuid::Uuid::now_v7().as_u128() & u128::from(u32::MAX);
    random as f64 / f64::from(u32::MAX)
}
