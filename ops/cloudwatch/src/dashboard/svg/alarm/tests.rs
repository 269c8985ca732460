use roxmltree::{Document, Node};
use serde_json::Value;

use super::*;
use crate::alarm::{Comparison, MetricStat, MissingData, Source};
use crate::datapoint::{Datapoint, Distribution, Resolution, Unit};
use crate::id::{Dimensions, MetricId};
use crate::statistic::Statistic;
use crate::store::MetricStore;
use crate::time::Period;

const MINUTE_MILLIS: i64 = 60_000;
/// When it was evaluated last.
const STEP: Timestamp = Timestamp::from_millis(1_767_225_600_000);
/// Between two evaluations.
const NOW: Timestamp = STEP.plus_millis(MINUTE_MILLIS / 2);
const HOUR_MILLIS: i64 = 60 * MINUTE_MILLIS;

fn metric() -> MetricId {
    MetricId::new("N", "M", Dimensions::new([("d", "a")]).unwrap()).unwrap()
}

/// An alarm on two periods of a minute, so that four datapoints are fetched.
fn alarm(comparison: Comparison, threshold: f64) -> MetricAlarm {
    MetricAlarm {
        source: Source::Metric(MetricStat { metric: metric(), statistic: Statistic::Maximum, unit: None }),
        period: Period::MINUTE,
        evaluation_periods: 2,
        datapoints_to_alarm: 2,
        comparison,
        threshold,
        missing: MissingData::Missing,
        ignores_few_samples: false,
        warm_up: None,
    }
}

/// A drawing of an hour of values, one a minute, of which the last is that of the minute that was evaluated last.
struct Drawing(String);

impl Drawing {
    fn of(alarm: &MetricAlarm, values: &[Option<f64>]) -> Self {
        Self::spanning(HOUR_MILLIS, alarm, values)
    }

    fn spanning(span_millis: i64, alarm: &MetricAlarm, values: &[Option<f64>]) -> Self {
        let mut store = MetricStore::new();
        for (value, back) in values.iter().rev().zip(1..) {
            let Some(value) = value else { continue };
            store.put(Datapoint {
                metric: metric(),
                timestamp: STEP.plus_millis(-back * MINUTE_MILLIS),
                unit: Unit::None,
                values: Distribution::of_values(&[*value]).unwrap(),
                resolution: Resolution::Standard,
            });
        }
        Self(alarm.svg("value", &store, NOW, span_millis, Theme::Page).unwrap())
    }

    /// What is found in each element of this name.
    fn each<T>(&self, element: &str, find: impl Fn(&Node<'_, '_>) -> Option<T>) -> Vec<T> {
        let document = Document::parse(&self.0).unwrap();
        document
            .descendants()
            .filter(|node| node.has_tag_name(element))
            .filter_map(|node| find(&node))
            .collect()
    }

    /// Place and colour of each ring.
    fn rings(&self) -> Vec<(f64, f64, String)> {
        self.each("circle", |node| {
            let is_ring = node.attribute("fill") == Some("none");
            is_ring.then(|| {
                (number(node, "cx"), number(node, "cy"), node.attribute("stroke").unwrap().to_owned())
            })
        })
    }

    /// Right end and height of the threshold, the only dashed line.
    fn threshold(&self) -> (f64, f64) {
        let lines = self.each("line", |node| {
            node.attribute("stroke-dasharray").map(|_| (number(node, "x2"), number(node, "y1")))
        });
        assert_eq!(lines.len(), 1);
        lines[0]
    }

    /// When each period began, and the text of the value in it, as a script shows them.
    fn data(&self) -> (Vec<i64>, Vec<Value>) {
        let held = self.each("rect", |node| node.attribute("data-values").map(str::to_owned));
        let data: Value = serde_json::from_str(&held[0]).unwrap();
        let starts = data["starts"].as_array().unwrap().iter().filter_map(Value::as_i64).collect();
        (starts, data["lines"][0]["values"].as_array().unwrap().clone())
    }

    fn texts(&self) -> Vec<String> {
        self.each("text", |node| node.text().map(str::to_owned))
    }
}

fn number(node: &Node<'_, '_>, attribute: &str) -> f64 {
    node.attribute(attribute).unwrap().parse().unwrap()
}

#[test]
fn what_the_evaluation_fetched_has_a_ring_in_the_colour_of_what_it_counts_as() {
    let values = [Some(11.0), Some(1.0), Some(11.0), None, Some(1.0), Some(12.0)];
    let drawing = Drawing::of(&alarm(Comparison::Greater, 10.0), &values);
    let rings = drawing.rings();
    let colors: Vec<&str> = rings.iter().map(|(.., color)| color.as_str()).collect();
    assert_eq!(colors, ["var(--bad)", "var(--good)", "var(--bad)"]);
    let (right, threshold) = drawing.threshold();
    for (x, y, color) in &rings {
        assert_eq!(*y < threshold, color == "var(--bad)", "{x} {y} beside {threshold}");
    }
    assert!((rings[2].0 - right).abs() < 0.1, "the newest is at the right end: {rings:?}");
}

#[test]
fn a_value_at_the_threshold_breaches_only_where_the_comparison_says_so() {
    for (comparison, color) in [
        (Comparison::Greater, "var(--good)"),
        (Comparison::GreaterOrEqual, "var(--bad)"),
        (Comparison::Less, "var(--good)"),
        (Comparison::LessOrEqual, "var(--bad)"),
    ] {
        let rings = Drawing::of(&alarm(comparison, 10.0), &[Some(10.0)]).rings();
        assert_eq!(rings.len(), 1);
        assert_eq!(rings[0].2, color, "{}", comparison.as_str());
    }
}

#[test]
fn the_threshold_is_named_and_in_view_however_far_the_values_are_from_it() {
    for (comparison, threshold, value, text) in [
        (Comparison::Greater, 1_000.0, 1.0, "GreaterThanThreshold 1000"),
        (Comparison::Less, -5.0, -500.0, "LessThanThreshold -5"),
    ] {
        let drawing = Drawing::of(&alarm(comparison, threshold), &[Some(value)]);
        let ((_, line), (_, ring, _)) = (drawing.threshold(), &drawing.rings()[0]);
        assert!((0.0..HEIGHT_PX).contains(&line) && (0.0..HEIGHT_PX).contains(ring), "{line} {ring}");
        assert!(ring - line > HEIGHT_PX / 2.0, "{text}: the value is at {ring}, the threshold at {line}");
        assert!(drawing.texts().iter().any(|it| it == text), "{:?}", drawing.texts());
    }
}

#[test]
fn the_span_ends_with_the_last_evaluation_and_holds_at_least_what_that_fetched() {
    let alarm = alarm(Comparison::Greater, 10.0);
    for (span, expected) in [(HOUR_MILLIS, 60), (0, 4), (30 * 24 * HOUR_MILLIS, 1_500)] {
        let (starts, values) = Drawing::spanning(span, &alarm, &[Some(7.0)]).data();
        assert_eq!((starts.len(), values.len()), (expected, expected));
        assert_eq!(starts.last(), Some(&STEP.plus_millis(-MINUTE_MILLIS).as_millis()));
        assert_eq!(values.last(), Some(&"7".into()));
    }
}

#[test]
fn without_data_the_threshold_alone_is_drawn_and_it_says_so() {
    let drawing = Drawing::of(&alarm(Comparison::Greater, 10.0), &[]);
    assert!(drawing.rings().is_empty());
    drawing.threshold();
    assert!(drawing.texts().iter().any(|text| text == "No data available"), "{:?}", drawing.texts());
}
