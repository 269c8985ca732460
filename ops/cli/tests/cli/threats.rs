//! `docs/threat-model.md`: each threat has a test that exists, or is accepted with a reason.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The names of the repository's tests.
fn names() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut folders = ["functions", "ops", "telemetry"].map(|name| root.join(name)).to_vec();
    let mut names = BTreeSet::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "rs") && !path.ends_with("threats.rs") {
                let code = fs::read_to_string(&path).unwrap();
                let is_table = path.components().any(|part| part.as_os_str() == "privilege");
                names.extend(tests(&code, is_table).into_iter().map(str::to_owned));
            }
        }
    }
    names
}

/// The tests of a file: functions with an attribute that makes one of them, and in the tables of privileges rows
/// `NAME => PROOF;`, which a macro makes tests of.
fn tests(code: &str, is_table: bool) -> Vec<&str> {
    let (mut found, mut is_test) = (Vec::new(), false);
    for line in code.lines().map(str::trim) {
        if let Some(attribute) = line.strip_prefix("#[") {
            is_test |= ["test]", "tokio::test"].iter().any(|kind| attribute.starts_with(kind));
            continue;
        }
        let function = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ");
        let name = function.filter(|_| is_test).and_then(|rest| rest.split_once("()"));
        let row = line.split_once(" => ").filter(|_| is_table);
        found.extend(name.or(row).map(|(name, _)| name));
        is_test = false;
    }
    found
}

/// The names in backticks that are long enough for a test's.
fn cited(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).filter(|name| name.contains('_') && name.len() > 20).collect()
}

#[test]
fn each_threat_has_a_test_that_exists_or_is_accepted_with_a_reason() {
    let page = include_str!("../../../../docs/threat-model.md");
    let names = names();
    let mut threats = 0;
    for row in page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| threat |")) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let [_, threat, answer, tests, _] = cells[..] else { panic!("{row}: not three cells") };
        threats += 1;
        assert!(!threat.is_empty() && !answer.is_empty(), "{row}");
        let cited = cited(tests);
        let is_accepted = tests.split_once("Accepted: ").is_some_and(|(_, reason)| reason.len() > 20);
        assert!(!cited.is_empty() || is_accepted, "{threat}: neither a test nor a reason to accept it");
        for name in cited {
            assert!(names.contains(name), "{threat}: there is no test {name}");
        }
    }
    assert!(threats > 30, "{threats} threats");
}

#[test]
fn a_function_without_the_attribute_is_no_test() {
    let code = "fn helper() {}\n#[test]\n#[ignore = \"long\"]\nfn claim() {}\n#[tokio::test]\nasync fn other() {\nmatch it { some_row => 1 }";
    assert_eq!(tests(code, false), ["claim", "other"]);
    assert_eq!(tests("a_right => proof;", true), ["a_right"]);
}
