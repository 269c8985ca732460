//! Verification of the guide's seven steps on a running stack: what was seen of each, and how long it took.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use contract::item::Record;
use image::ImageFormat;
use serde::Serialize;

use crate::error::FlowError;
use crate::evidence::{self, Evidence, item};
use crate::inbox::Mail;
use crate::retry::in_turn;
use crate::stack::{Pipeline, SignIn};
use crate::upload::{Photo, TraceHeaders, UploadUrl, put, request_url_for};
use crate::user::{Tokens, enter};
use aws_client::chain;
use terminal::progress::{Reporter, Step};
use trace_model::Trace;

/// What became of one photo.
#[derive(Clone, Debug, Default)]
pub struct Verified {
    /// The file.
    pub file: String,
    /// The image's id, once there was a URL.
    pub image_id: Option<String>,
    /// `DONE` or `FAILED`, once the record had it.
    pub status: Option<String>,
    /// The seven steps in the guide's order.
    pub steps: Vec<StepReport>,
    /// The thumbnail's size, once it was decoded.
    pub thumbnail: Option<Size>,
    /// Messages about the image.
    pub notifications: usize,
    /// The trace of the upload, once the processing was in it.
    pub trace: Option<Trace>,
}

/// One step.
#[derive(Clone, Debug, Serialize)]
pub struct StepReport {
    /// `login`, `request_url`, `put`, `queued`, `thumbnail`, `record` or `notification`.
    pub name: &'static str,
    /// Whether it was seen.
    pub ok: bool,
    /// From the step's begin, for the last four from the end of the PUT, in milliseconds.
    pub ms: u64,
    /// What was seen: the evidence, or what went wrong.
    pub saw: String,
}

/// Pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Size {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
}

/// Uploads a photo as a client that knows only `upload_url`, and checks the seven steps.
///
/// A step that fails is a report, not an error; the steps that need it are reported as not tried.
pub async fn verify(
    stack: &dyn Pipeline,
    evidence: &impl Evidence,
    photo: &Photo,
    reporter: &dyn Reporter,
) -> Verified {
    let step = Step::start(reporter, "verify", format!("Checking the seven steps with {}", photo.name));
    let mut verified = Verified { file: photo.name.clone(), ..Verified::default() };
    if let Some(issued) = send(stack, photo, &step, &mut verified).await {
        observe(evidence, &issued, &step, &mut verified).await;
    }
    for name in ["login", "request_url", "put", "queued", "thumbnail", "record", "notification"] {
        if verified.steps.iter().all(|step| step.name != name) {
            let saw = "not tried, because an earlier step failed".to_owned();
            verified.steps.push(StepReport { name, ok: false, ms: 0, saw });
        }
    }
    step.finish(format!("Checked the seven steps with {}", photo.name));
    verified
}

/// The three steps that the user takes.
async fn send(
    stack: &dyn Pipeline,
    photo: &Photo,
    step: &Step<'_>,
    verified: &mut Verified,
) -> Option<UploadUrl> {
    let plain = TraceHeaders::default();
    step.detail("login");
    let began = Instant::now();
    let signed_in = enter(stack).await.map_err(FlowError::from);
    let way = match stack.sign_in() {
        SignIn::Page => "from the sign-in page",
        SignIn::Srp => "by the Secure Remote Password protocol",
    };
    let saw = |tokens: &Tokens| format!("tokens for user {} {way}", tokens.sub);
    let tokens = verified.note("login", began, signed_in, saw)?;

    step.detail("request_url");
    let began = Instant::now();
    // Others' requests are no fault of the pipeline's: this one waits for its turn.
    let ask = || request_url_for(stack, &tokens, &plain, photo.bytes.len());
    let asked = in_turn(ask, |asked| asked.as_ref().is_err_and(FlowError::is_throttled)).await;
    let saw = |issued: &UploadUrl| format!("a URL for {}", issued.file_path);
    let issued = verified.note("request_url", began, asked, saw)?;
    verified.image_id = Some(issued.image_id.clone());

    step.detail("put");
    let began = Instant::now();
    let sent = put(&issued, photo.bytes.clone(), &plain).await;
    let saw = |tag: &String| format!("200 for {} bytes, entity tag {tag}", photo.bytes.len());
    verified.note("put", began, sent, saw)?;
    Some(issued)
}

/// The four steps that the pipeline takes; they are looked for side by side.
async fn observe(evidence: &impl Evidence, issued: &UploadUrl, step: &Step<'_>, verified: &mut Verified) {
    let id = issued.image_id.as_str();
    let sent_us = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_micros();
    let began = Instant::now();
    step.detail("queued, thumbnail, record, notification");
    let (trace, thumbnail, record, mail) = tokio::join!(
        timed(began, evidence.trace(id)),
        timed(began, thumbnail(evidence, id)),
        timed(began, item(evidence, id, |status| step.detail(status))),
        timed(began, evidence.mail(id)),
    );

    let saw = |trace: &Trace| queued(trace, sent_us);
    verified.trace = verified.note_timed("queued", trace, saw);
    if let (Some(trace), Some(step)) = (&verified.trace, verified.steps.last_mut()) {
        step.ms = received_after_ms(trace, sent_us);
    }
    let saw = |size: &Size| format!("a JPEG of {} × {} pixels", size.width, size.height);
    verified.thumbnail = verified.note_timed("thumbnail", thumbnail, saw);
    let (record, ms) = record;
    if let Ok(item) = &record {
        verified.status = Some(item.status.clone());
    }
    let done = record.and_then(|item| match item.reason {
        None => Ok(item),
        Some(reason) => Err(FlowError::Rejected { reason }),
    });
    let saw = |item: &Record| format!("status {} under imageId {id}", item.status);
    verified.note_timed("record", (done, ms), saw);
    let saw = |mail: &Vec<Mail>| match mail.as_slice() {
        [first, ..] => format!("{} to {}: {}", mail.len(), first.topic, first.subject),
        [] => String::new(),
    };
    verified.note_timed("notification", mail, saw);
    // Counted last, so that a second one that came meanwhile is seen.
    verified.notifications = evidence.mail_now(id).await.map(|mail| mail.len()).unwrap_or_default();
}

async fn timed<T>(began: Instant, work: impl Future<Output = T>) -> (T, u64) {
    let done = work.await;
    (done, millis(began))
}

/// Waits for the thumbnail and decodes it; an image that was refused will never have one.
async fn thumbnail(evidence: &impl Evidence, image_id: &str) -> Result<Size, FlowError> {
    let item = item(evidence, image_id, |_| ()).await?;
    if let Some(reason) = item.reason {
        return Err(FlowError::Rejected { reason });
    }
    let key = item.processed_key.unwrap_or_else(|| format!("processed/{image_id}.jpg"));
    let bytes = evidence::thumbnail(evidence, &key).await?;
    let decoded = image::load_from_memory_with_format(&bytes, ImageFormat::Jpeg);
    let decoded = decoded.map_err(FlowError::Thumbnail)?;
    Ok(Size { width: decoded.width(), height: decoded.height() })
}

fn queued(trace: &Trace, sent_us: u128) -> String {
    let span = trace.span("process_image");
    let message = span.and_then(|span| span.attribute("messaging.message.id")).unwrap_or("without an id");
    format!("message {message}, received {} ms after the PUT", received_after_ms(trace, sent_us))
}

/// From the PUT's end to the receipt; the processor may even be faster than the answer to the PUT.
fn received_after_ms(trace: &Trace, sent_us: u128) -> u64 {
    let received = trace.span("process_image").map_or(0, |span| u128::from(span.start_us));
    u64::try_from(received.saturating_sub(sent_us) / 1000).unwrap_or(u64::MAX)
}

impl Verified {
    /// Whether all seven steps were seen.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.steps.iter().all(|step| step.ok)
    }

    fn note<T>(
        &mut self,
        name: &'static str,
        began: Instant,
        result: Result<T, FlowError>,
        saw: impl FnOnce(&T) -> String,
    ) -> Option<T> {
        self.note_timed(name, (result, millis(began)), saw)
    }

    fn note_timed<T>(
        &mut self,
        name: &'static str,
        (result, ms): (Result<T, FlowError>, u64),
        saw: impl FnOnce(&T) -> String,
    ) -> Option<T> {
        let (ok, saw) = match &result {
            Ok(value) => (true, saw(value)),
            Err(error) => (false, chain(error)),
        };
        self.steps.push(StepReport { name, ok, ms, saw });
        result.ok()
    }
}

fn millis(began: Instant) -> u64 {
    u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX)
}
