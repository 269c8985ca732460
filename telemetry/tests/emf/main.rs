//! CloudWatch accepts every emitted line of EMF: by AWS's schema and by a reader that shares no code with
//! the writer.
#![expect(
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "helpers of tests; clippy only exempts #[test] functions"
)]

mod random;

use std::{
    collections::BTreeMap,
    time::{SystemTime, UNIX_EPOCH},
};

use boon::{Compiler, SchemaIndex, Schemas};
use cloudwatch_model::{Datapoint, Timestamp, emf};
use serde_json::{Value, json};
use telemetry::{Captured, Counter, Emf, Event, NAMESPACE, Telemetry};

/// No line may have more, so that it is one event on every path to CloudWatch.
const LINE_BYTES: usize = 256 * 1024;

/// Lines as AWS would read them.
struct Reader {
    schemas: Schemas,
    schema: SchemaIndex,
}

/// A metric as an alarm names it: its name and its dimensions beside the namespace.
type Id = (String, BTreeMap<String, String>);

impl Reader {
    fn new() -> Self {
        let mut schemas = Schemas::new();
        let mut compiler = Compiler::new();
        let schema = serde_json::from_str(include_str!("schema.json")).unwrap();
        compiler.add_resource("emf.json", schema).unwrap();
        let schema = compiler.compile("emf.json", &mut schemas).unwrap();
        Self { schemas, schema }
    }

    fn is_valid(&self, line: &Value) -> bool {
        self.schemas.validate(line, self.schema).is_ok()
    }

    /// Every emitted value, by metric, in ascending order.
    fn read(&self, emitted: &str) -> BTreeMap<Id, Vec<f64>> {
        let mut values: BTreeMap<Id, Vec<f64>> = BTreeMap::new();
        for line in emitted.lines() {
            assert!(line.len() <= LINE_BYTES, "{} bytes", line.len());
            let document: Value = serde_json::from_str(line).unwrap();
            if document.get("_aws").is_none() {
                continue;
            }
            let verdict = self.schemas.validate(&document, self.schema);
            verdict.unwrap_or_else(|error| unreachable!("{error:#}\n{document}"));
            for Datapoint { metric, values: distribution, .. } in emf::parse(line, now()).unwrap().unwrap() {
                assert_eq!(metric.namespace(), NAMESPACE);
                let set = metric.dimensions().iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
                let values = values.entry((metric.name().to_owned(), set.collect())).or_default();
                for (value, count) in distribution.iter() {
                    (0..count as u64).for_each(|_| values.push(value));
                }
            }
        }
        for values in values.values_mut() {
            values.sort_by(f64::total_cmp);
        }
        values
    }
}

fn now() -> Timestamp {
    let millis = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    Timestamp::from_millis(i64::try_from(millis).unwrap())
}

/// Emits what `measure` adds.
fn emit(measure: impl Fn(&mut Emf)) -> Captured {
    struct Emitted<F>(F);
    impl<F: Fn(&mut Emf)> Event for Emitted<F> {
        fn log(&self) {}
        fn measure(&self, emf: &mut Emf) {
            self.0(emf);
        }
    }
    let (telemetry, captured) = Telemetry::capture("svc");
    telemetry.scope(|| telemetry.emit(&Emitted(measure)));
    captured
}

#[test]
fn the_schema_refuses_what_the_specification_forbids() {
    let reader = Reader::new();
    let captured = emit(|emf| emf.count(Counter::ColdStarts, 1));
    let good = captured.metrics().remove(0);
    assert!(reader.is_valid(&good));
    let directive = "/_aws/CloudWatchMetrics/0";
    let metric = json!({ "Name": "x", "Unit": "Count" });
    for (pointer, bad) in [
        ("/_aws", json!({})),
        ("/_aws/Timestamp", json!("2026-01-01")),
        (&format!("{directive}/Namespace"), json!("")),
        (&format!("{directive}/Dimensions"), json!([])),
        (&format!("{directive}/Dimensions/0"), json!(["a", "a"])),
        (&format!("{directive}/Dimensions/0"), json!((0..31).map(|it| format!("d{it}")).collect::<Vec<_>>())),
        (&format!("{directive}/Metrics"), json!(vec![metric; 101])),
        (&format!("{directive}/Metrics/0/Name"), json!("")),
        (&format!("{directive}/Metrics/0/Unit"), json!("Furlongs")),
        (&format!("{directive}/Metrics/0/StorageResolution"), json!(5)),
        ("/ColdStarts", json!(vec![1; 101])),
    ] {
        let mut line = good.clone();
        match line.pointer_mut(pointer) {
            Some(place) => *place = bad,
            None => line["_aws"]["CloudWatchMetrics"][0]["Metrics"][0]["StorageResolution"] = bad,
        }
        assert!(!reader.is_valid(&line), "{pointer}");
    }
}

#[test]
fn a_service_whose_name_is_no_dimension_value_still_has_metrics() {
    for (service, dimension) in [("größe", "gr??e"), ("", "unknown")] {
        let (telemetry, captured) = Telemetry::capture(service);
        telemetry.scope(|| metrics::counter!("hits").increment(3));

        let read = Reader::new().read(&captured.text());

        let set = BTreeMap::from([("service".to_owned(), dimension.to_owned())]);
        assert_eq!(read, BTreeMap::from([(("hits".to_owned(), set), vec![3.0])]));
    }
}
