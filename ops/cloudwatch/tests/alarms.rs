//! The alarms of `alarms/` keep the promises that `alarms/tests/` makes for them, and the tests notice every
//! change that could break one.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of a test may panic and tell")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use cloudwatch_model::scenario::bench::Bench;
use cloudwatch_model::scenario::file::{self, Test};
use cloudwatch_model::scenario::mutation::{self, Equivalents};
use cloudwatch_model::template::Template;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../alarms")
}

fn json_files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    files
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}

fn bench() -> Bench {
    let template = |path: &PathBuf| {
        Template::parse(&format!("alarms/{}", name(path)), &fs::read_to_string(path).unwrap()).unwrap()
    };
    let parameters = fs::read_to_string(folder().join("tests/bench/parameters.json")).unwrap();
    let parameters: BTreeMap<String, serde_json::Value> = serde_json::from_str(&parameters).unwrap();
    let parameters = parameters.into_iter().map(|(name, value)| (name, value.as_str().unwrap().to_owned()));
    Bench::new(json_files(&folder()).iter().map(template).collect(), parameters.collect())
}

fn tests() -> Vec<Test> {
    let files = json_files(&folder().join("tests"));
    let read = |path: &PathBuf| {
        file::read(&format!("alarms/tests/{}", name(path)), &fs::read_to_string(path).unwrap()).unwrap()
    };
    files.iter().flat_map(read).collect()
}

#[test]
fn every_alarm_is_in_the_claimed_state_at_every_minute() {
    let bench = bench();
    let mut failed = 0;
    for test in tests() {
        if let Some(mismatch) = bench.run(&test).unwrap() {
            failed += 1;
            println!("{}: {}\n  {mismatch}", test.location, test.name);
        }
    }
    assert_eq!(failed, 0, "tests of alarms failed");
}

#[test]
fn every_alarm_has_a_test_of_its_own() {
    let (_, alarms) = bench().alarms().unwrap();
    let tests = tests();
    let watched: Vec<&str> =
        tests.iter().filter_map(|test| test.states.as_ref().map(|(alarm, _)| alarm.as_str())).collect();
    let untested: Vec<&str> =
        alarms.iter().map(|alarm| alarm.name.as_str()).filter(|name| !watched.contains(name)).collect();
    assert_eq!(untested, Vec::<&str>::new());
}

#[test]
fn the_tests_notice_every_change_of_an_alarm_that_changes_anything() {
    let equivalents = folder().join("tests/bench/equivalents.json");
    let equivalents =
        Equivalents::read("equivalents.json", &fs::read_to_string(equivalents).unwrap()).unwrap();
    let report = mutation::check(&bench(), &tests(), &equivalents).unwrap();
    println!(
        "{} alarms: {} mutants killed, {} listed as equivalent, {} refused by CloudWatch, {} survived",
        report.alarms,
        report.killed,
        report.equivalent,
        report.refused,
        report.survived.len(),
    );
    report.survived.iter().for_each(|(alarm, what)| println!("survived: {alarm}: {what}"));
    report.stale.iter().for_each(|(alarm, what)| println!("no equivalent: {alarm}: {what}"));
    assert!(report.is_clean());
}
