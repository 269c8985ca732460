//! Break-evens: the same load under other settings, and where each pays.

use serde::Serialize;

use crate::bill::bill;
use crate::data::Assumptions;
use crate::load::Load;
use crate::report::simulated;
use crate::template::Settings;
use crate::work::Work;

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

/// Where a fixed price and one by upload are the same.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BreakEven {
    /// Which two.
    pub what: &'static str,
    /// Uploads a second.
    pub uploads_per_second: f64,
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

/// From which rate on what grows with uploads costs more than what does not.
#[must_use]
pub fn break_evens(settings: &Settings, load: &Load, assumed: &Assumptions) -> Vec<BreakEven> {
    let work = Work::of(settings, load, assumed);
    let bill = bill(settings, load, &simulated(settings, load, &work, assumed), assumed);
    let fixed = bill.of_service("CloudWatch");
    let rate = |monthly: f64, fixed: f64| fixed / (monthly / load.uploads_per_second);
    let of = |service: &str| bill.of_service(service);
    let variable = bill.usd - fixed;
    [
        ("all that grows with uploads costs more than metrics, alarms and dashboards", rate(variable, fixed)),
        ("traces cost more than metrics, alarms and dashboards", rate(of("X-Ray"), fixed)),
        ("logs cost more than metrics, alarms and dashboards", rate(of("CloudWatch Logs"), fixed)),
    ]
    .into_iter()
    .filter(|(_, uploads_per_second)| uploads_per_second.is_finite())
    .map(|(what, uploads_per_second)| BreakEven { what, uploads_per_second })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::MEASURED;
    use crate::template::tests::settings;

    #[test]
    fn at_the_break_even_both_cost_the_same() {
        let (settings, assumed) = (settings(&[]), &MEASURED.assumed);
        let load = Load { simulated: 2_000, ..Load::default() };
        let found = break_evens(&settings, &load, assumed);
        let traces = found.iter().find(|it| it.what.starts_with("traces")).unwrap();
        let monthly = traces.uploads_per_second * crate::load::MONTH_SECONDS;
        // 60 series, 46 metrics of alarms, two composite ones and three dashboards are 32.60 dollars.
        assert!((monthly * 5.00 / 1e6 - 32.60).abs() < 1e-6, "{monthly}");
        assert_eq!(found.len(), 3);
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
