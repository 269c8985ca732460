//! `ops alarms test`: the unit tests of the alarms.

use std::fs;
use std::path::Path;

use cloudwatch_model::scenario::bench::Mismatch;
use cloudwatch_model::scenario::file::Test;
use cloudwatch_model::scenario::mutation::Report;
use cloudwatch_model::scenario::suite::{NamedText, Suite};
use serde_json::{Value, json};
use terminal::Terminal;

use crate::cli::alarms::AlarmsTestArgs;
use crate::failure::{Failure, concluded};
use crate::print::{print_json, print_text};

const FOLDER: &str = "alarms";

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
    let folder = root.join(FOLDER);
    let tests = folder.join("tests");
    let bench = tests.join("bench");
    let suite = Suite::read(
        &texts(root, &folder)?,
        &text(root, &bench.join("parameters.json"))?,
        &texts(root, &tests)?,
        &text(root, &bench.join("equivalents.json"))?,
    );
    suite.map_err(|error| Failure::Alarms(Box::new(error)))
}

/// The JSON files of a folder, those in folders below left out.
fn texts(root: &Path, folder: &Path) -> Result<Vec<NamedText>, Failure> {
    let unreadable = |source| Failure::Read { path: folder.to_owned(), source };
    let entries: Result<Vec<_>, _> = fs::read_dir(folder).map_err(unreadable)?.collect();
    let paths = entries.map_err(unreadable)?.into_iter().map(|entry| entry.path());
    let mut paths: Vec<_> =
        paths.filter(|path| path.extension().is_some_and(|extension| extension == "json")).collect();
    paths.sort();
    paths.iter().map(|path| text(root, path)).collect()
}

fn text(root: &Path, path: &Path) -> Result<NamedText, Failure> {
    let text = fs::read_to_string(path).map_err(|source| Failure::Read { path: path.to_owned(), source })?;
    let name = path.strip_prefix(root).unwrap_or(path);
    Ok((name.display().to_string(), text))
}
