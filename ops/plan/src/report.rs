//! Report: all answers to one question, as text and JSON.

use std::fmt::Write as _;

use serde::Serialize;

use crate::bill::{Bill, bill};
use crate::break_even::{Alternative, BreakEven, alternatives, break_evens};
use crate::data::{Assumptions, MEASURED, Origin, PRICES_ORIGIN, QUOTAS_ORIGIN};
use crate::images::{ImageLimit, image_limits};
use crate::limits::{Limit, limits};
use crate::load::Load;
use crate::simulation::{Model, Outcome, Service, Spacing, run};
use crate::template::Settings;
use crate::work::Work;

/// The answers.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// What was asked.
    pub load: Load,
    /// What the template says.
    pub settings: Settings,
    /// What one upload takes.
    pub work: Work,
    /// What was simulated.
    pub simulation: Outcome,
    /// Which limit comes first.
    pub limits: Vec<Limit>,
    /// How large an image may be.
    pub image_limits: [ImageLimit; 2],
    /// Of `ProcessorTimeoutSeconds`, how much a full batch takes.
    pub timeout_share: f64,
    /// What a month costs.
    pub bill: Bill,
    /// Where something begins to cost more than something else.
    pub break_evens: Vec<BreakEven>,
    /// What other settings would bring.
    pub alternatives: Vec<Alternative>,
    /// On which machine the processor's time was measured.
    pub measured_on: &'static str,
    /// Where prices are from, and when they were looked up.
    pub prices: &'static Origin,
    /// The same of quotas.
    pub quotas: &'static Origin,
    /// What nobody measured.
    pub assumed: Assumptions,
}

/// Simulates a load under settings.
#[must_use]
pub fn simulated(settings: &Settings, load: &Load, work: &Work, assumed: &Assumptions) -> Outcome {
    run(&Model {
        rate: load.uploads_per_second,
        spacing: Spacing::Poisson,
        uploads: load.simulated,
        pickup_ms: vec![assumed.pickup_milliseconds.value],
        concurrency: settings.max_concurrency,
        batch_size: settings.batch_size,
        service: Service::Model(*work),
        faults: load.faults,
        max_receives: settings.max_receives,
        retry_base_seconds: settings.retry_base_seconds,
        seed: load.seed,
    })
}

impl Report {
    /// Answers a question.
    #[must_use]
    pub fn of(settings: Settings, load: Load, assumed: Assumptions) -> Self {
        let work = Work::of(&settings, &load, &assumed);
        let simulation = simulated(&settings, &load, &work, &assumed);
        Self {
            limits: limits(&settings, &load, &work, &assumed),
            image_limits: image_limits(&settings),
            timeout_share: work.batch_ms(settings.batch_size) / 1_000.0 / settings.timeout_seconds,
            bill: bill(&settings, &load, &simulation, &assumed),
            break_evens: break_evens(&settings, &load, &assumed),
            alternatives: alternatives(&settings, &load, &assumed),
            prices: &PRICES_ORIGIN,
            quotas: &QUOTAS_ORIGIN,
            measured_on: &MEASURED.thumbnail_cpu.machine,
            work,
            simulation,
            load,
            settings,
            assumed,
        }
    }

    /// Whether the first limit is above the load, its images are taken, and a full batch ends in time.
    #[must_use]
    pub fn is_within_limits(&self) -> bool {
        self.limits.first().is_none_or(|limit| limit.share <= 1.0)
            && self.refusing().next().is_none()
            && self.timeout_share <= 1.0
    }

    /// The limits that refuse the load's images.
    fn refusing(&self) -> impl Iterator<Item = &ImageLimit> {
        self.image_limits.iter().filter(|limit| limit.refuses(self.load.megapixels))
    }

    /// The tables for people.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        self.write(&mut text).ok();
        text.trim_end().to_owned()
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        self.write_limits(out)?;
        self.write_latency(out)?;
        self.write_bill(out)?;
        self.write_break_evens(out)?;
        self.write_alternatives(out)?;
        self.write_sources(out)
    }

    fn write_limits(&self, out: &mut String) -> std::fmt::Result {
        let Self { load, .. } = self;
        writeln!(
            out,
            "{} uploads a second of {} megapixels, {} a month; {} months stored; {} statuses an upload\n",
            load.uploads_per_second,
            load.megapixels,
            grouped(load.monthly()),
            load.months,
            load.statuses_per_upload
        )?;
        writeln!(out, "{:<40}{:>16}{:>10}  set by", "limit", "uploads a second", "share")?;
        for limit in &self.limits {
            let share = limit.share * 100.0;
            writeln!(
                out,
                "{:<40}{:>16}{share:>9.1}%  {}",
                limit.what,
                grouped(limit.uploads_per_second),
                limit.set_by
            )?;
        }
        if let Some(first) = self.limits.first() {
            writeln!(out, "first: {}; then {}", first.what, first.remedy)?;
        }
        writeln!(out)?;
        for limit in &self.image_limits {
            writeln!(out, "{}", limit.text())?;
        }
        for limit in self.refusing() {
            writeln!(out, "an image of {} megapixels is refused: {}", load.megapixels, limit.set_by)?;
        }
        Ok(())
    }

    fn write_latency(&self, out: &mut String) -> std::fmt::Result {
        let Self { load, settings, work, simulation, .. } = self;
        writeln!(
            out,
            "\nAn invocation of {} takes {:.0} ms, {:.1} % of ProcessorTimeoutSeconds, of 1 {:.0} ms; {} at once at most, {:.0} % busy, {:.1} messages each",
            settings.batch_size,
            work.batch_ms(settings.batch_size),
            self.timeout_share * 100.0,
            work.batch_ms(1),
            settings.max_concurrency,
            simulation.utilisation * 100.0,
            simulation.mean_batch
        )?;
        writeln!(
            out,
            "\n{:<34}{:>10}{:>10}{:>10}{:>10}",
            format!("ms, {} simulated uploads", load.simulated),
            "p50",
            "p90",
            "p99",
            "max"
        )?;
        for (name, times) in
            [("from upload to receipt", simulation.wait), ("from upload to DONE", simulation.whole)]
        {
            let times = [times.p50_ms, times.p90_ms, times.p99_ms, times.max_ms];
            writeln!(out, "{name:<34}{}", times.map(|time| format!("{time:>10.0}")).concat())?;
        }
        writeln!(out, "done {}, dead-lettered {}", simulation.done, simulation.dead)?;
        Ok(())
    }

    fn write_bill(&self, out: &mut String) -> std::fmt::Result {
        let Self { bill, .. } = self;
        writeln!(out, "\n{:<18}{:<56}{:>18}{:>14}", "service", "what", "amount", "USD a month")?;
        for line in &bill.lines {
            let amount = grouped(line.amount);
            writeln!(out, "{:<18}{:<56}{amount:>18}{:>14.2}", line.service, line.what, line.usd)?;
        }
        writeln!(
            out,
            "{:<18}{:<56}{:>18}{:>14.2}\n{:<18}{:<56}{:>18}{:>14.2}",
            "all", "", "", bill.usd, "", "for a million uploads", "", bill.usd_per_million
        )?;
        Ok(())
    }

    fn write_break_evens(&self, out: &mut String) -> std::fmt::Result {
        for it in &self.break_evens {
            match (it.at, it.never) {
                (Some(at), _) => writeln!(out, "at {} {}: {}", grouped(at), it.unit, it.what)?,
                (None, never) => {
                    writeln!(
                        out,
                        "at no number of {}: {} ({})",
                        it.unit,
                        it.what,
                        never.unwrap_or_default()
                    )?;
                }
            }
        }
        Ok(())
    }

    fn write_alternatives(&self, out: &mut String) -> std::fmt::Result {
        writeln!(
            out,
            "\n{:<20}{:<14}{:>14}{:>12}{:>10}{:>10}",
            "instead", "", "USD a month", "difference", "p50", "p99"
        )?;
        for it in &self.alternatives {
            writeln!(
                out,
                "{:<20}{:<14}{:>14.2}{:>+12.2}{:>10.0}{:>10.0}",
                it.setting, it.value, it.usd, it.difference, it.p50_ms, it.p99_ms
            )?;
        }
        Ok(())
    }

    fn write_sources(&self, out: &mut String) -> std::fmt::Result {
        writeln!(
            out,
            "\nCPU was measured on: {}. Prices: us-east-1, {}. Quotas: {}. Not measured on AWS, but assumed: calls of S3 {} ms, \
             DynamoDB {} ms, SNS {} ms, from upload to queue {} ms, a status {} ms without its read, {} bytes of logs an upload \
             and {} a status, {} series of metrics, {} objects listed in 900 s.",
            self.measured_on,
            self.prices,
            self.quotas,
            self.assumed.s3_milliseconds.value,
            self.assumed.dynamodb_milliseconds.value,
            self.assumed.sns_milliseconds.value,
            self.assumed.pickup_milliseconds.value,
            self.assumed.status_milliseconds.value,
            self.assumed.log_bytes.value,
            self.assumed.status_log_bytes.value,
            self.assumed.metric_series.value,
            grouped(self.assumed.listed_in_900_seconds.value)
        )
    }
}

/// A number with commas between thousands, and decimals where it is small.
#[must_use]
pub fn grouped(number: f64) -> String {
    if number.abs() < 100.0 {
        let text = format!("{number:.2}");
        return text.trim_end_matches('0').trim_end_matches('.').to_owned();
    }
    let digits = format!("{number:.0}");
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::tests::settings;

    #[test]
    fn the_report_says_what_was_assumed_and_which_limit_comes_first() {
        let load = Load { simulated: 1_000, months: 0.1, ..Load::default() };
        let report = Report::of(settings(&[]), load, MEASURED.assumed.clone());
        let text = report.text();
        assert!(text.contains("Not measured on AWS, but assumed: calls of S3 100 ms"), "{text}");
        assert!(text.contains("10,000,000 objects listed in 900 s"), "{text}");
        assert!(text.contains(&format!("first: {}", report.limits[0].what)));
        assert!(report.is_within_limits());
        assert!(text.contains(
            "Prices: us-east-1, looked up 2026-11-28 to 2026-11-29, sources in docs/prices.md#sources"
        ));
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(json["prices"]["read_on"], serde_json::json!(["2026-11-28", "2026-11-29"]));
        let quota =
            json["limits"].as_array().unwrap().iter().find(|limit| limit["set_by"] == "quota").unwrap();
        assert_eq!(quota["source"]["read_on"], "2026-11-29");
        assert!(json["bill"]["usd"].is_number() && json["assumed"]["s3_milliseconds"]["why"].is_string());
    }

    #[test]
    fn an_image_that_is_refused_and_a_batch_that_is_stopped_are_beyond_the_limits() {
        let report = |parameters: &[(&str, &str)], megapixels| {
            let load = Load { megapixels, months: 0.001, simulated: 500, ..Load::default() };
            Report::of(settings(parameters), load, MEASURED.assumed.clone())
        };
        let large = report(&[], 480.0);
        assert!(!large.is_within_limits());
        assert!(
            large.text().contains("an image of 480 megapixels is refused: MaxPixels"),
            "{}",
            large.text()
        );
        assert!(report(&[("MaxPixels", "480000000")], 480.0).is_within_limits());
        let usual = report(&[], 12.0);
        // A full batch of five takes 340 ms of 30 s.
        assert!(usual.is_within_limits() && (usual.timeout_share - 0.340 / 30.0).abs() < 1e-9);
        assert!(!report(&[("ProcessorTimeoutSeconds", "0.3")], 12.0).is_within_limits());
    }

    #[test]
    fn numbers_have_commas_between_thousands_and_decimals_only_where_small() {
        assert_eq!(
            [0.5, 1.0, 99.123, 999.6, 1_234_567.8].map(grouped),
            ["0.5", "1", "99.12", "1,000", "1,234,568"]
        );
    }
}
