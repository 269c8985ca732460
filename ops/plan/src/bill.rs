//! Bill: a month of 30 days, by service, in us-east-1, without tax and free tiers.

use serde::Serialize;

use crate::data::{Assumptions, MEASURED, PAGE, PRICES, Price};
use crate::limits::attempts;
use crate::load::{Load, MONTH_SECONDS};
use crate::simulation::Outcome;
use crate::storage::{Stored, kept_months};
use crate::template::Settings;
use crate::work::Work;

const GB: f64 = 1e9;
/// An idle queue is asked every 20 seconds by each poller.
const POLL_SECONDS: f64 = 20.0;
/// Bytes of a write request unit.
const WRITE_UNIT: f64 = 1_024.0;
/// Bytes of a read request unit, of a read that is consistent.
const READ_UNIT: f64 = 4_096.0;

/// A line of the bill.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Line {
    /// Of which service.
    pub service: &'static str,
    /// What, as the price list has it.
    pub what: String,
    /// How many of it.
    pub amount: f64,
    /// Dollars.
    pub usd: f64,
}

/// A month's bill.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Bill {
    /// Its lines.
    pub lines: Vec<Line>,
    /// All of them.
    pub usd: f64,
    /// For a million uploads.
    pub usd_per_million: f64,
}

impl Bill {
    /// What one service costs.
    #[must_use]
    pub fn of_service(&self, service: &str) -> f64 {
        self.lines.iter().filter(|line| line.service == service).map(|line| line.usd).sum()
    }

    /// What one line costs, or nothing where there is none.
    #[must_use]
    pub fn of_line(&self, what: &str) -> f64 {
        self.lines.iter().filter(|line| line.what == what).map(|line| line.usd).sum()
    }
}

/// The line of the bill that the listings of the buckets are.
pub const LISTINGS: &str = "S3 Standard: LIST of s3-metrics-lambda (tier 1)";

/// The bill of a load, whose executions the simulation has counted.
#[must_use]
pub fn bill(settings: &Settings, load: &Load, simulated: &Outcome, assumed: &Assumptions) -> Bill {
    let month = Month::of(settings, load, simulated, assumed);
    let all = [month.of_compute(), month.of_buckets(), month.of_messages_and_items(), month.of_telemetry()];
    let lines: Vec<Line> = all.into_iter().flatten().filter(|line| line.amount > 0.0).collect();
    let usd = lines.iter().map(|line| line.usd).sum();
    Bill { usd, usd_per_million: usd / month.uploads * 1e6, lines }
}

/// A month, as it is counted before it is paid.
struct Month<'a> {
    settings: &'a Settings,
    load: &'a Load,
    simulated: &'a Outcome,
    assumed: &'a Assumptions,
    uploads: f64,
    /// Questions how an upload ended.
    statuses: f64,
    /// Of an upload.
    attempts: f64,
    /// Thumbnails of an upload.
    sides: f64,
    /// Invocations of the processor.
    batches: f64,
    /// Measurements of the buckets.
    ticks: f64,
    /// Seconds for a page of a listing.
    page_seconds: f64,
    /// Pages of a measurement, of both buckets.
    pages: f64,
}

impl<'a> Month<'a> {
    fn of(settings: &'a Settings, load: &'a Load, simulated: &'a Outcome, assumed: &'a Assumptions) -> Self {
        let (uploads, attempts) = (load.monthly(), attempts(load.faults, settings.max_receives));
        #[expect(clippy::cast_precision_loss, reason = "few sides")]
        let sides = settings.sides.len() as f64;
        let most = most_pages(settings, assumed);
        let objects = uploads * kept_months(settings, load.months);
        let pages = [objects, objects * sides].map(|objects| (objects / PAGE).ceil());
        Self {
            settings,
            load,
            simulated,
            assumed,
            uploads,
            statuses: uploads * load.statuses_per_upload,
            attempts,
            sides,
            batches: uploads * attempts / simulated.mean_batch.max(1.0),
            ticks: MONTH_SECONDS / 60.0 / settings.schedule_minutes,
            page_seconds: assumed.page_seconds(),
            pages: pages.iter().sum::<f64>().min(most),
        }
    }

    fn of_compute(&self) -> Vec<Line> {
        let Self { settings, uploads, statuses, ticks, .. } = self;
        let gb_second =
            if settings.architecture == "arm64" { &PRICES.lambda_arm64 } else { &PRICES.lambda_x86_64 };
        let run_seconds = (self.pages * self.page_seconds).min(settings.metrics_timeout_seconds);
        let url_seconds = MEASURED.url_milliseconds.value / 1_000.0;
        let gb_seconds = uploads * self.simulated.busy_seconds * gigabytes(settings.memory_mb)
            + uploads * url_seconds * gigabytes(settings.url_memory_mb)
            + statuses * Work::status_ms(self.assumed) / 1_000.0 * gigabytes(settings.status_memory_mb)
            + ticks * run_seconds * gigabytes(settings.metrics_memory_mb);
        vec![
            line("API Gateway", &PRICES.api_request, uploads + statuses),
            line("Lambda", &PRICES.lambda_request, uploads + statuses + self.batches + ticks),
            line("Lambda", gb_second, gb_seconds),
        ]
    }

    fn of_buckets(&self) -> Vec<Line> {
        let Self { settings, assumed, uploads, sides, .. } = self;
        let stored = |lifecycle, bytes| Stored::of(settings, lifecycle, bytes, self.load.months);
        let original_bytes = self.load.megapixels * assumed.original_bytes_per_megapixel.value;
        let thumbnail_bytes = assumed.thumbnail_bytes.value;
        let originals = stored(&settings.lifecycle, original_bytes);
        let thumbnails = stored(&settings.processed_lifecycle, thumbnail_bytes);
        let both = |of: &dyn Fn(&Stored) -> f64| uploads * (of(&originals) + sides * of(&thumbnails));
        let gb = |of: &dyn Fn(&Stored) -> f64| {
            uploads * (original_bytes * of(&originals) + sides * thumbnail_bytes * of(&thumbnails)) / GB
        };
        let listings = line("S3", &PRICES.s3_tier1, self.ticks * self.pages);
        vec![
            // The upload and the thumbnails.
            line("S3", &PRICES.s3_tier1, uploads + uploads * sides * self.attempts),
            Line { what: LISTINGS.to_owned(), ..listings },
            line("S3", &PRICES.s3_tier2, uploads * self.attempts),
            line("S3", &PRICES.s3_standard, gb(&|it| it.standard)),
            line("S3", &PRICES.s3_standard_ia, gb(&|it| it.infrequent)),
            line("S3", &PRICES.s3_glacier, gb(&|it| it.archived)),
            line("S3", &PRICES.s3_to_standard_ia, both(&|it| it.to_infrequent)),
            line("S3", &PRICES.s3_to_glacier, both(&|it| it.to_archive)),
        ]
    }

    fn of_messages_and_items(&self) -> Vec<Line> {
        let Self { settings, assumed, uploads, .. } = self;
        let polls = assumed.idle_pollers.value * MONTH_SECONDS / POLL_SECONDS;
        let writes = 3.0 * (assumed.item_bytes.value / WRITE_UNIT).ceil();
        let reads = (assumed.item_bytes.value / READ_UNIT).ceil();
        // Items do not expire with the objects.
        let item_gb = uploads * self.load.months * assumed.item_bytes.value / GB;
        vec![
            // S3 sends, Lambda receives and deletes by batch, and asks while nothing comes.
            line("SQS", &PRICES.sqs_request, uploads + 2.0 * self.batches + polls),
            line("DynamoDB", &PRICES.dynamodb_write, uploads * writes * self.attempts),
            line("DynamoDB", &PRICES.dynamodb_read, self.statuses * reads),
            line("DynamoDB", &PRICES.dynamodb_storage, item_gb),
            line("DynamoDB", &PRICES.dynamodb_recovery, item_gb),
            line("SNS", &PRICES.sns_publish, *uploads),
            line("SNS", &PRICES.sns_email, if settings.mails { *uploads } else { 0.0 }),
        ]
    }

    fn of_telemetry(&self) -> Vec<Line> {
        let Self { settings, assumed, uploads, .. } = self;
        let log_bytes = uploads * assumed.log_bytes.value + self.statuses * assumed.status_log_bytes.value;
        let log_gb = log_bytes / GB;
        let log_months = (settings.log_days / 30.0).min(self.load.months);
        vec![
            line("CloudWatch", &PRICES.metric, assumed.metric_series.value),
            line("CloudWatch", &PRICES.alarm_metric, f64::from(settings.alarms.metrics)),
            line("CloudWatch", &PRICES.composite_alarm, f64::from(settings.alarms.composite)),
            line("CloudWatch", &PRICES.dashboard, f64::from(settings.dashboards)),
            line("CloudWatch Logs", &PRICES.log_ingestion, log_gb),
            line("CloudWatch Logs", &PRICES.log_storage, log_gb * log_months),
            line("X-Ray", &PRICES.trace, (uploads + self.statuses) * settings.sampled),
            line("Cognito", &PRICES.user, self.load.users),
        ]
    }
}

/// A line of what is paid for: its service, its price, and how many of it.
fn line(service: &'static str, price: &Price, amount: f64) -> Line {
    Line { service, what: price.what.clone(), amount, usd: amount * price.each() }
}

/// Pages of both buckets at the most: a listing ends with its time.
pub(crate) fn most_pages(settings: &Settings, assumed: &Assumptions) -> f64 {
    (settings.metrics_timeout_seconds / assumed.page_seconds()).floor()
}

/// Gigabytes, as Lambda counts them.
fn gigabytes(megabytes: f64) -> f64 {
    megabytes / 1_024.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::simulated;
    use crate::template::tests::settings;

    fn of(parameters: &[(&str, &str)], load: &Load) -> Bill {
        let settings = settings(parameters);
        let work = Work::of(&settings, load, &MEASURED.assumed);
        bill(&settings, load, &simulated(&settings, load, &work, &MEASURED.assumed), &MEASURED.assumed)
    }

    #[test]
    fn the_bill_of_a_stated_month_is_what_a_pencil_makes_it() {
        // A hundredth of an upload a second, 12 megapixels, for a month: so rare that each is a batch of its own.
        let load = Load { uploads_per_second: 0.01, simulated: 2_000, ..Load::default() };
        let bill = of(&[], &load);
        // 30 days of 86,400 s: 25,920 uploads. 43,200 minutes: 8,640 measurements.
        // An execution: 100 + 10 ms before, 16 ms of a core, 100 + 20 + 30 ms behind: 276 ms at 1,769 of 1,024 MB.
        let processor = 25_920.0 * 0.276 * 1_769.0 / 1_024.0;
        // Signing takes 2.1 ms at 256 MB; listing 2 x 26 pages, 10,000 of them in 900 s, at 256 MB.
        let signer = 25_920.0 * 0.0021 * 0.25;
        let lister = 8_640.0 * (52.0 * 0.09) * 0.25;
        let expected = [
            ("API Gateway", 25_920.0 * 1.00 / 1e6),
            (
                "Lambda",
                (25_920.0 + 25_920.0 + 8_640.0) * 0.20 / 1e6
                    + (processor + signer + lister) * 0.000_013_333_4,
            ),
            // PUT, one thumbnail, 52 pages each time; one GET; 3.6 MB and 15 kB stored of each.
            (
                "S3",
                (2.0 * 25_920.0 + 8_640.0 * 52.0) * 0.005 / 1e3
                    + 25_920.0 * 0.0004 / 1e3
                    + 25_920.0 * (0.0036 + 0.000_015) * 0.023,
            ),
            // Sent, received, deleted; five pollers every 20 s of 2,592,000 s.
            ("SQS", (3.0 * 25_920.0 + 5.0 * 129_600.0) * 0.40 / 1e6),
            // Three writes of one unit; a kilobyte each, twice: stored, and for recovery.
            ("DynamoDB", 3.0 * 25_920.0 * 0.625 / 1e6 + 25_920.0 * 1e-6 * (0.25 + 0.20)),
            ("SNS", 25_920.0 * 0.50 / 1e6),
            // 60 series, 46 metrics of alarms, 2 composite alarms, 3 dashboards.
            ("CloudWatch", 60.0 * 0.30 + 46.0 * 0.10 + 2.0 * 0.50 + 3.0 * 3.00),
            ("CloudWatch Logs", 25_920.0 * 5e-6 * (0.50 + 0.03)),
            ("X-Ray", 25_920.0 * 5.00 / 1e6),
        ];
        for (service, usd) in expected {
            let reckoned = bill.of_service(service);
            assert!((reckoned / usd - 1.0).abs() < 1e-3, "{service}: {reckoned} there, {usd} by hand");
        }
        let sum: f64 = expected.iter().map(|(_, usd)| usd).sum();
        assert!((bill.usd / sum - 1.0).abs() < 1e-3, "{} there, {sum} by hand", bill.usd);
        assert!((bill.usd_per_million - bill.usd / 0.025_92).abs() < 1e-6);
    }

    #[test]
    fn statuses_cost_what_a_pencil_makes_them() {
        let load = Load { uploads_per_second: 0.01, simulated: 2_000, ..Load::default() };
        let asked = Load { statuses_per_upload: 3.0, ..load.clone() };
        let parameters = [("StatusApi", "enabled")];
        let (without, with) = (of(&parameters, &load), of(&parameters, &asked));
        // Three for each of 25,920 uploads: a request, 2.1 ms of signing and 10 of reading at 256 MB, one read unit,
        // 1.5 kB of logs, a trace.
        let statuses = 3.0 * 25_920.0;
        for (service, usd) in [
            ("API Gateway", statuses * 1.00 / 1e6),
            ("Lambda", statuses * (0.20 / 1e6 + 0.0121 * 0.25 * 0.000_013_333_4)),
            ("S3", 0.0),
            ("DynamoDB", statuses * 0.125 / 1e6),
            ("CloudWatch Logs", statuses * 1.5e-6 * (0.50 + 0.03)),
            ("X-Ray", statuses * 5.00 / 1e6),
        ] {
            let added = with.of_service(service) - without.of_service(service);
            assert!((added - usd).abs() < 1e-9, "{service}: {added} there, {usd} by hand");
        }
    }

    #[test]
    fn settings_cost_what_they_say() {
        let load = Load { simulated: 1_000, ..Load::default() };
        let usd = |parameters: &[(&str, &str)], service: &str| of(parameters, &load).of_service(service);
        let close = |one: f64, other: f64| assert!((one - other).abs() < 1e-6, "{one} {other}");
        close(usd(&[("TracesSampler", "always_off")], "X-Ray"), 0.0);
        close(
            usd(&[("NotificationEmail", "a@b.c")], "SNS") - usd(&[], "SNS"),
            load.monthly() * 2.00 / 100_000.0,
        );
        close(
            usd(&[("MathAlarms", "disabled")], "CloudWatch"),
            usd(&[], "CloudWatch") - 36.0 * 0.10 - 2.0 * 0.50,
        );
        assert!(usd(&[("Architecture", "x86_64")], "Lambda") > usd(&[], "Lambda"));
        assert!(usd(&[("MetricsSchedule", "rate(1 minute)")], "S3") > usd(&[], "S3"));
        assert!(usd(&[("LogRetentionDays", "1")], "CloudWatch Logs") < usd(&[], "CloudWatch Logs"));
    }

    #[test]
    fn the_storage_of_a_twelfth_month_is_what_a_pencil_makes_it() {
        let load = Load { uploads_per_second: 0.01, months: 12.0, simulated: 2_000, ..Load::default() };
        let line = |bill: &Bill, what: &str| {
            bill.lines.iter().filter(|line| line.what.contains(what)).map(|line| line.usd).sum::<f64>()
        };
        let close = |one: f64, other: f64| assert!((one / other - 1.0).abs() < 1e-3, "{one} {other}");
        let year = of(&[], &load);
        // 25,920 uploads a month of 3.6 MB: one month in Standard, two in Standard-IA, nine in Glacier; a month's
        // worth moves to each. Thumbnails of 15 kB stay where they are, all twelve months of them.
        let month_gb = 25_920.0 * 0.0036;
        let thumbnails_gb = 12.0 * 25_920.0 * 0.000_015;
        close(line(&year, "S3 Standard: storage"), (month_gb + thumbnails_gb) * 0.023);
        close(line(&year, "S3 Standard-IA: storage"), 2.0 * month_gb * 0.0125);
        close(line(&year, "S3 Glacier Flexible Retrieval: storage"), 9.0 * month_gb * 0.0036);
        close(line(&year, "transition to Standard-IA"), 25_920.0 * 0.01 / 1e3);
        close(line(&year, "transition to Glacier"), 25_920.0 * 0.03 / 1e3);
        // 311,040 objects in each bucket: 312 pages each, 8,640 times, beside the PUTs of a month.
        close(line(&year, "tier 1"), (2.0 * 25_920.0 + 8_640.0 * 624.0) * 0.005 / 1e3);
        // Gone after 60 days: one month in Standard, one in Standard-IA, and 52 pages each.
        let short = of(&[("ExpireObjectsAfterDays", "60")], &load);
        close(line(&short, "S3 Standard: storage"), (month_gb + thumbnails_gb / 6.0) * 0.023);
        close(line(&short, "S3 Standard-IA: storage"), month_gb * 0.0125);
        close(line(&short, "tier 1"), (2.0 * 25_920.0 + 8_640.0 * 104.0) * 0.005 / 1e3);
        assert!(line(&short, "Glacier").abs() < 1e-9);
        // Thumbnails that are large enough move by a rule of their own.
        let mut large = MEASURED.assumed.clone();
        large.thumbnail_bytes.value = 200_000.0;
        let settings = settings(&[]);
        let work = Work::of(&settings, &load, &large);
        let moved = bill(&settings, &load, &simulated(&settings, &load, &work, &large), &large);
        close(line(&moved, "transition to Standard-IA"), 2.0 * 25_920.0 * 0.01 / 1e3);
        close(line(&moved, "S3 Standard-IA: storage"), (2.0 * month_gb + 11.0 * 25_920.0 * 0.0002) * 0.0125);
    }
}
