//! Limits: how many uploads a second each allows, and which comes first.

use serde::Serialize;

use crate::data::{Assumptions, MEASURED, QUOTAS, Quota};
use crate::load::{Load, MONTH_SECONDS};
use crate::template::Settings;
use crate::work::Work;

/// Objects of a page of a listing.
const PAGE: f64 = 1_000.0;
/// Bytes of a write request unit.
const WRITE_UNIT: f64 = 1_024.0;

/// A limit.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Limit {
    /// What is limited.
    pub what: &'static str,
    /// Where it is set: a parameter of the template, or a quota of AWS.
    pub set_by: &'static str,
    /// The limit itself.
    pub value: f64,
    /// Of what.
    pub unit: String,
    /// How many uploads a second it allows.
    pub uploads_per_second: f64,
    /// Of that, how much the load takes.
    pub share: f64,
    /// What to do.
    pub remedy: &'static str,
}

/// All limits, the one that comes first first.
#[must_use]
pub fn limits(settings: &Settings, load: &Load, work: &Work, assumed: &Assumptions) -> Vec<Limit> {
    let quotas = &*QUOTAS;
    let [concurrency, batch, sides] =
        [settings.max_concurrency, settings.batch_size, settings.sides.len()].map(count);
    let batch_seconds = work.batch_ms(settings.batch_size) / 1_000.0;
    // Of an upload, at full batches.
    let processor_seconds = batch_seconds / batch;
    let url_seconds = MEASURED.url_milliseconds.value / 1_000.0;
    let attempts = attempts(load.faults, settings.max_receives);
    // A failed one stays in flight until it is tried again.
    let in_flight_seconds = batch_seconds * attempts + load.faults * settings.retry_base_seconds;
    let writes = 3.0 * (assumed.item_bytes.value / WRITE_UNIT).ceil() * attempts;
    let pages = settings.metrics_timeout_seconds
        / (assumed.s3_milliseconds.value / 1_000.0 / MEASURED.listing.speedup);
    let objects_per_upload = sides.max(1.0) + 1.0;
    let stored_seconds = load.months * MONTH_SECONDS;
    let quota = |quota: &Quota| (quota.value, quota.unit.clone());
    let template = |value: f64, unit: &str| (value, unit.to_owned());
    let rows = [
        (
            "processors at once",
            "ProcessorMaxConcurrency",
            template(concurrency, "executions at once"),
            concurrency / (processor_seconds * attempts),
            "raise ProcessorMaxConcurrency, and the account's concurrency with it",
        ),
        (
            "requests of a route",
            "ApiThrottleRate",
            template(settings.api_rate, "requests a second"),
            settings.api_rate,
            "raise ApiThrottleRate and ApiThrottleBurst",
        ),
        (
            "Lambda: executions of the account",
            "quota",
            quota(&quotas.account_concurrency),
            quotas.account_concurrency.value / (processor_seconds * attempts + url_seconds),
            "ask AWS for more concurrency; a new account has 10",
        ),
        (
            "Lambda: executions for one queue",
            "quota",
            quota(&quotas.queue_concurrency),
            quotas.queue_concurrency.value / (processor_seconds * attempts),
            "larger batches, or several queues with a mapping each",
        ),
        (
            "API Gateway: requests of the account",
            "quota",
            quota(&quotas.api_requests),
            quotas.api_requests.value,
            "ask AWS for more, or spread over accounts",
        ),
        (
            "S3: writes of originals",
            "quota",
            quota(&quotas.prefix_writes),
            quotas.prefix_writes.value * load.prefixes,
            "S3 divides user-uploads/ by itself under a load that grows: users' ids are random; --prefixes says into how many",
        ),
        (
            "S3: reads of originals",
            "quota",
            quota(&quotas.prefix_reads),
            quotas.prefix_reads.value * load.prefixes / attempts,
            "the same",
        ),
        (
            "S3: writes of thumbnails",
            "quota",
            quota(&quotas.prefix_writes),
            // Ids begin with the time, so all new keys lie beside each other, however many partitions there are.
            quotas.prefix_writes.value / sides,
            "a prefix of random characters before the id, which changes the keys of thumbnails",
        ),
        (
            "DynamoDB: writes of the table",
            "quota",
            quota(&quotas.table_writes),
            quotas.table_writes.value / writes,
            "ask AWS for more; ids are spread over partitions by their hash",
        ),
        (
            "SNS: publishes",
            "quota",
            quota(&quotas.publishes),
            quotas.publishes.value / attempts,
            "ask AWS for more, or publish several results at once (PublishBatch)",
        ),
        (
            "SNS: mails to NotificationEmail",
            "quota",
            quota(&quotas.mails),
            if settings.mails { quotas.mails.value } else { f64::INFINITY },
            "no NotificationEmail: subscribe a queue instead; SNS ends a subscription that gets more",
        ),
        (
            "SQS: messages in flight",
            "quota",
            quota(&quotas.in_flight),
            quotas.in_flight.value / in_flight_seconds,
            "shorter invocations, or several queues",
        ),
        (
            "LIST of s3-metrics-lambda",
            "MetricsTimeoutSeconds",
            template(settings.metrics_timeout_seconds, "seconds for a bucket"),
            pages * PAGE / objects_per_upload / stored_seconds,
            "MetricsTimeoutSeconds=900, then S3's daily metrics (docs/bucket-totals.md)",
        ),
    ];
    let mut limits: Vec<Limit> = rows
        .into_iter()
        .filter(|(.., uploads, _)| uploads.is_finite())
        .map(|(what, set_by, (value, unit), uploads_per_second, remedy)| Limit {
            what,
            set_by,
            value,
            unit,
            uploads_per_second,
            share: load.uploads_per_second / uploads_per_second,
            remedy,
        })
        .collect();
    limits.sort_by(|one, other| one.uploads_per_second.total_cmp(&other.uploads_per_second));
    limits
}

/// How often a message is tried, on average.
#[must_use]
pub fn attempts(faults: f64, max_receives: u32) -> f64 {
    (0..max_receives).map(|retry| faults.powi(i32::try_from(retry).unwrap_or(i32::MAX))).sum()
}

#[expect(clippy::cast_precision_loss, reason = "settings are small")]
fn count(number: usize) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::tests::settings;

    fn first(parameters: &[(&str, &str)], load: &Load) -> &'static str {
        all(parameters, load)[0].what
    }

    fn all(parameters: &[(&str, &str)], load: &Load) -> Vec<Limit> {
        let settings = settings(parameters);
        let work = Work::of(&settings, load, &MEASURED.assumed);
        limits(&settings, load, &work, &MEASURED.assumed)
    }

    /// Everything in the template raised, and everything that grows with time small.
    const WIDE: [(&str, &str); 3] = [
        ("ProcessorMaxConcurrency", "1000000"),
        ("ApiThrottleRate", "1000000"),
        ("MetricsTimeoutSeconds", "900000000"),
    ];

    #[test]
    fn each_limit_can_come_first() {
        let load = Load { months: 0.001, prefixes: 1_000.0, ..Load::default() };
        let with = |more: &[(&'static str, &'static str)]| [&WIDE[..], more].concat();
        assert_eq!(
            first(&[("ApiThrottleRate", "1000"), ("MetricsTimeoutSeconds", "900")], &load),
            "processors at once"
        );
        assert_eq!(first(&with(&[("ApiThrottleRate", "50")]), &load), "requests of a route");
        assert_eq!(first(&with(&[]), &load), "S3: writes of thumbnails");
        assert_eq!(first(&with(&[("ProcessorBatchSize", "1")]), &load), "S3: writes of thumbnails");
        let heavy = Load { megapixels: 480.0, ..load.clone() };
        assert_eq!(first(&with(&[("ProcessorBatchSize", "1")]), &heavy), "Lambda: executions of the account");
        assert_eq!(first(&with(&[("NotificationEmail", "a@b.c")]), &load), "SNS: mails to NotificationEmail");
        let old = Load { months: 1_000_000.0, ..load.clone() };
        assert_eq!(first(&[], &old), "LIST of s3-metrics-lambda");
        let patient = with(&[("RetryBaseSeconds", "900"), ("MaxReceiveCount", "2")]);
        let failing = Load { faults: 0.9, ..load.clone() };
        assert_eq!(first(&patient, &failing), "SQS: messages in flight");
        // The rest are behind the hot folder of thumbnails, and in the order of their quotas.
        let position =
            |what: &str| all(&with(&[]), &load).iter().position(|limit| limit.what == what).unwrap();
        assert!(position("API Gateway: requests of the account") < position("DynamoDB: writes of the table"));
        assert!(position("DynamoDB: writes of the table") < position("SNS: publishes"));
        let one = Load { prefixes: 0.5, ..load };
        assert_eq!(first(&with(&[]), &one), "S3: writes of originals");
    }

    #[test]
    fn the_first_limit_of_the_default_template_is_the_processors_that_run_at_once() {
        // Before much is stored, which must be listed.
        let new = Load { months: 0.1, ..Load::default() };
        // Five at once, five images each: 110 ms before, 5 turns of 16 ms, 150 ms behind: 340 ms.
        let limit = all(&[("ApiThrottleRate", "1000"), ("MetricsTimeoutSeconds", "900")], &new);
        assert!((limit[0].uploads_per_second - 25.0 / 0.340).abs() < 1e-9, "{:?}", limit[0]);
        assert!((limit[0].share - 0.340 / 25.0).abs() < 1e-9);
    }

    #[test]
    fn a_message_is_tried_as_often_as_its_faults_make_it() {
        assert!((attempts(0.0, 5) - 1.0).abs() < 1e-12);
        assert!((attempts(0.5, 3) - 1.75).abs() < 1e-12);
        assert!((attempts(1.0, 5) - 5.0).abs() < 1e-12);
    }
}
