//! Dashboards show the alarms, and draw their thresholds where they are.

use std::collections::BTreeSet;

use cloudwatch_model::alarm::{Kind, State};
use cloudwatch_model::dashboard::svg::{DataSources, Rows, Theme};
use cloudwatch_model::dashboard::{Content, Dashboard, Drawn};
use cloudwatch_model::{Datapoint, Distribution, MetricStore, Resolution, Timestamp, Unit};
use serde_json::Value;

use super::assets::{alarms, dashboards, ringing, widgets};

#[test]
fn the_alarm_widget_shows_every_alarm_that_rings_and_no_other() {
    let shown: BTreeSet<String> = widgets()
        .into_iter()
        .filter(|(kind, _)| kind == "alarm")
        .flat_map(|(_, properties)| properties["alarms"].as_array().unwrap().clone())
        .map(|arn| arn.as_str().unwrap().split(":alarm:").nth(1).unwrap().to_owned())
        .collect();
    let ringing: BTreeSet<String> = ringing().into_iter().map(|alarm| alarm.name).collect();
    assert_eq!(shown, ringing);
}

/// The lines that carry an alarm's name: annotations by their value.
fn lines(properties: &Value) -> Vec<(String, f64)> {
    let annotations = properties.pointer("/annotations/horizontal").and_then(Value::as_array);
    let line = |annotation: &Value| {
        (annotation["label"].as_str().unwrap().to_owned(), annotation["value"].as_f64().unwrap())
    };
    annotations.map(|annotations| annotations.iter().map(line).collect()).unwrap_or_default()
}

#[test]
fn a_line_named_like_an_alarm_lies_at_its_threshold() {
    let alarms = alarms();
    let mut seen = 0;
    for (name, value) in widgets().iter().flat_map(|(_, properties)| lines(properties)) {
        let alarm = alarms.iter().find(|alarm| alarm.name == name);
        let Some(Kind::Metric(metric)) = alarm.map(|alarm| &alarm.kind) else {
            panic!(
                "the line {name} is called like no alarm; draw what depends on a parameter as an expression"
            );
        };
        assert!(
            (metric.threshold - value).abs() < f64::EPSILON,
            "{name}: {value} is not {}",
            metric.threshold
        );
        seen += 1;
    }
    assert!(seen >= 8, "{seen} lines seen");
}

/// The dashboard that only a stack with `StatusApi` has: it leads to the others, and none to what may not be there.
const OPTIONAL: &str = "image-pipeline-status";

#[test]
fn dashboards_lead_to_each_other() {
    let dashboards = dashboards();
    for (name, body) in &dashboards {
        let text = body.to_string();
        for (other, _) in dashboards.iter().filter(|(other, _)| other != name && other != OPTIONAL) {
            let link = format!("#dashboards/dashboard/{other})");
            assert!(text.contains(&link), "{name} has no link to {other}");
        }
    }
}

/// Every metric that a dashboard draws, with something new in every minute of a day.
fn busy(dashboard: &Dashboard, now: Timestamp) -> MetricStore {
    let mut store = MetricStore::new();
    let lines = dashboard.widgets.iter().filter_map(|widget| match &widget.content {
        Content::Metrics(metrics) => Some(&metrics.lines),
        _ => None,
    });
    for (line, offset) in lines.flatten().zip(0_u32..) {
        let Drawn::Metric(stat) = &line.of else { continue };
        for minute in 0..1440_u32 {
            let value = f64::from((minute * 7 + offset * 13) % 50);
            store.put(Datapoint {
                metric: stat.metric.clone(),
                timestamp: now.plus_millis(-60_000 * i64::from(minute) - 1),
                unit: Unit::None,
                values: Distribution::of_values(&[value, value + 40.0]).unwrap(),
                resolution: Resolution::Standard,
            });
        }
    }
    store
}

#[test]
fn every_dashboard_is_drawn_and_no_graph_stays_empty_when_there_is_data() {
    let now = Timestamp::from_millis(1_767_225_600_000);
    for (name, body) in dashboards() {
        let dashboard = Dashboard::read(&name, &body).unwrap();
        let store = busy(&dashboard, now);
        for theme in [Theme::Light, Theme::Dark] {
            let sources = DataSources {
                store: &store,
                now,
                theme,
                state: &|_| Some(State::Ok),
                logs: &|_| Ok(Rows::default()),
            };
            let svg = dashboard.svg(&sources).unwrap();
            assert!(!svg.contains("No data available"), "{name}");
            assert!(roxmltree::Document::parse(&svg).is_ok(), "{name} is no XML");
        }
        let empty = MetricStore::new();
        let (state, logs) = (|_: &str| None, |_: &str| Ok(Rows::default()));
        let sources = DataSources { store: &empty, now, theme: Theme::Light, state: &state, logs: &logs };
        assert!(dashboard.svg(&sources).unwrap().contains("No data available"), "{name}");
    }
}
