//! Metrics of the three functions, as they must have grown.

use std::collections::BTreeMap;
use std::fmt;

use local_stack::observe::Seen;

use super::plan::Upload;
use crate::crowd::Left;
use crate::harness::Harness;
use crate::numbers::{ISSUER, PROCESSOR, total};

/// The steps that each image without a fault is timed by.
const TIMED: [&str; 9] =
    ["download", "claim", "decode", "resize", "encode", "upload", "persist", "notify", "settle"];

/// A metric: service, name, and a dimension beside the service.
type Metric = (&'static str, &'static str, Option<(&'static str, &'static str)>);

/// What is looked at of a metric: how often it was reported, or the sum of what was.
#[derive(Clone, Copy, PartialEq)]
enum What {
    Reports,
    Sum,
}

/// Values of metrics.
#[derive(Clone)]
pub(super) struct Numbers(BTreeMap<String, (Metric, What, f64)>);

impl fmt::Debug for Numbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.0.iter().map(|(name, (_, _, value))| (name, value))).finish()
    }
}

/// Every metric that is looked at.
fn all() -> Vec<(Metric, What)> {
    let mut all = vec![
        ((ISSUER, "UploadUrlsIssued", None), What::Sum),
        ((ISSUER, "UploadUrlLatency", None), What::Reports),
        ((ISSUER, "UploadUrlRejections", None), What::Sum),
        ((ISSUER, "TelemetryDropped", None), What::Sum),
        ((PROCESSOR, "TelemetryDropped", None), What::Sum),
        ((PROCESSOR, "MalformedMessages", None), What::Sum),
    ];
    for name in [
        "UploadsSeen",
        "ImagesReceived",
        "ImagesProcessed",
        "ImagesRejected",
        "ProcessingFaults",
        "Duplicates",
        "Redeliveries",
        "OriginalBytes",
        "ThumbnailBytes",
        "DecodedPixels",
    ] {
        all.push(((PROCESSOR, name, None), What::Sum));
    }
    for name in
        ["QueueWait", "ProcessingLatency", "UploadToDoneLatency", "UrlToUploadLatency", "StageLatency"]
    {
        all.push(((PROCESSOR, name, None), What::Reports));
    }
    for stage in TIMED {
        all.push(((PROCESSOR, "StageLatency", Some(("Stage", stage))), What::Reports));
        all.push(((PROCESSOR, "ProcessingFaults", Some(("Stage", stage))), What::Sum));
    }
    for reason in ["NotAnImage", "Truncated", "Corrupt", "ObjectGone"] {
        all.push(((PROCESSOR, "ImagesRejected", Some(("Reason", reason))), What::Sum));
    }
    all
}

fn name((service, name, dimension): Metric) -> String {
    format!("{service} {name} {}", dimension.map_or("", |(_, value)| value))
}

impl Numbers {
    /// What was reported so far.
    pub(super) fn seen(harness: &Harness) -> Self {
        let look = |seen: &Seen| {
            let values = all().into_iter().map(|(metric, what)| {
                let (reports, sum) = total(seen, metric.0, metric.1, metric.2);
                (name(metric), (metric, what, if what == What::Reports { reports } else { sum }))
            });
            Self(values.collect())
        };
        harness.observer.look(look)
    }

    /// What must be reported of these uploads.
    pub(super) fn of(uploads: &[Upload], left: &Left) -> Self {
        let count = |wanted: &dyn Fn(&Upload) -> bool| uploads.iter().filter(|upload| wanted(upload)).count();
        let (done, twice) = (count(&|it| it.reason.is_none()), count(&|it| it.comes_twice));
        let faults = count(&|it| it.struck.is_some());
        let sum = |what: &dyn Fn(&Upload) -> u64| {
            let done = uploads.iter().filter(|upload| upload.reason.is_none());
            usize::try_from(done.map(what).sum::<u64>()).unwrap()
        };
        let expected = |(service, name, dimension): Metric| match (service, name, dimension) {
            (ISSUER, "UploadUrlsIssued" | "UploadUrlLatency", None)
            // A message that comes again for a fault was seen before, and so was one that is sent long after its event.
            | (PROCESSOR, "ProcessingLatency" | "UploadsSeen" | "QueueWait", None) => uploads.len(),
            (PROCESSOR, "ImagesReceived", None) => uploads.iter().map(Upload::receipts).sum(),
            (PROCESSOR, "ImagesProcessed" | "UploadToDoneLatency" | "UrlToUploadLatency", None)
            // Reported once for each image that is done, by the attempt that finished it.
            | (PROCESSOR, "StageLatency", Some(_)) => done,
            (PROCESSOR, "ImagesRejected", None) => uploads.len() - done,
            (PROCESSOR, "ImagesRejected", Some((_, reason))) => count(&|it| it.reason == Some(reason)),
            (PROCESSOR, "ProcessingFaults" | "Redeliveries", None) => faults,
            (PROCESSOR, "ProcessingFaults", Some((_, stage))) => {
                count(&|it| it.struck.is_some_and(|struck| struck.stage() == stage))
            }
            (PROCESSOR, "Duplicates", None) => twice,
            (PROCESSOR, "StageLatency", None) => done * TIMED.len(),
            (PROCESSOR, "OriginalBytes", None) => sum(&|it| it.bytes.len() as u64),
            (PROCESSOR, "ThumbnailBytes", None) => {
                sum(&|it| left.items[&it.image_id].number("thumbnailBytes").unwrap())
            }
            (PROCESSOR, "DecodedPixels", None) => done * 64 * 48,
            _ => 0,
        };
        let exact = |count: usize| f64::from(u32::try_from(count).unwrap());
        Self(all().into_iter().map(|(it, what)| (name(it), (it, what, exact(expected(it))))).collect())
    }

    /// Waits until as much was reported since `before`, and fails for any other growth.
    pub(super) async fn assert_grown_since(&self, harness: &Harness, before: Self) {
        let grown = || {
            let mut now = Self::seen(harness);
            for (name, (_, _, value)) in &mut now.0 {
                *value -= before.0[name].2;
            }
            now
        };
        let differences = |grown: &Self| -> Vec<String> {
            let both = grown.0.iter().map(|(name, (_, _, value))| (name, *value, self.0[name].2));
            let differ = both.filter(|(_, grown, expected)| (grown - expected).abs() > 0.5);
            differ.map(|(name, grown, expected)| format!("{name}: {grown}, not {expected}")).collect()
        };
        let all = async || differences(&grown()).is_empty().then_some(());
        harness.until(all).await;
        assert_eq!(differences(&grown()), [""; 0]);
    }
}
