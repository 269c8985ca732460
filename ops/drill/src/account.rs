//! Account of the uploads: what became of each, and how often its owner heard of it.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_client::{Aws, AwsError};
use contract::item::Record;
use http::Method;
use local_stack::stack::StackInfo;
use pipeline_client::evidence::read_item;
use pipeline_client::guest::Guest;
use pipeline_client::inbox::{Mail, drain};
use pipeline_client::upload::UploadUrl;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::error::DrillError;
use crate::queues::{PATIENCE, Queues};

/// Between two looks at the table.
const GLANCE: Duration = Duration::from_millis(250);

/// The end of each upload, by image.
#[derive(Debug, Default)]
pub(crate) struct Account {
    pub(crate) done: usize,
    pub(crate) failed: BTreeMap<String, usize>,
    /// Uploads without an end, or `DONE` without a thumbnail.
    pub(crate) lost: Vec<String>,
    /// Uploads with less notifications than they must have.
    pub(crate) unheard: usize,
    /// Notifications beyond those that they must have.
    pub(crate) duplicates: usize,
    /// Images of nobody's here that the topic notified of.
    pub(crate) strangers: Vec<String>,
}

/// Waits until each upload has its end and its owner was notified, and the queue is empty; uploads without an end when
/// that takes too long are left to the account.
pub(crate) async fn settled(
    info: &StackInfo,
    uploads: &[UploadUrl],
    is_settled: impl Fn(&Record) -> bool,
) -> Result<(), DrillError> {
    let deadline = Instant::now() + PATIENCE;
    let queues = Queues::of(info)?;
    for upload in uploads {
        while Instant::now() < deadline {
            let item = read_item(info, &upload.image_id).await?;
            if item.is_some_and(|item| is_settled(&item)) {
                break;
            }
            sleep(GLANCE).await;
        }
    }
    while queues.waiting().await? > 0 && Instant::now() < deadline {
        sleep(GLANCE).await;
    }
    Ok(())
}

impl Account {
    /// Looks at the table, the thumbnails and the inbox.
    pub(crate) async fn of(
        info: &StackInfo,
        guest: &Guest,
        uploads: &[UploadUrl],
        notifications: usize,
    ) -> Result<Self, DrillError> {
        let mail = all_mail(info, guest).await?;
        let is_ours = |image: &String| uploads.iter().any(|upload| upload.image_id == *image);
        let strangers = mail.iter().filter_map(|mail| mail.image_id.clone()).filter(|image| !is_ours(image));
        let mut account = Self { strangers: strangers.collect(), ..Self::default() };
        for UploadUrl { image_id, .. } in uploads {
            match read_item(info, image_id).await? {
                Some(item) if item.status == "DONE" && has_thumbnail(info, &item).await? => account.done += 1,
                Some(item) if item.status == "FAILED" => {
                    *account.failed.entry(item.reason.unwrap_or_default()).or_default() += 1;
                }
                _ => account.lost.push(image_id.clone()),
            }
            let heard = mail.iter().filter(|mail| mail.image_id.as_ref() == Some(image_id)).count();
            account.unheard += usize::from(heard < notifications);
            account.duplicates += heard.saturating_sub(notifications);
        }
        Ok(account)
    }
}

async fn has_thumbnail(info: &StackInfo, item: &Record) -> Result<bool, DrillError> {
    let Some(key) = &item.processed_key else { return Ok(false) };
    let path = format!("/{}/{key}", info.output("ProcessedBucketName")?);
    match info.aws().rest("s3", Method::HEAD, &path, Vec::new(), &[]).await {
        Ok(_) => Ok(true),
        Err(AwsError::Refused { status: 404, .. }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// All that the topic has sent: a message that is published now comes last.
async fn all_mail(info: &StackInfo, guest: &Guest) -> Result<Vec<Mail>, DrillError> {
    let (aws, last) = (info.aws(), Uuid::new_v4().to_string());
    publish(&aws, info.output("TopicArn")?, &last).await?;
    let deadline = Instant::now() + PATIENCE;
    let mut all = BTreeMap::new();
    while Instant::now() < deadline {
        let keep = |mail: Vec<Mail>| all.extend(mail.into_iter().map(|mail| (mail.message_id.clone(), mail)));
        drain(&aws, &guest.inbox.url, 1, keep).await?;
        let is_last = |mail: &Mail| mail.image_id.as_deref() == Some(&last);
        if all.values().any(is_last) {
            return Ok(all.into_values().filter(|mail| !is_last(mail)).collect());
        }
    }
    Err(DrillError::TooSlow("the last notification".to_owned()))
}

async fn publish(aws: &Aws, topic: &str, image_id: &str) -> Result<(), DrillError> {
    let params = [
        ("TopicArn", topic),
        ("Subject", "End of a drill"),
        ("Message", "{}"),
        ("MessageAttributes.entry.1.Name", "imageId"),
        ("MessageAttributes.entry.1.Value.DataType", "String"),
        ("MessageAttributes.entry.1.Value.StringValue", image_id),
    ];
    aws.query("sns", "2010-03-31", "Publish", &params).await?;
    Ok(())
}
