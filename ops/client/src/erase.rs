//! Erasure: all that a stack holds of a user, or of an image.
//!
//! Thumbnails go first, then originals, then items, and the user of the pool last. Until an image's item is gone it names
//! the image's thumbnails, and the folder names the originals: whatever is killed at any point, the next run finds the rest.
//! The processor is waited for in between, since an attempt that had the original in memory still writes.
//!
//! - [`subject`] whose data it is
//! - [`estate`] the port, [`aws`] its adapter; `versions` listings of a bucket's versions
//! - `holdings` what is there, and which uploads are still under way
//! - [`report`] what was found, erased and left

pub mod aws;
pub mod estate;
mod holdings;
pub mod report;
pub mod subject;
#[cfg(test)]
mod tests;
pub(crate) mod versions;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use aws_client::AwsError;
use contract::image_id::image_id;
use contract::thumbnail_key;
use contract::time::rfc3339_seconds;
use terminal::progress::Step;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};
use uuid::Uuid;

use crate::audit::source::Bucket;
use estate::{Estate, Version};
use holdings::Holdings;
use report::Report;
use subject::Subject;

/// How often uploads that are under way are looked at.
const GLANCE: Duration = Duration::from_secs(1);

/// How an erasure is run.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Whether anything is erased; otherwise it is looked at.
    pub execute: bool,
    /// From one image to the next.
    pub interval: Duration,
    /// How long uploads that are under way are waited for.
    pub settle_for: Duration,
}

/// Erases what the stack holds of the subject, or looks at it; `report` is right wherever this ends.
///
/// # Errors
///
/// When a service refuses; what is left is found by the next run.
pub async fn run<E: Estate>(
    estate: &E,
    subject: &Subject,
    options: Options,
    report: &mut Report,
    step: &Step<'_>,
) -> Result<(), AwsError> {
    let work = Work { estate, subject, step };
    let held = work.holdings(&BTreeSet::new()).await?;
    report.found = held.counts();
    report.found.user = estate.user(subject).await?;
    report.found.dead_letters = estate.dead_letters(&|key| subject.owns(key), false).await?;
    let unsettled = held.under_way(SystemTime::now(), estate.tries_for().await?);
    report.under_way = unsettled.len() as u64;
    if !options.execute || report.found.is_empty() {
        return Ok(());
    }
    if report.found.user {
        estate.sign_out(subject).await?;
    }
    report.under_way = work.settle(unsettled, options.settle_for).await?;
    let held = work.holdings(&BTreeSet::new()).await?;
    let ids = held.ids();
    work.erase_pictures(held, options.interval, report).await?;
    let attempt = estate.attempt_time().await?;
    step.detail(format!("waiting {} s for attempts that had begun", attempt.as_secs()));
    sleep(attempt).await;
    let late = work.holdings(&ids).await?;
    let items = late.items.clone();
    work.erase_pictures(late, options.interval, report).await?;
    for item in &items {
        estate.delete_item(&item.image_id, &item.original_key).await?;
        report.erased.items += 1;
    }
    report.erased.dead_letters = estate.dead_letters(&|key| subject.owns(key), true).await?;
    report.left = work.holdings(&ids).await?.counts();
    report.again_after = Some(rfc3339_seconds(SystemTime::now() + subject.access_ends_after()));
    if !report.left.is_empty() {
        report.left.user = report.found.user;
    } else if report.found.user {
        // Last, because until then the same words find the rest.
        estate.delete_user(subject).await?;
        report.erased.user = true;
    }
    Ok(())
}

/// One erasure.
struct Work<'a, E> {
    estate: &'a E,
    subject: &'a Subject,
    step: &'a Step<'a>,
}

impl<E: Estate> Work<'_, E> {
    /// All that the stack has of the subject now; thumbnails of the images `also` too.
    async fn holdings(&self, also: &BTreeSet<Uuid>) -> Result<Holdings, AwsError> {
        let Self { estate, subject, .. } = self;
        let mut held = Holdings::default();
        let mut from = None;
        loop {
            let page = estate.versions(Bucket::Originals, subject.prefix(), from).await?;
            held.originals.extend(page.entries.into_iter().filter(|version| subject.owns(&version.key)));
            self.step.moved("looking for originals", Some(held.originals.len() as u64), None);
            from = page.next;
            if from.is_none() {
                break;
            }
        }
        loop {
            let page = estate.items(subject, from).await?;
            held.items.extend(page.entries.into_iter().filter(|item| subject.owns(&item.original_key)));
            self.step.moved("looking for items", Some(held.items.len() as u64), None);
            from = page.next;
            if from.is_none() {
                break;
            }
        }
        for id in held.ids().union(also) {
            let prefix = format!("{}{id}", thumbnail_key::THUMBNAILS);
            let mut from = None;
            loop {
                let page = estate.versions(Bucket::Thumbnails, &prefix, from).await?;
                let of_image = |key: &str| thumbnail_key::read(key).is_some_and(|(of, _)| of == *id);
                held.thumbnails.extend(page.entries.into_iter().filter(|version| of_image(&version.key)));
                from = page.next;
                if from.is_none() {
                    break;
                }
            }
        }
        Ok(held)
    }

    /// Waits for uploads that are under way; how many still are.
    async fn settle(&self, mut unsettled: Vec<holdings::Unsettled>, most: Duration) -> Result<u64, AwsError> {
        let begun = Instant::now();
        loop {
            let mut still = Vec::new();
            for upload in unsettled {
                let item = self.estate.item(upload.id).await?;
                if !upload.is_settled_by(item.as_ref(), SystemTime::now()) {
                    still.push(upload);
                }
            }
            let count = still.len() as u64;
            if still.is_empty() || begun.elapsed() >= most {
                return Ok(count);
            }
            self.step.moved("waiting for uploads under way", Some(count), None);
            unsettled = still;
            sleep(GLANCE).await;
        }
    }

    /// Erases thumbnails and originals, one image after the other.
    async fn erase_pictures(
        &self,
        held: Holdings,
        spacing: Duration,
        report: &mut Report,
    ) -> Result<(), AwsError> {
        let ids = held.ids();
        let total = ids.len() as u64;
        let mut images: BTreeMap<Uuid, [Vec<Version>; 2]> =
            ids.into_iter().map(|id| (id, Default::default())).collect();
        for version in held.thumbnails {
            let Some((id, _)) = thumbnail_key::read(&version.key) else { continue };
            let [thumbnails, _] = images.entry(id).or_default();
            thumbnails.push(version);
        }
        for version in held.originals {
            let [_, originals] = images.entry(image_id(&version.key)).or_default();
            originals.push(version);
        }
        let mut ticks = interval(spacing.max(Duration::from_millis(1)));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for (done, [thumbnails, originals]) in images.into_values().enumerate() {
            ticks.tick().await;
            self.step.moved("erasing", Some(done as u64), Some(total));
            self.erase_versions(Bucket::Thumbnails, thumbnails, &mut report.erased.thumbnails).await?;
            self.erase_versions(Bucket::Originals, originals, &mut report.erased.originals).await?;
        }
        Ok(())
    }

    /// The oldest first, so that no older one is current in between: S3 lists the newest first.
    async fn erase_versions(
        &self,
        bucket: Bucket,
        versions: Vec<Version>,
        count: &mut u64,
    ) -> Result<(), AwsError> {
        for version in versions.into_iter().rev() {
            self.estate.delete_version(bucket, &version).await?;
            *count += 1;
        }
        Ok(())
    }
}
