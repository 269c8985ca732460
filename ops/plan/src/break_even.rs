//! Break-evens: the same load under other settings, and where each pays.

use serde::Serialize;

use crate::bill::{Bill, LISTINGS, bill, most_pages};
use crate::data::{Assumptions, PAGE, PRICES};
use crate::load::{Load, MONTH_SECONDS};
use crate::report::{grouped, simulated};
use crate::template::Settings;
use crate::work::Work;

/// Minutes of a month.
const MONTH_MINUTES: f64 = MONTH_SECONDS / 60.0;
/// Between these a rate is looked for.
const LEAST_RATE: f64 = 1e-6;
const MOST_RATE: f64 = 1e3;
/// Uploads that each trial of a rate simulates.
const SIMULATED: usize = 1_000;
/// Below this no image is looked for.
const LEAST_MEGAPIXELS: f64 = 0.01;
/// How much sooner is worth the name.
const SOONER: f64 = 0.25;
/// Of the distance between two bounds, until it is as fine as a number is.
const HALVINGS: u32 = 48;

/// Another setting.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Alternative {
    /// Which.
    pub setting: &'static str,
    /// What it would be.
    pub value: String,
    /// What a month then costs.
    pub usd: f64,
    /// Less what it costs now.
    pub difference: f64,
    /// Half of the uploads are done within this.
    pub p50_ms: f64,
    /// 99 of 100.
    pub p99_ms: f64,
}

/// Where two costs, or two times, are the same.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BreakEven {
    /// Which two.
    pub what: String,
    /// Where; nothing, if nowhere.
    pub at: Option<f64>,
    /// Of what.
    pub unit: &'static str,
    /// Why nowhere.
    pub never: Option<&'static str>,
}

impl BreakEven {
    fn new(what: impl Into<String>, at: Option<f64>, unit: &'static str, never: &'static str) -> Self {
        Self { what: what.into(), at, unit, never: at.is_none().then_some(never) }
    }
}

/// The load under other memory, schedules, samplings and retentions.
#[must_use]
pub fn alternatives(settings: &Settings, load: &Load, assumed: &Assumptions) -> Vec<Alternative> {
    let run = |settings: &Settings| {
        let work = Work::of(settings, load, assumed);
        let outcome = simulated(settings, load, &work, assumed);
        (bill(settings, load, &outcome, assumed).usd, outcome.whole)
    };
    let (now, _) = run(settings);
    let memory = [512.0, 1024.0, 1769.0, 3538.0].map(|memory_mb| {
        ("ProcessorMemoryMb", format!("{memory_mb}"), Settings { memory_mb, ..settings.clone() })
    });
    let schedule = [1.0, 5.0, 60.0].map(|schedule_minutes| {
        (
            "MetricsSchedule",
            format!("every {schedule_minutes} min"),
            Settings { schedule_minutes, ..settings.clone() },
        )
    });
    let sampled = [1.0, 0.1, 0.01, 0.0]
        .map(|sampled| ("TracesSamplerArg", format!("{sampled}"), Settings { sampled, ..settings.clone() }));
    let log_days = [7.0, 30.0, 365.0].map(|log_days| {
        ("LogRetentionDays", format!("{log_days}"), Settings { log_days, ..settings.clone() })
    });
    memory
        .into_iter()
        .chain(schedule)
        .chain(sampled)
        .chain(log_days)
        .map(|(setting, value, other)| {
            let (usd, whole) = run(&other);
            Alternative {
                setting,
                value,
                usd,
                difference: usd - now,
                p50_ms: whole.p50_ms,
                p99_ms: whole.p99_ms,
            }
        })
        .collect()
}

/// All crossing points of a load.
#[must_use]
pub fn break_evens(settings: &Settings, load: &Load, assumed: &Assumptions) -> Vec<BreakEven> {
    let work = Work::of(settings, load, assumed);
    let outcome = simulated(settings, load, &work, assumed);
    let bill = bill(settings, load, &outcome, assumed);
    let question = Question { settings, load, assumed, bill: &bill };
    [question.of_rates(), question.of_listings(), question.of_memory(), question.of_telemetry()].concat()
}

/// A load with its bill.
struct Question<'a> {
    settings: &'a Settings,
    load: &'a Load,
    assumed: &'a Assumptions,
    bill: &'a Bill,
}

impl Question<'_> {
    /// Uploads a second from which on what grows with them costs more than what does not.
    fn of_rates(&self) -> Vec<BreakEven> {
        let fixed = self.bill.of_service("CloudWatch");
        let rate = |service: &str| {
            let usd = self.bill.of_service(service);
            (usd > 0.0).then(|| fixed / usd * self.load.uploads_per_second)
        };
        let unit = "uploads a second";
        vec![
            BreakEven::new(
                "everything else costs as much as metrics, alarms and dashboards",
                self.rate_of_all(),
                unit,
                "it costs more however few there are",
            ),
            BreakEven::new(
                "traces cost as much as metrics, alarms and dashboards",
                rate("X-Ray"),
                unit,
                "nothing is traced",
            ),
            BreakEven::new(
                "logs cost as much as metrics, alarms and dashboards",
                rate("CloudWatch Logs"),
                unit,
                "nothing is logged",
            ),
        ]
    }

    /// By trial: polls of an idle queue and listings do not grow as uploads do.
    fn rate_of_all(&self) -> Option<f64> {
        let simulated_few = self.load.simulated.min(SIMULATED);
        crossing(LEAST_RATE.ln(), MOST_RATE.ln(), |rate| {
            let uploads_per_second = rate.exp();
            let load = Load { uploads_per_second, simulated: simulated_few, ..self.load.clone() };
            let work = Work::of(self.settings, &load, self.assumed);
            let outcome = simulated(self.settings, &load, &work, self.assumed);
            let bill = bill(self.settings, &load, &outcome, self.assumed);
            bill.usd - 2.0 * bill.of_service("CloudWatch")
        })
        .map(f64::exp)
    }

    /// Objects, and minutes, at which the measurements of the buckets are dear.
    fn of_listings(&self) -> Vec<BreakEven> {
        let settings = self.settings;
        let page_usd = MONTH_MINUTES / settings.schedule_minutes * PRICES.s3_tier1.each();
        let most = most_pages(settings, self.assumed);
        let objects =
            |usd: f64| Some(usd / page_usd).filter(|pages| *pages <= most).map(|pages| pages * PAGE);
        let every =
            format!("listing both buckets every {} minutes costs", grouped(settings.schedule_minutes));
        let ends = "MetricsTimeoutSeconds ends a listing before";
        let listings = self.bill.of_line(LISTINGS);
        let lines = self.bill.lines.iter();
        let requests = lines.filter(|line| line.service == "S3" && !line.what.contains("storage"));
        let others = requests.map(|line| line.usd).sum::<f64>() - listings;
        vec![
            BreakEven::new(format!("{every} a dollar a month"), objects(1.0), "objects", ends),
            BreakEven::new(
                format!("{every} as much as metrics, alarms and dashboards"),
                objects(self.bill.of_service("CloudWatch")),
                "objects",
                ends,
            ),
            BreakEven::new(
                "listing costs as much as all other requests of S3",
                (listings > 0.0 && others > 0.0).then(|| settings.schedule_minutes * listings / others),
                "minutes from one listing to the next",
                "there is nothing to list",
            ),
        ]
    }

    /// Megapixels from which on more memory pays.
    fn of_memory(&self) -> Vec<BreakEven> {
        let Some(memory_mb) = self.settings.next_memory_mb() else { return Vec::new() };
        let larger = Settings { memory_mb, ..self.settings.clone() };
        let most = self.settings.max_pixels / 1e6;
        let cost =
            |settings: &Settings, megapixels| self.full_batch_ms(settings, megapixels) * settings.memory_mb;
        let cheaper = crossing(LEAST_MEGAPIXELS, most, |megapixels| {
            cost(self.settings, megapixels) - cost(&larger, megapixels)
        });
        let sooner = crossing(LEAST_MEGAPIXELS, most, |megapixels| {
            let now = self.full_batch_ms(self.settings, megapixels);
            now * (1.0 - SOONER) - self.full_batch_ms(&larger, megapixels)
        });
        vec![
            BreakEven::new(
                format!("full batches cost as much with {memory_mb} MB as with {}", self.settings.memory_mb),
                cheaper,
                "megapixels",
                "an image is one thread's work, and waits for S3 are paid by the memory",
            ),
            BreakEven::new(
                format!(
                    "a full batch ends a quarter sooner with {memory_mb} MB than with {}",
                    self.settings.memory_mb
                ),
                sooner,
                "megapixels",
                "up to MaxPixels it waits for S3 more than for its turns",
            ),
        ]
    }

    fn full_batch_ms(&self, settings: &Settings, megapixels: f64) -> f64 {
        let load = Load { megapixels, ..self.load.clone() };
        Work::of(settings, &load, self.assumed).batch_ms(settings.batch_size)
    }

    /// The share of traces, and the days of logs.
    fn of_telemetry(&self) -> Vec<BreakEven> {
        let traces = self.load.monthly() * (1.0 + self.load.statuses_per_upload) * PRICES.trace.each();
        let share = self.bill.of_service("CloudWatch Logs") / traces;
        let months = PRICES.log_ingestion.each() / PRICES.log_storage.each();
        vec![
            BreakEven::new(
                "traces cost as much as logs",
                Some(share).filter(|share| *share <= 1.0),
                "of all uploads traced",
                "all traces cost less",
            ),
            BreakEven::new(
                "keeping logs costs as much as writing them, once they are that old",
                Some(months * 30.0),
                "days of LogRetentionDays",
                "",
            ),
        ]
    }
}

/// Where `difference` leaves what is below nothing, between two bounds; none where it does not.
fn crossing(low: f64, high: f64, difference: impl Fn(f64) -> f64) -> Option<f64> {
    if difference(low) > 0.0 || difference(high) < 0.0 {
        return None;
    }
    let halved = |(low, high): (f64, f64), _| {
        let middle = f64::midpoint(low, high);
        if difference(middle) < 0.0 { (middle, high) } else { (low, middle) }
    };
    Some((0..HALVINGS).fold((low, high), halved).1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::MEASURED;
    use crate::template::tests::settings;

    fn load() -> Load {
        Load { simulated: 2_000, ..Load::default() }
    }

    /// Where the crossing is whose description begins so.
    fn at(found: &[BreakEven], what: &str) -> f64 {
        found.iter().find(|it| it.what.starts_with(what)).unwrap().at.unwrap()
    }

    fn billed(settings: &Settings, load: &Load) -> Bill {
        let assumed = &MEASURED.assumed;
        let work = Work::of(settings, load, assumed);
        bill(settings, load, &simulated(settings, load, &work, assumed), assumed)
    }

    #[track_caller]
    fn same(one: f64, other: f64, within: f64) {
        assert!((one / other - 1.0).abs() < within, "{one} and {other}");
    }

    #[test]
    fn at_its_rate_each_of_them_costs_as_much_as_metrics_alarms_and_dashboards() {
        let settings = settings(&[]);
        let found = break_evens(&settings, &load(), &MEASURED.assumed);
        let at_rate = |what: &str| {
            billed(&settings, &Load { uploads_per_second: at(&found, what), simulated: 1_000, ..load() })
        };
        // 60 series, 46 metrics of alarms, two composite ones and three dashboards are 32.60 dollars.
        same(at_rate("traces cost as much as metrics").of_service("X-Ray"), 32.60, 1e-9);
        same(at_rate("logs cost as much as metrics").of_service("CloudWatch Logs"), 32.60, 1e-9);
        // Listings are paid by whole pages, here by two of 4.6 cents that come together.
        same(at_rate("everything else").usd, 2.0 * 32.60, 2e-3);
    }

    #[test]
    fn at_its_number_of_objects_a_listing_costs_what_it_is_held_against() {
        for parameters in [
            &[("MetricsTimeoutSeconds", "900")][..],
            &[("MetricsSchedule", "rate(1 hour)"), ("MetricsTimeoutSeconds", "900")],
        ] {
            let settings = settings(parameters);
            let found = break_evens(&settings, &load(), &MEASURED.assumed);
            let page_usd = 43_200.0 / settings.schedule_minutes * 0.005 / 1e3;
            let every = found.iter().filter(|it| it.unit == "objects");
            for (crossing, usd) in every.zip([1.00, 32.60]) {
                // As many originals as thumbnails; the last page of either bucket is paid whole.
                let months = crossing.at.unwrap() / 2.0 / load().monthly();
                let listings = billed(&settings, &Load { months, ..load() }).of_line(LISTINGS);
                assert!((0.0..2.0 * page_usd).contains(&(listings - usd)), "{crossing:?}: {listings}");
            }
        }
    }

    #[test]
    fn a_listing_that_its_time_ends_never_gets_there() {
        let short = settings(&[("MetricsTimeoutSeconds", "10"), ("MetricsSchedule", "rate(1 hour)")]);
        let found = break_evens(&short, &load(), &MEASURED.assumed);
        // 111 pages, 720 times: 40 cents at the most.
        let dear = found
            .iter()
            .find(|it| it.what.ends_with("minutes costs as much as metrics, alarms and dashboards"));
        assert_eq!(dear.unwrap().at, None);
        assert_eq!(dear.unwrap().never, Some("MetricsTimeoutSeconds ends a listing before"));
    }

    #[test]
    fn at_its_schedule_listing_costs_as_much_as_all_other_requests_of_s3() {
        let load = Load { months: 4.5, ..load() };
        let settings = settings(&[]);
        let found = break_evens(&settings, &load, &MEASURED.assumed);
        let schedule_minutes = at(&found, "listing costs as much as all other");
        let bill = billed(&Settings { schedule_minutes, ..settings }, &load);
        let requests: f64 = bill
            .lines
            .iter()
            .filter(|line| line.service == "S3" && !line.what.contains("storage"))
            .map(|line| line.usd)
            .sum();
        same(2.0 * bill.of_line(LISTINGS), requests, 1e-9);
    }

    #[test]
    fn more_memory_never_costs_less_and_ends_large_images_a_quarter_sooner() {
        // At 1,024 pixels, where turns are long enough below MaxPixels.
        let settings = settings(&[("ThumbnailSides", "1024")]);
        let assumed = &MEASURED.assumed;
        let found = break_evens(&settings, &load(), assumed);
        let cheaper =
            found.iter().find(|it| it.what.starts_with("full batches cost as much with 3538 MB")).unwrap();
        assert_eq!((cheaper.at, cheaper.never.is_some()), (None, true));
        let load = Load { megapixels: at(&found, "a full batch ends a quarter sooner"), ..load() };
        let larger = Settings { memory_mb: 3538.0, ..settings.clone() };
        let ms = |settings: &Settings| Work::of(settings, &load, assumed).batch_ms(settings.batch_size);
        same(ms(&larger), 0.75 * ms(&settings), 1e-9);
    }

    #[test]
    fn at_its_share_traces_cost_as_much_as_logs_and_at_its_days_keeping_logs_as_much_as_writing_them() {
        let load = Load { statuses_per_upload: 2.0, months: 24.0, ..load() };
        let settings = settings(&[("StatusApi", "enabled")]);
        let found = break_evens(&settings, &load, &MEASURED.assumed);
        let sampled = at(&found, "traces cost as much as logs");
        let bill = billed(&Settings { sampled, ..settings.clone() }, &load);
        same(bill.of_service("X-Ray"), bill.of_service("CloudWatch Logs"), 1e-9);
        let log_days = at(&found, "keeping logs");
        let bill = billed(&Settings { log_days, ..settings }, &load);
        same(bill.of_line("CloudWatch Logs: storage"), bill.of_line("CloudWatch Logs: ingestion"), 1e-9);
    }

    #[test]
    fn a_crossing_is_found_where_the_sign_changes_and_nowhere_else() {
        assert!((crossing(0.0, 10.0, |x| x * x - 2.0).unwrap() - 2.0_f64.sqrt()).abs() < 1e-9);
        assert_eq!((crossing(0.0, 1.0, |x| x - 2.0), crossing(3.0, 9.0, |x| x - 2.0)), (None, None));
    }

    #[test]
    fn less_memory_is_slower_and_hardly_cheaper_and_less_sampling_is_cheaper_by_its_share() {
        let load = Load { uploads_per_second: 5.0, simulated: 5_000, ..Load::default() };
        let all = alternatives(&settings(&[]), &load, &MEASURED.assumed);
        let of = |setting: &str, value: &str| {
            all.iter().find(|it| it.setting == setting && it.value == value).unwrap().clone()
        };
        assert!(of("ProcessorMemoryMb", "512").p50_ms > of("ProcessorMemoryMb", "1769").p50_ms);
        assert!(of("ProcessorMemoryMb", "1769").difference.abs() < 1e-9, "what is set changes nothing");
        let saved = of("TracesSamplerArg", "0.1").difference;
        assert!((saved + 0.9 * load.monthly() * 5.00 / 1e6).abs() < 1e-6, "{saved}");
        assert!(of("MetricsSchedule", "every 1 min").difference > 0.0);
    }
}
