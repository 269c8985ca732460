//! Bill: a month of 30 days, by service, in us-east-1, without tax and free tiers.

use serde::Serialize;

use crate::data::{Assumptions, PRICES, Price};
use crate::limits::attempts;
use crate::load::{Load, MONTH_SECONDS};
use crate::simulation::Outcome;
use crate::template::Settings;

const GB: f64 = 1e9;
/// Objects of a page of a listing.
const PAGE: f64 = 1_000.0;
/// An idle queue is asked every 20 seconds by each poller.
const POLL_SECONDS: f64 = 20.0;
/// Bytes of a write request unit.
const WRITE_UNIT: f64 = 1_024.0;

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
}

/// The bill of a load, whose executions the simulation has counted.
#[must_use]
pub fn bill(settings: &Settings, load: &Load, simulated: &Outcome, assumed: &Assumptions) -> Bill {
    let prices = &*PRICES;
    let uploads = load.monthly();
    let attempts = attempts(load.faults, settings.max_receives);
    let gigabytes = |megabytes: f64| megabytes / 1_024.0;
    #[expect(clippy::cast_precision_loss, reason = "few sides")]
    let sides = settings.sides.len() as f64;
    let batches = uploads * attempts / simulated.mean_batch.max(1.0);
    let ticks = MONTH_SECONDS / 60.0 / settings.schedule_minutes;
    let gb_seconds =
        if settings.architecture == "arm64" { &prices.lambda_arm64 } else { &prices.lambda_x86_64 };
    let stored = uploads * load.months;
    let original_gb = load.megapixels * assumed.original_bytes_per_megapixel.value / GB;
    let [standard, infrequent, archived] = classes(&settings.lifecycle, load.months);
    let per_month_gb = uploads * original_gb;
    let page_seconds = assumed.s3_milliseconds.value / 1_000.0 / crate::data::MEASURED.listing.speedup;
    // Of both buckets; a scan ends with its time.
    let most_pages = (settings.metrics_timeout_seconds / page_seconds).floor();
    let pages = (stored / PAGE).ceil().min(most_pages) + (stored * sides / PAGE).ceil().min(most_pages);
    let log_gb = uploads * assumed.log_bytes.value / GB;
    let item_gb = stored * assumed.item_bytes.value / GB;
    let polls = assumed.idle_pollers.value * MONTH_SECONDS / POLL_SECONDS;
    let writes = 3.0 * (assumed.item_bytes.value / WRITE_UNIT).ceil();
    let url_seconds = crate::data::MEASURED.url_milliseconds.value / 1_000.0;
    let run_seconds = (pages * page_seconds).min(settings.metrics_timeout_seconds);
    let rows: Vec<(&'static str, &Price, f64)> = vec![
        ("API Gateway", &prices.api_request, uploads),
        ("Lambda", &prices.lambda_request, uploads + batches + ticks),
        (
            "Lambda",
            gb_seconds,
            uploads * simulated.busy_seconds * gigabytes(settings.memory_mb)
                + uploads * url_seconds * gigabytes(settings.url_memory_mb)
                + ticks * run_seconds * gigabytes(settings.metrics_memory_mb),
        ),
        // The upload, the thumbnails, and the listings.
        ("S3", &prices.s3_tier1, uploads + uploads * sides * attempts + ticks * pages),
        ("S3", &prices.s3_tier2, uploads * attempts),
        (
            "S3",
            &prices.s3_standard,
            per_month_gb * standard + stored * sides * assumed.thumbnail_bytes.value / GB,
        ),
        ("S3", &prices.s3_standard_ia, per_month_gb * infrequent),
        ("S3", &prices.s3_glacier, per_month_gb * archived),
        // S3 sends, Lambda receives and deletes by batch, and asks while nothing comes.
        ("SQS", &prices.sqs_request, uploads + 2.0 * batches + polls),
        ("DynamoDB", &prices.dynamodb_write, uploads * writes * attempts),
        ("DynamoDB", &prices.dynamodb_storage, item_gb),
        ("DynamoDB", &prices.dynamodb_recovery, item_gb),
        ("SNS", &prices.sns_publish, uploads),
        ("SNS", &prices.sns_email, if settings.mails { uploads } else { 0.0 }),
        ("CloudWatch", &prices.metric, assumed.metric_series.value),
        ("CloudWatch", &prices.alarm_metric, f64::from(settings.alarms.metrics)),
        ("CloudWatch", &prices.composite_alarm, f64::from(settings.alarms.composite)),
        ("CloudWatch", &prices.dashboard, f64::from(settings.dashboards)),
        ("CloudWatch Logs", &prices.log_ingestion, log_gb),
        ("CloudWatch Logs", &prices.log_storage, log_gb * (settings.log_days / 30.0).min(load.months)),
        ("X-Ray", &prices.trace, uploads * settings.sampled),
        ("Cognito", &prices.user, load.users),
    ];
    let lines: Vec<Line> = rows
        .into_iter()
        .filter(|(.., amount)| *amount > 0.0)
        .map(|(service, price, amount)| Line {
            service,
            what: price.what.clone(),
            amount,
            usd: amount * price.each(),
        })
        .collect();
    let usd = lines.iter().map(|line| line.usd).sum();
    Bill { usd, usd_per_million: usd / uploads * 1e6, lines }
}

/// How many months' originals lie in Standard, Standard-IA and Glacier, after `months` of uploads: 30 and 90 days.
fn classes(lifecycle: &str, months: f64) -> [f64; 3] {
    match lifecycle {
        "archive" => [months.min(1.0), (months - 1.0).clamp(0.0, 2.0), (months - 3.0).max(0.0)],
        "infrequent-access" => [months.min(1.0), (months - 1.0).max(0.0), 0.0],
        _ => [months, 0.0, 0.0],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::MEASURED;
    use crate::report::simulated;
    use crate::template::tests::settings;
    use crate::work::Work;

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
        // Signing takes 2.1 ms at 256 MB; listing 2 x 26 pages at 100 ms, 13.3 times as fast, at 256 MB.
        let signer = 25_920.0 * 0.0021 * 0.25;
        let lister = 8_640.0 * (52.0 * 0.1 / 13.3) * 0.25;
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
    fn originals_move_to_cheaper_classes_by_their_age() {
        assert_eq!(format!("{:?}", classes("none", 5.0)), "[5.0, 0.0, 0.0]");
        assert_eq!(format!("{:?}", classes("infrequent-access", 5.0)), "[1.0, 4.0, 0.0]");
        assert_eq!(format!("{:?}", classes("archive", 0.5)), "[0.5, 0.0, 0.0]");
        assert_eq!(format!("{:?}", classes("archive", 12.0)), "[1.0, 2.0, 9.0]");
    }
}
