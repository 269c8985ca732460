//! Random events and random uses of the `metrics` crate, the same in each run.

use std::{collections::BTreeMap, time::Duration};

use proptest::{
    collection::vec,
    prelude::{Just, Strategy, any, prop_oneof},
    sample::select,
    test_runner::{Config, RngSeed, TestRunner},
};
use telemetry::{Counter, Dimension, Emf, Event, Size, Telemetry, Timer};

use crate::{Id, Reader};

/// The greatest magnitude that CloudWatch keeps: 2 to the power of this.
const MAGNITUDE: i32 = 360;
/// Names that the recorder refuses.
const RESERVED: [&str; 6] = ["_aws", "service", "level", "Operation", "Stage", "ColdStarts"];
const DIMENSION_VALUES: [&str; 5] = ["decode", "größe", "", "a \"quoted\\ value\"", "   "];

/// One thing that an event may measure.
#[derive(Clone, Debug)]
enum Act {
    Property(String, String),
    Count(Counter, u64, usize),
    CountBy(Counter, u64, Dimension, &'static str),
    Time(Timer, Duration),
    TimeBy(Timer, Duration, Dimension, &'static str),
    Size(Size, u64),
    HighResolution,
}

fn act() -> impl Strategy<Value = Act> {
    let text = (any::<String>(), prop_oneof![Just(1_usize), 0_usize..3_000]);
    let text = text.prop_map(|(it, times)| it.repeat(times));
    let counter = || select(Counter::ALL);
    let timer = || select(Timer::ALL);
    let by = || (select(Dimension::ALL), select(&DIMENSION_VALUES[..]));
    let took = any::<Duration>;
    prop_oneof![
        (name(), text).prop_map(|(name, text)| Act::Property(name, text)),
        (counter(), any::<u64>(), 1_usize..230).prop_map(|(it, n, times)| Act::Count(it, n, times)),
        (counter(), any::<u64>(), by()).prop_map(|(it, n, (by, value))| Act::CountBy(it, n, by, value)),
        (timer(), took()).prop_map(|(it, took)| Act::Time(it, took)),
        (timer(), took(), by()).prop_map(|(it, took, (by, value))| Act::TimeBy(it, took, by, value)),
        (select(Size::ALL), any::<u64>()).prop_map(|(it, bytes)| Act::Size(it, bytes)),
        Just(Act::HighResolution),
    ]
}

/// Any text, and names that mean something in a line.
fn name() -> impl Strategy<Value = String> {
    let meaningful = RESERVED.into_iter().chain(["image_id"]).map(str::to_owned).collect::<Vec<_>>();
    prop_oneof![any::<String>(), select(meaningful)]
}

struct Acts<'a>(&'a [Act]);

impl Event for Acts<'_> {
    fn log(&self) {}

    fn measure(&self, emf: &mut Emf) {
        for act in self.0 {
            match act {
                Act::Property(name, text) => emf.property(name, text.as_str()),
                Act::Count(counter, n, times) => (0..*times).for_each(|_| emf.count(*counter, *n)),
                Act::CountBy(counter, n, by, value) => emf.count_by(*counter, *n, *by, value),
                Act::Time(timer, took) => emf.time(*timer, *took),
                Act::TimeBy(timer, took, by, value) => emf.time_by(*timer, *took, *by, value),
                Act::Size(size, bytes) => emf.size(*size, *bytes),
                Act::HighResolution => emf.high_resolution(),
            }
        }
    }
}

/// What CloudWatch must have in the end, by metric and in ascending order.
fn expected(acts: &[Act]) -> BTreeMap<Id, Vec<f64>> {
    let mut values: BTreeMap<Id, Vec<f64>> = BTreeMap::new();
    let mut add = |name: &str, by: Option<(Dimension, &str)>, value: f64| {
        let service = || ("service".to_owned(), "svc".to_owned());
        values.entry((name.to_owned(), [service()].into())).or_default().push(value);
        if let Some((dimension, text)) = by {
            let set = [service(), (dimension.name().to_owned(), taken(text))];
            values.entry((name.to_owned(), set.into())).or_default().push(value);
        }
    };
    let millis = |took: &Duration| took.as_secs_f64() * 1e3;
    for act in acts {
        match act {
            Act::Count(counter, n, times) => {
                (0..*times).for_each(|_| add(counter.name(), None, *n as f64));
            }
            Act::CountBy(counter, n, by, value) => add(counter.name(), Some((*by, value)), *n as f64),
            Act::Time(timer, took) => add(timer.name(), None, millis(took)),
            Act::TimeBy(timer, took, by, value) => add(timer.name(), Some((*by, value)), millis(took)),
            Act::Size(size, bytes) => add(size.name(), None, *bytes as f64),
            Act::Property(..) | Act::HighResolution => {}
        }
    }
    for values in values.values_mut() {
        values.sort_by(f64::total_cmp);
    }
    values
}

/// A dimension's value as it is emitted: printable ASCII and not blank.
fn taken(text: &str) -> String {
    let clean: String = text.chars().map(|it| if (' '..='~').contains(&it) { it } else { '?' }).collect();
    if clean.trim().is_empty() { "unknown".to_owned() } else { clean }
}

fn check<T: std::fmt::Debug>(inputs: impl Strategy<Value = T>, verdict: impl Fn(&Reader, &T)) {
    let seed = RngSeed::Fixed(7);
    let config = Config { cases: 100, rng_seed: seed, failure_persistence: None, ..Config::default() };
    let reader = Reader::new();
    let result = TestRunner::new(config).run(&inputs, |input| {
        verdict(&reader, &input);
        Ok(())
    });
    result.unwrap();
}

/// `serde_json` reads a number to within two units in the last place.
fn assert_same(read: &[f64], expected: &[f64]) {
    let alike = |(a, b): (&f64, &f64)| (a - b).abs() <= a.abs() * 4.0 * f64::EPSILON + f64::MIN_POSITIVE;
    assert_eq!(read.len(), expected.len());
    assert!(read.iter().zip(expected).all(alike), "{read:?} {expected:?}");
}

#[test]
fn every_event_becomes_valid_lines_that_hold_each_of_its_values() {
    check(vec(act(), 0..60), |reader, acts| {
        let (telemetry, captured) = Telemetry::capture("svc");

        telemetry.scope(|| telemetry.emit(&Acts(acts)));

        let (read, expected) = (reader.read(&captured.text()), expected(acts));
        assert_eq!(read.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
        for (id, values) in &read {
            assert_same(values, &expected[id]);
        }
    });
}

/// Uses of one histogram: its name, labels, a value, and how often.
type Use = (String, Vec<(String, String)>, f64, usize);

#[test]
fn every_use_of_the_recorder_is_emitted_in_valid_lines_or_counted_as_lost() {
    let value = prop_oneof![any::<f64>(), Just(f64::NAN), Just(2_f64.powi(MAGNITUDE)), -1e6..1e6];
    let uses = (name(), vec((name(), any::<String>()), 0..3), value, 1_usize..230);
    check(vec(uses, 0..40), |reader, uses: &Vec<Use>| {
        let (telemetry, captured) = Telemetry::capture("svc");

        telemetry.scope(|| {
            for (name, labels, value, times) in uses {
                metrics::histogram!(name.clone(), labels).record_many(*value, *times);
            }
        });

        let lost = |(name, _, value, _): &&Use| {
            RESERVED.contains(&name.as_str()) || value.is_nan() || value.abs() > 2_f64.powi(MAGNITUDE)
        };
        let all = |uses: Vec<&Use>| {
            // -0.0 and 0.0 are one value to CloudWatch.
            let values = uses.iter().flat_map(|(_, _, value, times)| vec![value + 0.0; *times]);
            let mut values: Vec<f64> = values.collect();
            values.sort_by(f64::total_cmp);
            values
        };
        let (lost, emitted): (Vec<&Use>, Vec<&Use>) = uses.iter().partition(lost);
        let read = reader.read(&captured.text());
        let totals = read.into_iter().filter(|((_, set), _)| set.len() == 1);
        let mut read: Vec<f64> = totals.flat_map(|(_, values)| values).collect();
        read.sort_by(f64::total_cmp);
        assert_same(&read, &all(emitted));
        assert!(captured.dropped() >= all(lost).len() as u64);
    });
}
