//! Five hundred uploads at once: nothing is lost, nothing is done twice.

use std::collections::BTreeSet;
use std::time::Duration;

use pipeline_client::audit::aws::AwsSource;
use pipeline_client::audit::{self, Options, Report};
use terminal::progress::Step;

use crate::crowd::{distinct_picture, items, left, push};
use crate::harness::Harness;
use crate::uploader::somebody;

/// How many users press the button at the same moment.
const UPLOADS: usize = 500;

/// Calls to the API at the same time.
const ASKERS: usize = 8;

/// Each so-manieth of them sends something else than a picture.
const ONE_BROKEN_IN: usize = 10;

/// A picture, or now and then something that is none, and why it is none.
fn file(number: usize) -> (Vec<u8>, Option<&'static str>) {
    let mut picture = distinct_picture(number);
    match number % (2 * ONE_BROKEN_IN) {
        0 => (format!("no image, number {number}").into_bytes(), Some("NotAnImage")),
        ONE_BROKEN_IN => {
            picture.truncate(picture.len() / 2);
            (picture, Some("Truncated"))
        }
        _ => (picture, None),
    }
}

/// The audit of a stack on which nothing is under way.
async fn audited(harness: &Harness) -> Report {
    let source = AwsSource::new(harness.aws.clone(), |name| harness.info.output(name), 1_000).unwrap();
    let options = Options { settled_after: Some(Duration::ZERO), ..Options::now() };
    audit::run(&source, &options, &Step::start(&(), "audit", "")).await.unwrap()
}

#[tokio::test]
async fn uploads_pushed_at_once_each_end_with_one_item_and_one_notification() {
    let (harness, _alone) = Harness::loaded().await;
    let tokens = somebody(harness).await;
    let (files, reasons): (Vec<_>, Vec<_>) = (0..UPLOADS).map(file).unzip();
    let (known, before) = (items(harness).await.len(), audited(harness).await.objects);

    let ids = push(harness, &tokens, ASKERS, files).await;
    let left = left(harness, &ids).await;

    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), UPLOADS, "no id is given twice");
    let mut wrong = Vec::new();
    for (id, reason) in ids.iter().zip(reasons) {
        let item = left.items.get(id).map(|item| (item.status(), item.text("reason"), item.is_settled()));
        let status = if reason.is_some() { "FAILED" } else { "DONE" };
        let notified = left.notifications.get(id).map(Vec::as_slice);
        let good = item == Some((status, reason.unwrap_or_default(), true))
            && notified == Some(&[status.to_owned()])
            && left.thumbnails.contains(id) == reason.is_none();
        if !good {
            wrong.push(format!("{id}: expected {status} {reason:?}, has {item:?}, notified {notified:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {UPLOADS} ended wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(left.items.len() - known, UPLOADS, "items of this stack, which nobody else uses meanwhile");
    assert_eq!(left.queued, [0, 0], "messages in the queue and in the dead-letter queue");

    let report = audited(harness).await;
    assert!(report.ok, "{report:#?}");
    let refused = (UPLOADS / ONE_BROKEN_IN) as u64;
    let objects = report.objects;
    let failed = [&objects, &before].map(|it| it.failed.values().sum::<u64>());
    let grown = (objects.done - before.done, failed[0] - failed[1]);
    assert_eq!(grown, (UPLOADS as u64 - refused, refused));
}
