//! Every metric that is watched or drawn is emitted by somebody, and every metric that we emit is drawn.

use std::collections::{BTreeMap, BTreeSet};

use cloudwatch_model::alarm::{Kind, MetricStat};
use cloudwatch_model::id::{Dimensions, MetricId};
use serde_json::Value;

use super::assets::{alarms, files, text, widgets};

/// The services that `every function` stands for.
const FUNCTIONS: [&str; 4] =
    ["generate-upload-url", "image-processor-lambda", "image-status-lambda", "s3-metrics-lambda"];
/// The services that `every function that calls AWS` stands for; presigning is no call.
const CALLERS: [&str; 3] = ["image-processor-lambda", "image-status-lambda", "s3-metrics-lambda"];

/// A metric of our catalogue, as `docs/metrics.md` has it; a test of `telemetry` holds that page to the code.
struct Emitted {
    dimension: Option<String>,
    by: String,
}

fn emitted() -> BTreeMap<String, Emitted> {
    let page = text("docs/metrics.md");
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    let unquoted = |cell: &str| cell.trim().trim_matches('`').to_owned();
    let row = |line: &str| {
        let cells: Vec<String> = line.split('|').map(unquoted).collect();
        let dimension = Some(cells[3].clone()).filter(|dimension| !dimension.is_empty());
        (cells[1].clone(), Emitted { dimension, by: cells[4].clone() })
    };
    rows.map(row).collect()
}

/// The metrics that widgets draw, without those of expressions.
fn drawn() -> Vec<MetricId> {
    let metrics = widgets().into_iter().flat_map(|(_, properties)| {
        properties.get("metrics").and_then(Value::as_array).cloned().unwrap_or_default()
    });
    let words = |metric: Value| -> Vec<String> {
        metric.as_array().unwrap().iter().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let metrics = metrics.map(words).filter(|words| !words.is_empty());
    let id = |words: Vec<String>| {
        let pairs = words[2..].chunks(2).map(|pair| (pair[0].clone(), pair[1].clone()));
        MetricId::new(&words[0], &words[1], Dimensions::new(pairs).unwrap()).unwrap()
    };
    metrics.map(id).collect()
}

fn watched() -> Vec<MetricId> {
    let alarms = alarms();
    let metrics = alarms.iter().flat_map(|alarm| match &alarm.kind {
        Kind::Metric(metric) => metric.source.metrics().collect::<Vec<&MetricStat>>(),
        Kind::Composite(_) => Vec::new(),
    });
    metrics.map(|stat| stat.metric.clone()).collect()
}

fn source_of_functions() -> String {
    let folders = [
        "functions/contract/src",
        "functions/generate-upload-url/src",
        "functions/image-processor-lambda/src",
        "functions/image-processor-lambda/src/aws",
        "functions/image-status-lambda/src",
        "functions/s3-metrics-lambda/src",
        "functions/image-processor-lambda/thumbnail/src",
    ];
    folders.iter().flat_map(|folder| files(folder, "rs")).map(|file| text(&file)).collect()
}

/// Why nobody emits this metric; `None` if somebody does.
fn not_emitted(
    metric: &MetricId,
    ours: &BTreeMap<String, Emitted>,
    aws: &Value,
    source: &str,
) -> Option<&'static str> {
    let names: Vec<&str> = metric.dimensions().iter().map(|(name, _)| name).collect();
    let (namespace, name) = (metric.namespace(), metric.name());
    if namespace == "CustomS3" {
        let known = ["BucketSizeBytes", "NumberOfObjects"].contains(&name) && names == ["BucketName"];
        return (!known)
            .then_some("s3-metrics-lambda emits BucketSizeBytes and NumberOfObjects by BucketName");
    }
    if namespace != "ImagePipeline" {
        let sets = aws[namespace][name].as_array();
        let known = sets.is_some_and(|sets| sets.iter().any(|set| set.as_array().unwrap() == &names));
        return (!known).then_some("AWS's list has no such metric with these dimensions");
    }
    let Some(row) = ours.get(name) else { return Some("the catalogue has no such metric") };
    let service = metric.dimensions().get("service").unwrap_or_default();
    if !services(&row.by).contains(&service) {
        return Some("another service emits it");
    }
    let further: Vec<(&str, &str)> =
        metric.dimensions().iter().filter(|(name, _)| *name != "service").collect();
    match further.as_slice() {
        [] => None,
        [(name, value)] if row.dimension.as_deref() == Some(*name) => {
            (!source.contains(&evidence(name, value))).then_some("no code gives the dimension this value")
        }
        _ => Some("the catalogue gives it other dimensions"),
    }
}

/// The services behind the column `emitted by` of docs/metrics.md.
fn services(by: &str) -> Vec<&str> {
    match by {
        "every function" => FUNCTIONS.to_vec(),
        "every function that calls AWS" => CALLERS.to_vec(),
        one => vec![one],
    }
}

/// What the source holds that gives a dimension this value: `S3.GetObject` is the call of an operation that is
/// registered by its input, everything else a text.
fn evidence(dimension: &str, value: &str) -> String {
    match value.split_once('.') {
        Some((_, operation)) if dimension == "Operation" => format!("<{operation}Input, "),
        _ => format!("\"{value}\""),
    }
}

#[test]
fn every_metric_that_is_watched_or_drawn_is_emitted_by_somebody() {
    let (ours, source) = (emitted(), source_of_functions());
    let aws: Value = serde_json::from_str(&text("ops/cloudwatch/tests/catalogue/aws-metrics.json")).unwrap();
    let all: BTreeSet<MetricId> = watched().into_iter().chain(drawn()).collect();
    assert!(all.len() > 50, "the assets' shape changed, and this test sees nothing");
    let missing: Vec<String> = all
        .iter()
        .filter_map(|metric| not_emitted(metric, &ours, &aws, &source).map(|why| format!("{metric}: {why}")))
        .collect();
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn every_metric_that_we_emit_is_drawn_for_every_service_that_emits_it() {
    let drawn = drawn();
    let mut missing = Vec::new();
    for (name, row) in emitted() {
        for service in services(&row.by) {
            let is_drawn = drawn
                .iter()
                .any(|metric| metric.name() == name && metric.dimensions().get("service") == Some(service));
            if !is_drawn {
                missing.push(format!("{name} of {service}"));
            }
        }
    }
    for name in ["BucketSizeBytes", "NumberOfObjects"] {
        assert!(drawn.iter().any(|metric| metric.name() == name), "{name}");
    }
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn every_metric_that_is_watched_is_drawn() {
    let drawn = drawn();
    let hidden: Vec<String> =
        watched().iter().filter(|metric| !drawn.contains(metric)).map(ToString::to_string).collect();
    assert_eq!(hidden, Vec::<String>::new());
}
