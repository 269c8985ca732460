//! The figures of a mode, as a table or JSON.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    mode::Mode,
    pair::{Pair, Run},
};

/// What telemetry costs in one mode.
#[derive(Debug)]
pub(crate) struct Figures {
    mode: Mode,
    pairs: Vec<[Summary; 2]>,
    usual: Vec<Summary>,
    pub(crate) allocations: Option<Counts>,
    pub(crate) instructions: Option<Counts>,
}

/// What is counted of an invocation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counts {
    pub(crate) bare: u64,
    pub(crate) with: u64,
    pub(crate) usual: Option<u64>,
}

/// The quantiles of one process, in microseconds.
#[derive(Clone, Copy, Debug)]
struct Summary {
    caller_p50: f64,
    caller_p99: f64,
    gap_p50: f64,
    gap_p99: f64,
    start: f64,
}

/// A figure of a summary: its name, its target for the difference, and how to read it.
type Figure = (&'static str, fn(&Summary) -> f64);

const FIGURES: [Figure; 5] = [
    ("caller p50", |it| it.caller_p50),
    ("caller p99", |it| it.caller_p99),
    ("flush gap p50", |it| it.gap_p50),
    ("flush gap p99", |it| it.gap_p99),
    ("start", |it| it.start),
];

impl Figures {
    pub(crate) fn new(mode: Mode) -> Self {
        Self { mode, pairs: Vec::new(), usual: Vec::new(), allocations: None, instructions: None }
    }

    pub(crate) fn add(&mut self, pair: Pair) {
        self.pairs.push([Summary::of(pair.bare), Summary::of(pair.with)]);
        self.usual.extend(pair.usual.map(Summary::of));
    }

    /// The median with the usual telemetry, where that was run.
    fn usual(&self, read: fn(&Summary) -> f64) -> Option<f64> {
        (!self.usual.is_empty()).then(|| quantile(self.usual.iter().map(read).collect(), 0.5))
    }

    /// Medians over the pairs: bare, with telemetry, and of the paired differences.
    fn medians(&self, read: fn(&Summary) -> f64) -> [f64; 3] {
        let median_of = |value: fn(f64, f64) -> f64| {
            let values = self.pairs.iter().map(|[bare, with]| value(read(bare), read(with)));
            quantile(values.collect(), 0.5)
        };
        [median_of(|bare, _| bare), median_of(|_, with| with), median_of(|bare, with| with - bare)]
    }

    pub(crate) fn to_json(&self) -> Value {
        let mut figures = json!({ "mode": self.mode.name() });
        for (name, read) in FIGURES {
            let [bare, with, difference] = self.medians(read);
            let differences: Vec<f64> =
                self.pairs.iter().map(|[bare, with]| read(with) - read(bare)).collect();
            figures[name.replace(' ', "_") + "_us"] = json!({ "bare": bare, "with": with, "difference": difference, "differences": differences, "usual": self.usual(read) });
        }
        for (name, counts) in [("allocations", self.allocations), ("instructions", self.instructions)] {
            if let Some(Counts { bare, with, usual }) = counts {
                figures[name] = json!({ "bare": bare, "with": with, "usual": usual });
            }
        }
        figures
    }
}

impl Summary {
    fn of(run: Run) -> Self {
        let us = |durations: Vec<Duration>, share| {
            quantile(durations.iter().map(|it| it.as_secs_f64() * 1e6).collect(), share)
        };
        Self {
            caller_p50: us(run.latencies.clone(), 0.5),
            caller_p99: us(run.latencies, 0.99),
            gap_p50: us(run.gaps.clone(), 0.5),
            gap_p99: us(run.gaps, 0.99),
            start: us(run.starts, 0.5),
        }
    }
}

/// The value below which a `share` of `values` lies.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an index among some thousands of values"
)]
fn quantile(mut values: Vec<f64>, share: f64) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let last = values.len().saturating_sub(1);
    values.get((last as f64 * share).round() as usize).copied().unwrap_or(f64::NAN)
}

/// A table for people; times in microseconds. `share` is what telemetry adds of what the usual telemetry adds.
pub(crate) fn table(all: &[Figures]) -> String {
    let mut rows = vec!["mode     figure          bare      with  difference     usual  share".to_owned()];
    for figures in all {
        let mut row = |name: &str, bare: f64, with: f64, difference: f64, usual: Option<f64>| {
            let mode = figures.mode.name();
            let usual = usual.map(|usual| format!(" {usual:>9.1} {:>6.2}", difference / (usual - bare)));
            let usual = usual.unwrap_or_default();
            rows.push(format!("{mode:<8} {name:<13} {bare:>6.1} {with:>9.1} {difference:>+11.1}{usual}"));
        };
        for (name, read) in FIGURES {
            let [bare, with, difference] = figures.medians(read);
            row(name, bare, with, difference, figures.usual(read));
        }
        for (name, counts) in [("allocations", figures.allocations), ("instructions", figures.instructions)] {
            if let Some(Counts { bare, with, usual }) = counts {
                let [bare, with] = [bare, with].map(exact);
                row(name, bare, with, with - bare, usual.map(exact));
            }
        }
    }
    rows.join("\n")
}

#[expect(clippy::cast_precision_loss, reason = "counts of one invocation")]
fn exact(count: u64) -> f64 {
    count as f64
}
