//! Parts of a drill: its upload URLs, its rules, its traffic.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_client::http::HttpError;
use contract::item::Record;
use contract::s3_event::{self, Upload};
use contract::time::unix_millis;
use http::Method;
use local_stack::faults::Rule;
use local_stack::stack::StackInfo;
use pipeline_client::evidence::read_item;
use pipeline_client::upload::{TraceHeaders, UploadUrl, request_url_for};
use pipeline_client::user::Tokens;
use tokio::time::{MissedTickBehavior, interval};

use crate::account::settled;
use crate::error::DrillError;
use crate::file::Drill;
use crate::queues::Queues;
use crate::switch::{Switch, Turn};
use crate::traffic::{Act, File, Version, ask_status, bucket_size, call, put_patiently};

/// The sequencer of a version before any that a bucket gives.
const OLDEST: &str = "00";

/// A URL for each upload of a drill, before anything is broken.
pub(super) async fn issue_urls(
    info: &StackInfo,
    tokens: &Tokens,
    drill: &Drill,
) -> Result<Vec<UploadUrl>, DrillError> {
    let mut issued = Vec::new();
    for act in &drill.traffic {
        let Act::Uploads { count, file, .. } = act else { continue };
        for _ in 0..*count {
            let length = file.bytes(issued.len())?.len();
            issued.push(request_url_for(info, tokens, &TraceHeaders::default(), length).await?);
        }
    }
    Ok(issued)
}

/// The drill's rules about these uploads.
pub(super) fn rules(rules: &[Rule], issued: &[UploadUrl]) -> Vec<Rule> {
    let named = |rule: &Rule| {
        let mut subject = rule.subject.clone();
        for (number, upload) in issued.iter().enumerate() {
            subject = subject.replace(&format!("{{image:{number}}}"), &upload.image_id);
        }
        Rule { subject, ..rule.clone() }
    };
    rules.iter().map(named).collect()
}

/// The switch that an act turns.
pub(super) fn switch(act: &Act) -> Option<&Switch> {
    match act {
        Act::Switch(switch) => Some(switch),
        _ => None,
    }
}

/// Sends the drill's traffic.
pub(super) async fn perform(
    info: &StackInfo,
    tokens: &Tokens,
    issued: &[UploadUrl],
    queues: &Queues<'_>,
    drill: &Drill,
) -> Result<(), DrillError> {
    let mut sent = 0;
    for act in &drill.traffic {
        let so_far = issued.get(..sent).unwrap_or_default();
        match act {
            Act::Uploads { count, file, every_ms } => {
                let mut ticks = every(*every_ms);
                for (number, upload) in issued.iter().enumerate().skip(sent).take(*count) {
                    ticks.tick().await;
                    put_patiently(upload, file.bytes(number)?).await?;
                }
                sent += count;
            }
            Act::Calls { count, token, every_ms } => {
                let mut ticks = every(*every_ms);
                for _ in 0..*count {
                    ticks.tick().await;
                    match call(info, tokens, *token).await {
                        // A signer that fails may also not answer at all.
                        Ok(_) | Err(DrillError::Console(HttpError::TooSlow { .. })) => {}
                        Err(error) => return Err(error),
                    }
                }
            }
            Act::Statuses { count, every_ms } => {
                let mut ticks = every(*every_ms);
                for upload in so_far.iter().cycle().take(*count) {
                    ticks.tick().await;
                    ask_status(info, tokens, upload).await?;
                }
            }
            Act::Poison { count } => {
                for number in 0..*count {
                    queues.send(&format!("poison of the drill, number {number}")).await?;
                }
            }
            Act::AwaitEnds => settled(info, so_far, |item| item.notified == Some(true)).await?,
            Act::RepeatEvents { times, version } => {
                for upload in so_far {
                    let event = event(info, upload, *version).await?;
                    for _ in 0..*times {
                        queues.send(&event).await?;
                    }
                }
            }
            Act::Overwrite => {
                for (number, upload) in so_far.iter().enumerate() {
                    overwrite(info, upload, number).await?;
                }
            }
            Act::DeleteOriginals => {
                for upload in so_far {
                    let path = format!("/{}/{}", info.output("OriginalBucketName")?, upload.file_path);
                    info.aws().rest("s3", Method::DELETE, &path, Vec::new(), &[]).await?;
                }
            }
            Act::BucketSize { bytes } => bucket_size(info, *bytes).await?,
            Act::Switch(switch) => {
                Turn::of(std::slice::from_ref(switch), info).await?.take(&info.aws()).await?;
            }
        }
    }
    Ok(())
}

/// A beat for what is sent in regular distances.
fn every(every_ms: u64) -> tokio::time::Interval {
    let mut ticks = interval(Duration::from_millis(every_ms.max(1)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

async fn item(info: &StackInfo, upload: &UploadUrl) -> Result<Record, DrillError> {
    let item = read_item(info, &upload.image_id).await?;
    item.ok_or_else(|| DrillError::TooSlow(format!("the record of {}", upload.image_id)))
}

/// What S3 has sent about an upload, or would have sent about a version before it.
async fn event(info: &StackInfo, upload: &UploadUrl, version: Version) -> Result<String, DrillError> {
    let item = item(info, upload).await?;
    let sequencer = match version {
        Version::Same => item.sequencer.as_str(),
        Version::Older => OLDEST,
    };
    let millis = item.uploaded_at.as_deref().and_then(unix_millis);
    let at = millis.map_or_else(SystemTime::now, |it| UNIX_EPOCH + Duration::from_millis(it.unsigned_abs()));
    Ok(s3_event::write(&Upload {
        bucket: info.output("OriginalBucketName")?.to_owned(),
        key: upload.file_path.clone(),
        at,
        sequencer: sequencer.to_owned(),
        reprocess: None,
    }))
}

/// Uses an upload's URL again, and waits until that version is through.
async fn overwrite(info: &StackInfo, upload: &UploadUrl, number: usize) -> Result<(), DrillError> {
    let before = item(info, upload).await?;
    let other = File::Picture.bytes(number + 10_000)?;
    put_patiently(upload, other).await?;
    let is_newer =
        |item: &Record| item.notified == Some(true) && item.has_ended() && item.sequencer > before.sequencer;
    settled(info, std::slice::from_ref(upload), is_newer).await
}
