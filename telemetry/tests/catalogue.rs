//! Holds docs/metrics.md to the catalogue, from which it is generated.
#![expect(clippy::unwrap_used, reason = "helpers of tests; clippy only exempts #[test] functions")]

use std::{collections::BTreeSet, fs, iter, path::Path};

use telemetry::{Dimension, Metric, NAMESPACE};

const PAGE: &str = include_str!("../../docs/metrics.md");

fn page() -> String {
    let head = format!(
        "# Metrics\n\n\
         Namespace `{NAMESPACE}`. Every metric has the dimension `service`, the name of the crate that emits it; one\n\
         with a further dimension is published both ways, in total by `service` and by `service` with it. Totals of\n\
         the buckets, `BucketSizeBytes` and `NumberOfObjects` by `BucketName`, are in namespace `CustomS3` and emitted by\n\
         s3-metrics-lambda through PutMetricData.\n\n\
         Written from the enums of `telemetry/src/metrics/catalogue.rs`: `UPDATE=1 cargo test -p telemetry --test catalogue`.\n\n\
         | metric | unit | further dimension | emitted by | meaning |\n\
         |---|---|---|---|---|\n"
    );
    let row = |Metric { name, unit, dimension, source, help }: Metric| {
        let dimension = dimension.map_or(String::new(), |it| format!("`{}`", it.name()));
        let source = match source {
            Metric::EVERY_SERVICE => "every function",
            Metric::EVERY_CALLER => "every function that calls AWS",
            one => one,
        };
        format!("| `{name}` | {unit} | {dimension} | {source} | {help} |\n")
    };
    iter::once(head).chain(Metric::all().map(row)).collect()
}

#[test]
fn the_page_lists_the_enums() {
    #[expect(clippy::disallowed_methods, reason = "asks whether to write the page anew")]
    if std::env::var("UPDATE").is_ok() {
        fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/metrics.md"), page()).unwrap();
        return;
    }
    assert!(
        PAGE == page(),
        "docs/metrics.md differs from the catalogue; generate it with\n\
         UPDATE=1 cargo test -p telemetry --test catalogue"
    );
}

#[test]
fn no_two_metrics_share_a_name_and_every_dimension_is_used() {
    let names: BTreeSet<&str> = Metric::all().map(|metric| metric.name).collect();
    assert_eq!(names.len(), Metric::all().count());
    for dimension in Dimension::ALL {
        assert!(Metric::all().any(|metric| metric.dimension == Some(*dimension)), "{dimension:?}");
    }
}

/// Each crate's tests hold it to its own metrics (`Captured::catalogue_gaps`), by the name it has here.
#[test]
fn every_metric_comes_from_a_crate_that_is_tested_against_the_catalogue() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for source in Metric::all().map(|metric| metric.source).collect::<BTreeSet<_>>() {
        let (tests, claim) = match source {
            Metric::EVERY_SERVICE => {
                ("telemetry/src/run".into(), "catalogue_gaps(Metric::EVERY_SERVICE)".into())
            }
            Metric::EVERY_CALLER => {
                ("telemetry/aws-sdk/tests".into(), "catalogue_gaps(Metric::EVERY_CALLER)".into())
            }
            function => (format!("functions/{function}/tests"), format!("catalogue_gaps(\"{function}\")")),
        };
        assert!(
            texts_below(&root.join(&tests)).iter().any(|text| text.contains(&claim)),
            "{claim} in {tests}"
        );
    }
}

fn texts_below(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let below = folders.iter().flat_map(|folder| texts_below(folder));
    files.iter().filter_map(|file| fs::read_to_string(file).ok()).chain(below).collect()
}
