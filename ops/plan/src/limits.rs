//! Limits: how many uploads a second each allows, and which comes first.

use serde::Serialize;

use crate::data::{Assumptions, MEASURED, PAGE, QUOTAS, Quota};
use crate::load::{Load, MONTH_SECONDS};
use crate::storage::kept_months;
use crate::template::Settings;
use crate::work::Work;

/// Bytes of a write request unit.
const WRITE_UNIT: f64 = 1_024.0;

/// The limit of what a measurement of the buckets can list.
pub const LISTING: &str = "LIST of s3-metrics-lambda";

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
    /// Where a quota was read, and on which day.
    pub source: Option<Source>,
    /// What to do.
    pub remedy: &'static str,
}

/// Where a quota was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Source {
    /// The page.
    pub page: String,
    /// The day.
    pub read_on: String,
}

/// What limits are reckoned from.
struct Reckoning<'a> {
    settings: &'a Settings,
    load: &'a Load,
    assumed: &'a Assumptions,
    /// Seconds of an execution for an upload, at full batches.
    processor_seconds: f64,
    /// Attempts of an upload.
    attempts: f64,
    /// Seconds of an execution of a full batch.
    batch_seconds: f64,
    sides: f64,
}

/// All limits, the one that comes first first.
#[must_use]
pub fn limits(settings: &Settings, load: &Load, work: &Work, assumed: &Assumptions) -> Vec<Limit> {
    let batch_seconds = work.batch_ms(settings.batch_size) / 1_000.0;
    let reckoning = Reckoning {
        settings,
        load,
        assumed,
        processor_seconds: batch_seconds / count(settings.batch_size),
        attempts: attempts(load.faults, settings.max_receives),
        batch_seconds,
        sides: count(settings.sides.len()).max(1.0),
    };
    let mut limits =
        [reckoning.of_the_template(), reckoning.of_lambda_and_the_api(), reckoning.of_storage()].concat();
    limits.retain(|limit| limit.uploads_per_second.is_finite());
    limits.sort_by(|one, other| one.uploads_per_second.total_cmp(&other.uploads_per_second));
    limits
}

impl Reckoning<'_> {
    fn limit(
        &self,
        what: &'static str,
        set_by: &'static str,
        (value, unit): (f64, &str),
        uploads_per_second: f64,
        remedy: &'static str,
    ) -> Limit {
        let share = self.load.uploads_per_second / uploads_per_second;
        Limit { what, set_by, value, unit: unit.to_owned(), uploads_per_second, share, source: None, remedy }
    }

    fn quota(
        &self,
        what: &'static str,
        quota: &Quota,
        uploads_per_second: f64,
        remedy: &'static str,
    ) -> Limit {
        let source = Source { page: quota.source.clone(), read_on: quota.read_on.clone() };
        let limit = self.limit(what, "quota", (quota.value, &quota.unit), uploads_per_second, remedy);
        Limit { source: Some(source), ..limit }
    }

    fn of_the_template(&self) -> Vec<Limit> {
        let Self { settings, load, assumed, .. } = self;
        let concurrency = count(settings.max_concurrency);
        let objects = settings.metrics_timeout_seconds / assumed.page_seconds() * PAGE;
        vec![
            self.limit(
                "processors at once",
                "ProcessorMaxConcurrency",
                (concurrency, "executions at once"),
                concurrency / (self.processor_seconds * self.attempts),
                "raise ProcessorMaxConcurrency, and the account's concurrency with it",
            ),
            self.limit(
                "requests of a route",
                "ApiThrottleRate",
                (settings.api_rate, "requests a second"),
                settings.api_rate,
                "raise ApiThrottleRate and ApiThrottleBurst",
            ),
            self.limit(
                "requests of the status route",
                "ApiThrottleRate",
                (settings.api_rate, "requests a second"),
                // Infinite where nobody asks, and then no limit.
                settings.api_rate / load.statuses_per_upload,
                "ask less often, or subscribe to the topic; raise ApiThrottleRate and ApiThrottleBurst",
            ),
            self.limit(
                LISTING,
                "MetricsTimeoutSeconds",
                (settings.metrics_timeout_seconds, "seconds for both buckets"),
                objects / (1.0 + self.sides) / (kept_months(settings, load.months) * MONTH_SECONDS),
                "MetricsTimeoutSeconds=900, then S3's daily metrics (docs/bucket-totals.md)",
            ),
        ]
    }

    fn of_lambda_and_the_api(&self) -> Vec<Limit> {
        let (quotas, busy) = (&*QUOTAS, self.processor_seconds * self.attempts);
        let statuses = self.load.statuses_per_upload;
        let api_ms = MEASURED.url_milliseconds.value + statuses * Work::status_ms(self.assumed);
        vec![
            self.quota(
                "Lambda: executions of the account",
                &quotas.account_concurrency,
                quotas.account_concurrency.value / (busy + api_ms / 1_000.0),
                "ask AWS for more concurrency; a new account has 10",
            ),
            self.quota(
                "Lambda: executions for one queue",
                &quotas.queue_concurrency,
                quotas.queue_concurrency.value / busy,
                "larger batches, or several queues with a mapping each",
            ),
            self.quota(
                "API Gateway: requests of the account",
                &quotas.api_requests,
                quotas.api_requests.value / (1.0 + statuses),
                "ask AWS for more, or spread over accounts",
            ),
        ]
    }

    fn of_storage(&self) -> Vec<Limit> {
        let Self { settings, load, assumed, attempts, .. } = self;
        let quotas = &*QUOTAS;
        // A failed one stays in flight until it is tried again.
        let in_flight_seconds = self.batch_seconds * attempts + load.faults * settings.retry_base_seconds;
        let writes = 3.0 * (assumed.item_bytes.value / WRITE_UNIT).ceil() * attempts;
        vec![
            self.quota(
                "S3: writes of originals",
                &quotas.prefix_writes,
                quotas.prefix_writes.value * load.prefixes,
                "S3 divides user-uploads/ by itself under a load that grows: users' ids are random; --prefixes says into how many",
            ),
            self.quota(
                "S3: reads of originals",
                &quotas.prefix_reads,
                quotas.prefix_reads.value * load.prefixes / attempts,
                "the same",
            ),
            self.quota(
                "S3: writes of thumbnails",
                &quotas.prefix_writes,
                // Ids begin with the time, so all new keys lie beside each other, however many partitions there are.
                quotas.prefix_writes.value / self.sides,
                "a prefix of random characters before the id, which changes the keys of thumbnails",
            ),
            self.quota(
                "DynamoDB: writes of the table",
                &quotas.table_writes,
                quotas.table_writes.value / writes,
                "ask AWS for more; ids are spread over partitions by their hash",
            ),
            self.quota(
                "SNS: publishes",
                &quotas.publishes,
                quotas.publishes.value / attempts,
                "ask AWS for more, or publish several results at once (PublishBatch)",
            ),
            self.quota(
                "SNS: mails to NotificationEmail",
                &quotas.mails,
                if settings.mails { quotas.mails.value } else { f64::INFINITY },
                "no NotificationEmail: subscribe a queue instead; SNS ends a subscription that gets more",
            ),
            self.quota(
                "SQS: messages in flight",
                &quotas.in_flight,
                quotas.in_flight.value / in_flight_seconds,
                "shorter invocations, or several queues",
            ),
        ]
    }
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
        let new = Load { months: 0.001, ..Load::default() };
        // Five at once, five images each: 110 ms before, 5 turns of 16 ms, 150 ms behind: 340 ms.
        let limit = all(&[("ApiThrottleRate", "1000"), ("MetricsTimeoutSeconds", "900")], &new);
        assert!((limit[0].uploads_per_second - 25.0 / 0.340).abs() < 1e-9, "{:?}", limit[0]);
        assert!((limit[0].share - 0.340 / 25.0).abs() < 1e-9);
    }

    #[test]
    fn statuses_meet_the_rate_of_their_route_and_take_of_the_accounts_requests() {
        let asked = Load { statuses_per_upload: 4.0, months: 0.001, ..Load::default() };
        let limits = all(&WIDE[..1], &asked);
        let of = |what: &str| limits.iter().find(|limit| limit.what == what).unwrap().uploads_per_second;
        assert_eq!(limits[0].what, "requests of the status route");
        assert!((of("requests of the status route") - 50.0 / 4.0).abs() < 1e-9);
        assert!((of("API Gateway: requests of the account") - 10_000.0 / 5.0).abs() < 1e-9);
        assert!(all(&[], &Load::default()).iter().all(|limit| limit.what != "requests of the status route"));
    }

    #[test]
    fn a_listing_lasts_until_a_bucket_holds_what_the_page_of_totals_says() {
        // An upload is an object in each bucket: ten million of both in 900 s, and a fifteenth of them in 60.
        let month = Load { months: 1.0, ..Load::default() };
        let rate = |parameters: &[(&str, &str)]| {
            let limits = all(parameters, &month);
            limits.iter().find(|limit| limit.what == LISTING).unwrap().uploads_per_second
        };
        assert!((rate(&[("MetricsTimeoutSeconds", "900")]) * MONTH_SECONDS * 2.0 / 1e7 - 1.0).abs() < 1e-9);
        assert!((rate(&[]) * MONTH_SECONDS * 30.0 / 1e7 - 1.0).abs() < 1e-9);
        // With two thumbnails an upload is three objects.
        let two = [("ThumbnailSides", "256,1024")];
        assert!((rate(&two) * 3.0 - rate(&[]) * 2.0).abs() < 1e-9);
    }

    #[test]
    fn a_message_is_tried_as_often_as_its_faults_make_it() {
        assert!((attempts(0.0, 5) - 1.0).abs() < 1e-12);
        assert!((attempts(0.5, 3) - 1.75).abs() < 1e-12);
        assert!((attempts(1.0, 5) - 5.0).abs() < 1e-12);
    }
}
