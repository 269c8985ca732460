//! `cargo test` and the functions that a test builds share what they compile.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

const FUNCTIONS: [&str; 4] =
    ["generate-upload-url", "image-processor-lambda", "image-status-lambda", "s3-metrics-lambda"];

/// Every package below `selected` with the sets of features that it is compiled with, by way of `edges`.
fn features(selected: &str, edges: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["tree", selected, "--locked", "--prefix=none", "--format={p}|{f}"]);
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
    let (programs, tests) =
        (features("--workspace", "normal,build"), features("--workspace", "normal,build,dev"));

    let compiled_twice: Vec<_> =
        programs.iter().filter(|(package, features)| tests.get(*package) != Some(features)).collect();

    assert!(programs.len() > 100);
    assert!(
        compiled_twice.is_empty(),
        "add the features that tests ask for to ops/cli/Cargo.toml, or each of these is compiled twice:\n\
         {compiled_twice:#?}"
    );
}

/// `sam build` builds one function after the other, each by itself.
#[test]
fn what_all_functions_share_is_compiled_once_for_lambda() {
    let [first, others @ ..] = FUNCTIONS.map(|name| features(&format!("--package={name}"), "normal"));

    let shared: Vec<_> =
        first.keys().filter(|it| others.iter().all(|other| other.contains_key(*it))).collect();
    let compiled_twice: Vec<_> = shared
        .iter()
        .filter(|package| others.iter().any(|other| other[**package] != first[**package]))
        .map(|package| (package, &first[*package], others.each_ref().map(|other| &other[*package])))
        .collect();

    assert!(shared.len() > 100);
    assert!(
        compiled_twice.is_empty(),
        "add the features that one function asks for to telemetry/aws-sdk/Cargo.toml:\n{compiled_twice:#?}"
    );
}

#[test]
fn every_crate_that_a_thumbnail_is_made_with_is_optimised_for_speed() {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml");
    let manifest = std::fs::read_to_string(manifest).unwrap();
    let (_, listed) = manifest.split_once("\n[profile.release.package]\n").unwrap();
    let fast: BTreeSet<_> = listed.lines().filter_map(|it| it.strip_suffix(" = { opt-level = 3 }")).collect();

    let codecs = features("--package=thumbnail", "normal,no-proc-macro");
    let names = codecs.keys().filter_map(|package| package.split(' ').next());
    let slow: Vec<_> = names.filter(|it| *it != "thumbnail" && !fast.contains(it)).collect();

    assert!(codecs.len() > 20);
    assert!(slow.is_empty(), "add to [profile.release.package] in Cargo.toml: {slow:?}");
}
