//! Data: prices, quotas, measurements and assumptions, each with its source.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

/// Objects of a page of a listing.
pub const PAGE: f64 = 1_000.0;

/// A price of `docs/prices.md`.
#[derive(Clone, Debug, Deserialize)]
pub struct Price {
    /// What it is for, as the page has it.
    pub what: String,
    /// How many of it, as the page has it.
    #[serde(rename = "for")]
    pub per: String,
    /// In us-east-1.
    pub usd: f64,
    /// The day on which it was looked up.
    pub read_on: String,
}

impl Price {
    /// The price of one.
    #[must_use]
    pub fn each(&self) -> f64 {
        let count = self.per.split(' ').next().unwrap_or_default().replace(',', "");
        self.usd / count.parse::<f64>().unwrap_or(1.0)
    }
}

/// All prices.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "each says in its data what it is")]
pub struct Prices {
    pub api_request: Price,
    pub lambda_request: Price,
    pub lambda_arm64: Price,
    pub lambda_x86_64: Price,
    pub s3_tier1: Price,
    pub s3_tier2: Price,
    pub s3_standard: Price,
    pub s3_standard_ia: Price,
    pub s3_glacier: Price,
    pub s3_to_standard_ia: Price,
    pub s3_to_glacier: Price,
    pub sqs_request: Price,
    pub dynamodb_write: Price,
    pub dynamodb_read: Price,
    pub dynamodb_storage: Price,
    pub dynamodb_recovery: Price,
    pub sns_publish: Price,
    pub sns_email: Price,
    pub metric: Price,
    pub alarm_metric: Price,
    pub composite_alarm: Price,
    pub dashboard: Price,
    pub log_ingestion: Price,
    pub log_storage: Price,
    pub trace: Price,
    pub user: Price,
}

/// A quota of AWS.
#[derive(Clone, Debug, Deserialize)]
pub struct Quota {
    /// How much.
    pub value: f64,
    /// Of what.
    pub unit: String,
    /// Whether AWS raises it when asked.
    pub adjustable: bool,
    /// Where it was read.
    pub source: String,
    /// The day on which it was read.
    pub read_on: String,
}

/// All quotas.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "each says in its data what it is")]
pub struct Quotas {
    pub account_concurrency: Quota,
    pub queue_concurrency: Quota,
    pub api_requests: Quota,
    pub prefix_writes: Quota,
    pub prefix_reads: Quota,
    pub table_writes: Quota,
    pub publishes: Quota,
    pub mails: Quota,
    pub in_flight: Quota,
}

/// Milliseconds of CPU by megapixels, at one side.
#[derive(Clone, Debug, Deserialize)]
pub struct Curve {
    /// The thumbnail's longer side.
    pub side: u32,
    /// Megapixels and milliseconds.
    pub milliseconds: Vec<(f64, f64)>,
}

/// What thumbnails cost.
#[derive(Clone, Debug, Deserialize)]
pub struct ThumbnailCpu {
    /// On which machine, and when.
    pub machine: String,
    /// Where it stands.
    pub source: String,
    /// By side, the smallest first.
    pub sides: Vec<Curve>,
}

/// The most memory that a picture of its size took.
#[derive(Clone, Debug, Deserialize)]
pub struct Peak {
    /// Of which kind.
    pub picture: String,
    /// Of which size.
    pub megapixels: f64,
    /// How much.
    pub peak_mb: f64,
}

/// What decoding takes of memory.
#[derive(Clone, Debug, Deserialize)]
pub struct ThumbnailMemory {
    /// Where it stands.
    pub source: String,
    /// Of all formats the worst, by size.
    pub worst: Vec<Peak>,
}

/// How many images a second an invocation made.
#[derive(Clone, Debug, Deserialize)]
pub struct BatchRate {
    /// Of the photograph.
    pub megapixels: f64,
    /// Messages of the invocation.
    pub batch: usize,
    /// Of the function.
    pub memory: f64,
    /// Images a second.
    pub rate: f64,
}

/// The bench of batches.
#[derive(Clone, Debug, Deserialize)]
pub struct Batches {
    /// Latency of each call of S3.
    pub call_milliseconds: f64,
    /// What came of it.
    pub images_per_second: Vec<BatchRate>,
}

/// The listing of a bucket.
#[derive(Clone, Debug, Deserialize)]
pub struct Listing {
    /// How many times as fast as one request after the other.
    pub speedup: f64,
}

/// A measured number.
#[derive(Clone, Debug, Deserialize)]
pub struct Measured {
    /// The number.
    pub value: f64,
}

/// A number that nobody measured.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Assumption {
    /// The number.
    pub value: f64,
    /// Why this one.
    pub why: String,
    /// Where that is said.
    pub source: String,
}

/// What is assumed, because it was not measured on AWS.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[expect(missing_docs, reason = "each says in its data why it has its value")]
pub struct Assumptions {
    pub s3_milliseconds: Assumption,
    pub dynamodb_milliseconds: Assumption,
    pub sns_milliseconds: Assumption,
    pub pickup_milliseconds: Assumption,
    pub listed_in_900_seconds: Assumption,
    pub log_bytes: Assumption,
    pub status_milliseconds: Assumption,
    pub status_log_bytes: Assumption,
    pub item_bytes: Assumption,
    pub metric_series: Assumption,
    pub original_bytes_per_megapixel: Assumption,
    pub thumbnail_bytes: Assumption,
    pub idle_pollers: Assumption,
}

/// Everything that was measured, and what is assumed beside it.
#[derive(Clone, Debug, Deserialize)]
pub struct Measurements {
    /// CPU of thumbnails.
    pub thumbnail_cpu: ThumbnailCpu,
    /// Memory of thumbnails.
    pub thumbnail_memory: ThumbnailMemory,
    /// Invocations, whole.
    pub batches: Batches,
    /// Listings.
    pub listing: Listing,
    /// What the signer takes.
    pub url_milliseconds: Measured,
    /// What is assumed.
    pub assumed: Assumptions,
}

impl Assumptions {
    /// Seconds for a page of a listing, as many are asked for at once: by S3's latency, or by what the function's
    /// processor is estimated to do, whichever is longer.
    #[must_use]
    pub fn page_seconds(&self) -> f64 {
        let by_latency = self.s3_milliseconds.value / 1_000.0 / MEASURED.listing.speedup;
        by_latency.max(900.0 / (self.listed_in_900_seconds.value / PAGE))
    }
}

impl Measurements {
    /// Milliseconds of CPU on a whole core for one image's thumbnails: the largest decides, as the picture is decoded once.
    #[must_use]
    pub fn cpu_milliseconds(&self, megapixels: f64, sides: &[u32]) -> f64 {
        let largest = f64::from(sides.iter().copied().max().unwrap_or(256));
        let points: Vec<(f64, f64)> = self
            .thumbnail_cpu
            .sides
            .iter()
            .map(|curve| (f64::from(curve.side), interpolated(&curve.milliseconds, megapixels)))
            .collect();
        // No figure below the smallest side that was measured.
        let smallest = points.first().map_or(largest, |(side, _)| *side);
        interpolated(&points, largest.max(smallest))
    }

    /// Up to how many megapixels the worst picture takes no more than `megabytes`; none where it never takes more.
    #[must_use]
    pub fn megapixels_within(&self, megabytes: f64) -> Option<f64> {
        let worst = self.thumbnail_memory.worst.iter();
        let points: Vec<(f64, f64)> = worst.map(|peak| (peak.peak_mb, peak.megapixels)).collect();
        let most = points.last().map_or(0.0, |(most, _)| *most);
        (megabytes < most).then(|| interpolated(&points, megabytes))
    }
}

/// The value at `x` of a line through the points; beyond the ends the last piece goes on, and through nothing at zero.
fn interpolated(points: &[(f64, f64)], x: f64) -> f64 {
    let between = |(x0, y0): (f64, f64), (x1, y1): (f64, f64)| y0 + (y1 - y0) * (x - x0) / (x1 - x0);
    match points {
        [] => 0.0,
        [only] => only.1,
        [first, ..] if x < first.0 => first.1 * x / first.0,
        _ => {
            let pair = points.windows(2).find(|pair| matches!(pair, [_, end] if x <= end.0));
            match pair.or_else(|| points.windows(2).next_back()) {
                Some([start, end]) => between(*start, *end),
                _ => 0.0,
            }
        }
    }
}

/// Where numbers are from, and on which days they were looked up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Origin {
    /// The page or the file that names each source.
    pub sources: &'static str,
    /// The first and the last of the days.
    pub read_on: [String; 2],
}

impl Origin {
    fn of(sources: &'static str, data: &str) -> Self {
        #[derive(Deserialize)]
        struct Dated {
            read_on: String,
        }
        let dated: BTreeMap<String, Dated> = own(data);
        let days: BTreeSet<String> = dated.into_values().map(|dated| dated.read_on).collect();
        let day = |day: Option<&String>| day.cloned().unwrap_or_default();
        Self { sources, read_on: [day(days.first()), day(days.last())] }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, last] = &self.read_on;
        let until = if first == last { String::new() } else { format!(" to {last}") };
        write!(f, "looked up {first}{until}, sources in {}", self.sources)
    }
}

/// A file of this crate, whose tests read each of its members.
#[expect(clippy::expect_used, reason = "the file is part of the program, and a test reads it")]
fn own<T: for<'a> Deserialize<'a>>(text: &str) -> T {
    serde_json::from_str(text).expect("data of this crate is well-formed")
}

/// Prices of us-east-1.
pub static PRICES: LazyLock<Prices> = LazyLock::new(|| own(include_str!("../data/prices.json")));
/// Where prices are from.
pub static PRICES_ORIGIN: LazyLock<Origin> =
    LazyLock::new(|| Origin::of("docs/prices.md#sources", include_str!("../data/prices.json")));
/// Where quotas are from.
pub static QUOTAS_ORIGIN: LazyLock<Origin> =
    LazyLock::new(|| Origin::of("ops/plan/data/quotas.json", include_str!("../data/quotas.json")));
/// Quotas that an account begins with.
pub static QUOTAS: LazyLock<Quotas> = LazyLock::new(|| own(include_str!("../data/quotas.json")));
/// Measurements.
pub static MEASURED: LazyLock<Measurements> = LazyLock::new(|| own(include_str!("../data/measured.json")));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_price_is_that_of_the_page_and_every_price_of_the_page_is_here() {
        let page = include_str!("../../../docs/prices.md");
        let prices: BTreeMap<String, Price> = own(include_str!("../data/prices.json"));
        let mut rows = page.lines().filter(|line| line.starts_with("| ") && line.contains("](#sources) |"));
        for price in prices.values() {
            let begin = format!("| {} | {} | ", price.what, price.per);
            let row = page.lines().find(|line| line.starts_with(&begin));
            let row = row.unwrap_or_else(|| panic!("docs/prices.md has no row that begins {begin}"));
            let usd: f64 = row.trim_start_matches(&begin).split(" |").next().unwrap().parse().unwrap();
            assert!((usd - price.usd).abs() < 1e-12, "{}: {usd} there, {} here", price.what, price.usd);
        }
        assert!(rows.all(|row| prices.values().any(|price| row.starts_with(&format!("| {} |", price.what)))));
    }

    #[test]
    fn prices_and_quotas_have_the_days_on_which_they_were_looked_up() {
        let page = include_str!("../../../docs/prices.md");
        assert!(page.contains("looked up on 2026-11-28 and 29"));
        assert_eq!(PRICES_ORIGIN.read_on, ["2026-11-28", "2026-11-29"]);
        let quotas = "looked up 2026-11-29, sources in ops/plan/data/quotas.json";
        assert_eq!(QUOTAS_ORIGIN.to_string(), quotas);
    }

    #[test]
    fn measured_figures_are_those_of_the_pages_that_they_name() {
        let bench = include_str!("../../../functions/image-processor-lambda/thumbnail/bench/README.md");
        for curve in &MEASURED.thumbnail_cpu.sides {
            for (megapixels, milliseconds) in &curve.milliseconds {
                let row = format!("| {megapixels} | JPEG | {} | {milliseconds} |", curve.side);
                assert!(bench.contains(&row), "the bench has no row {row}");
            }
        }
        let batches = include_str!("../../../docs/decisions/processor-memory.md");
        for BatchRate { megapixels, rate, .. } in &MEASURED.batches.images_per_second {
            let row = batches.lines().find(|line| line.starts_with(&format!("| {megapixels} megapixels |")));
            assert!(row.unwrap().contains(&format!(" {rate:.1} ")), "{megapixels} MP: {rate}");
        }
        for Peak { picture, megapixels, peak_mb } in &MEASURED.thumbnail_memory.worst {
            let row =
                batches.lines().find(|line| line.starts_with(&format!("| {picture}, {megapixels} MP |")));
            assert!(row.unwrap().contains(&format!(" {peak_mb} |")), "{picture}: {peak_mb}");
        }
        let listing = include_str!("../../../docs/bucket-totals.md");
        assert!(listing.contains(&format!("| 16 | 1,023 | 3.75 | {} |", MEASURED.listing.speedup)));
        // As one line: where the page's lines break is nobody's promise.
        let listing = listing.replace('\n', " ");
        let most = MEASURED.assumed.listed_in_900_seconds.value;
        assert!((most - 1e7).abs() < 1e-9);
        assert!(listing.contains("`MetricsTimeoutSeconds` of 900, the most, ends at ten million objects"));
        let by_default = format!("the default of 60 at {:.0},000 or more", most * 60.0 / 900.0 / 1_000.0);
        assert!(listing.contains(&by_default), "the page does not say: {by_default}");
        let url =
            format!("issue_upload_url · generate-upload-url     {} ms", MEASURED.url_milliseconds.value);
        assert!(include_str!("../../../README.md").contains(&url));
    }

    #[test]
    fn no_picture_that_was_measured_took_more_memory_than_the_worst_of_its_size() {
        let page = include_str!("../../../docs/decisions/processor-memory.md");
        let mut rows = 0;
        for row in page.lines().filter(|line| line.contains(" MP | ")) {
            let cells: Vec<&str> = row.split(" | ").collect();
            let megapixels: f64 =
                cells[0].trim_end_matches(" MP").rsplit(' ').next().unwrap().parse().unwrap();
            for peak in cells[2].split(", ") {
                let worst = MEASURED.megapixels_within(peak.parse::<f64>().unwrap());
                assert!(worst.is_none_or(|least| least <= megapixels), "{row}");
            }
            rows += 1;
        }
        assert!(rows > 10);
    }

    #[test]
    fn cpu_lies_on_the_measured_points_and_between_them() {
        let cpu = |megapixels, sides: &[u32]| MEASURED.cpu_milliseconds(megapixels, sides);
        assert!((cpu(12.0, &[256]) - 16.0).abs() < 1e-9, "the smallest side that was measured");
        assert!((cpu(18.0, &[320]) - 23.0).abs() < 1e-9, "half-way between 16 and 30");
        assert!((cpu(12.0, &[256, 1024]) - 36.0).abs() < 1e-9, "the largest side decides");
        assert!((cpu(12.0, &[672]) - 26.0).abs() < 1e-9, "half-way between 320 and 1024");
        assert!((cpu(2.0, &[320]) - 4.5).abs() < 1e-9 && cpu(96.0, &[320]) > cpu(48.0, &[320]));
    }
}
