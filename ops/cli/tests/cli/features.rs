//! `cargo test` and the functions that a test builds share what they compile.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// Every package with the sets of features that it is compiled with, by way of `edges`.
fn features(edges: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["tree", "--workspace", "--locked", "--prefix=none", "--format={p}|{f}"]);
    let output = cargo.args(["--edges", edges]).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut packages = BTreeMap::<_, BTreeSet<_>>::new();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let Some((package, features)) = line.split_once('|') else { continue };
        let features = features.trim_end_matches(" (*)");
        packages.entry(package.to_owned()).or_default().insert(features.to_owned());
    }
    packages
}

#[test]
fn tests_ask_of_no_package_for_features_that_the_programs_do_not_ask_for() {
    let (programs, tests) = (features("normal,build"), features("normal,build,dev"));

    let compiled_twice: Vec<_> =
        programs.iter().filter(|(package, features)| tests.get(*package) != Some(features)).collect();

    assert!(programs.len() > 100);
    assert!(
        compiled_twice.is_empty(),
        "add the features that tests ask for to ops/cli/Cargo.toml, or each of these is compiled twice:\n\
         {compiled_twice:#?}"
    );
}
