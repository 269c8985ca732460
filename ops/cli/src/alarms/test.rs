//! `ops alarms test`: the unit tests of the alarms.

use std::path::Path;

use cloudwatch_model::scenario::bench::Mismatch;
use cloudwatch_model::scenario::file::Test;
use cloudwatch_model::scenario::folder::{self, FolderError};
use cloudwatch_model::scenario::mutation::Report;
use cloudwatch_model::scenario::suite::Suite;
use serde_json::{Value, json};
use terminal::Terminal;

use crate::cli::alarms::AlarmsTestArgs;
use crate::failure::{Failure, concluded};
use crate::print::{print_json, print_text};

/// Runs the tests and, with `--mutants`, mutation tests of the alarms.
///
/// # Errors
/// Files that are not understood, tests that fail, and mutants that no test notices.
pub(crate) fn run(args: &AlarmsTestArgs, root: &Path, terminal: Terminal) -> Result<(), Failure> {
    let suite = suite(root)?;
    let mut failures = Vec::new();
    for test in suite.tests() {
        let mismatch = suite.run(test).map_err(|error| Failure::Alarms(Box::new(error)))?;
        failures.extend(mismatch.map(|mismatch| (test, mismatch)));
    }
    let count = suite.tests().len();
    // A test that fails would notice every mutant.
    let report = if args.mutants && failures.is_empty() {
        Some(suite.mutate().map_err(|error| Failure::Alarms(Box::new(error)))?)
    } else {
        None
    };
    let passed = failures.is_empty() && report.as_ref().is_none_or(Report::is_clean);
    let printed = if args.json {
        print_json(&document(passed, count, &failures, report.as_ref()))
    } else {
        print_text(&text_of(count, &failures, report.as_ref()), terminal)
    };
    concluded(printed, if passed { Ok(()) } else { Err(Failure::Pipeline) })
}

type Failed<'a> = (&'a Test, Mismatch);

fn text_of(count: usize, failures: &[Failed<'_>], report: Option<&Report>) -> String {
    let failed = failures
        .iter()
        .map(|(test, mismatch)| format!("FAILED {}: {}\n  {mismatch}", test.location, test.name));
    let passed = format!("{} of {count} tests of alarms passed", count - failures.len());
    let lines: Vec<String> = failed.chain([passed]).chain(report.map(ToString::to_string)).collect();
    lines.join("\n")
}

fn document(passed: bool, count: usize, failures: &[Failed<'_>], report: Option<&Report>) -> Value {
    let failures = failures.iter().map(|(test, mismatch)| {
        json!({
            "at": test.location.to_string(), "test": test.name,
            "expected": mismatch.expected, "seen": mismatch.seen,
        })
    });
    let named = |pairs: &[(String, String)]| -> Vec<String> {
        pairs.iter().map(|(alarm, what)| format!("{alarm}: {what}")).collect()
    };
    let mutants = report.map(|report| {
        json!({
            "alarms": report.alarms, "killed": report.killed, "equivalent": report.equivalent,
            "refused": report.refused, "survived": named(&report.survived), "stale": named(&report.stale),
        })
    });
    json!({"ok": passed, "tests": count, "failures": failures.collect::<Vec<_>>(), "mutants": mutants})
}

fn suite(root: &Path) -> Result<Suite, Failure> {
    folder::read(root).map_err(|error| match error {
        FolderError::Read { path, source } => Failure::Read { path, source },
        FolderError::Suite(error) => Failure::Alarms(Box::new(error)),
    })
}
