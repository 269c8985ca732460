//! The alarms of `alarms/` keep the promises that `alarms/tests/` makes for them, and the tests notice every
//! change that could break one. `ops alarms test` runs the same.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of a test may panic and print")]

use std::fs;
use std::path::{Path, PathBuf};

use cloudwatch_model::scenario::suite::{NamedText, Suite};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../alarms")
}

fn text(path: &str) -> NamedText {
    (format!("alarms/{path}"), fs::read_to_string(folder().join(path)).unwrap())
}

/// The JSON files of a folder, those in folders below left out.
fn texts(below: &str) -> Vec<NamedText> {
    let entries = fs::read_dir(folder().join(below)).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> = entries.map(|name| format!("{below}{}", name.to_str().unwrap())).collect();
    names.retain(|name| Path::new(name).extension().is_some_and(|extension| extension == "json"));
    names.sort();
    names.iter().map(|name| text(name)).collect()
}

fn suite() -> Suite {
    let (parameters, equivalents) =
        (text("tests/bench/parameters.json"), text("tests/bench/equivalents.json"));
    Suite::read(&texts(""), &parameters, &texts("tests/"), &equivalents).unwrap()
}

#[test]
fn every_alarm_is_in_the_claimed_state_at_every_minute() {
    let suite = suite();
    let mut failed = 0;
    for test in suite.tests() {
        if let Some(mismatch) = suite.run(test).unwrap() {
            failed += 1;
            println!("{}: {}\n  {mismatch}", test.location, test.name);
        }
    }
    assert_eq!(failed, 0, "tests of alarms failed");
}

#[test]
fn every_alarm_has_a_test_of_its_own() {
    let suite = suite();
    let (_, alarms) = suite.bench().alarms().unwrap();
    let watched: Vec<&str> = suite
        .tests()
        .iter()
        .filter_map(|test| test.states.as_ref().map(|(alarm, _)| alarm.as_str()))
        .collect();
    let untested: Vec<&str> =
        alarms.iter().map(|alarm| alarm.name.as_str()).filter(|name| !watched.contains(name)).collect();
    assert_eq!(untested, Vec::<&str>::new());
}

#[test]
fn the_tests_notice_every_change_of_an_alarm_that_changes_anything() {
    let report = suite().mutate().unwrap();
    println!("{report}");
    assert!(report.is_clean());
}
