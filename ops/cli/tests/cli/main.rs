//! The built program, run as a user runs it.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of a test may panic")]

mod completions;
mod dlq;
mod features;
mod plan;
mod rooms;
mod stack;
mod terminal;
mod threats;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// A directory with a template but no running stack, and files in it.
struct Harness(TempDir);

impl Harness {
    fn new() -> Self {
        let harness = Self(tempfile::tempdir().unwrap());
        std::fs::write(harness.path("template.yaml"), "").unwrap();
        harness
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn ops(&self, words: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ops"));
        command.args(words).current_dir(self.0.path()).output().unwrap()
    }
}

fn photo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../local/photos/raccoon.jpg")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// Stdout as the one line of JSON that it must be.
fn document(output: &Output) -> Value {
    let stdout = text(&output.stdout);
    assert_eq!(stdout.lines().count(), 1, "{stdout}");
    serde_json::from_str(stdout).unwrap()
}

#[test]
fn help_teaches_by_examples_and_documents_the_exit_status() {
    let harness = Harness::new();
    let help = harness.ops(&["--help"]);
    assert_eq!(help.status.code(), Some(0));
    for expected in
        ["cargo run -- up --once --json", "upload", "load", "verify", "trace", "thumbnail", "130, 143"]
    {
        assert!(text(&help.stdout).contains(expected), "{expected}");
    }
    for command in ["up", "upload", "load", "verify", "trace", "thumbnail"] {
        let help = harness.ops(&[command, "--help"]);
        assert!(text(&help.stdout).contains("Example"), "{command}");
    }
}

#[test]
fn usage_errors_exit_with_two_and_name_the_mistake() {
    let harness = Harness::new();
    for (words, expected) in [
        (&["upload"][..], "<FILE>"),
        (&["frobnicate"], "frobnicate"),
        (&["up", "--param", "x"], "KEY=VALUE"),
        (&["thumbnail", "a", "b", "--side", "0"], "--side"),
        (&["thumbnail", "a", "b", "--quality", "101"], "--quality"),
        (&["thumbnail", "a", "b", "--repeat", "0"], "--repeat"),
    ] {
        let output = harness.ops(words);
        assert_eq!(output.status.code(), Some(2), "{words:?}");
        assert!(text(&output.stderr).contains(expected) && output.stdout.is_empty(), "{words:?}");
    }
}

#[test]
fn a_thumbnail_is_made_and_measured() {
    let harness = Harness::new();
    let source = photo();
    let output =
        harness.ops(&["thumbnail", source.to_str().unwrap(), "small.jpg", "--side", "64", "--repeat", "3"]);
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""));
    let document = document(&output);
    let written = std::fs::read(harness.path("small.jpg")).unwrap();
    assert_eq!(document["ok"]["bytes"], written.len());
    assert_eq!(document["ok"]["format"], "jpeg");
    assert_eq!(document["ok"]["width"].as_u64().max(document["ok"]["height"].as_u64()), Some(64));
    assert!(written.starts_with(&[0xff, 0xd8]));
    assert!(document["cpu_ms"].as_f64().unwrap() > 0.0);
    assert!(document["peak_rss_bytes"].as_u64().unwrap() > 1 << 20);
}

#[test]
fn a_refused_image_is_a_result_and_writes_nothing() {
    let harness = Harness::new();
    std::fs::write(harness.path("notes.txt"), "no image at all").unwrap();
    let output = harness.ops(&["thumbnail", "notes.txt", "small.jpg"]);
    assert_eq!(output.status.code(), Some(0));
    let document = document(&output);
    assert_eq!(document["rejected"]["reason"], "NotAnImage");
    assert!(document["rejected"]["message"].as_str().unwrap().contains("upload a JPEG"));
    assert!(document.get("ok").is_none() && document.get("cpu_ms").is_some());
    assert!(!harness.path("small.jpg").exists());
}

#[test]
fn files_that_cannot_be_read_or_written_exit_with_two_and_say_why() {
    let harness = Harness::new();
    let missing = harness.ops(&["thumbnail", "missing.jpg", "small.jpg"]);
    assert_eq!(missing.status.code(), Some(2));
    let printed = text(&missing.stderr);
    assert!(
        printed.contains("missing.jpg cannot be read") && printed.contains("because: No such file"),
        "{printed}"
    );
    let source = photo();
    let nowhere = harness.ops(&["thumbnail", source.to_str().unwrap(), "no/such/small.jpg"]);
    assert_eq!((nowhere.status.code(), nowhere.stdout.len()), (Some(2), 0));
    assert!(text(&nowhere.stderr).contains("cannot be written"));
}

#[test]
fn without_a_running_stack_commands_say_how_to_start_one() {
    let harness = Harness::new();
    std::fs::write(harness.path("cat.jpg"), "x").unwrap();
    for words in [
        &["trace", "0193"][..],
        &["verify", "--json"],
        &["upload", "--json", "cat.jpg"],
        &["env"],
        &["env", "--client"],
    ] {
        let output = harness.ops(words);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{words:?}");
        assert!(text(&output.stderr).contains("cargo run"), "{words:?}: {}", text(&output.stderr));
    }
}

#[test]
fn client_whose_user_cannot_sign_in_gets_an_error_and_no_part_of_its_variables() {
    // It has no sign-in page.
    let stack = stack::FakeStack::start();
    let output = stack.command(&["env", "--client", "--name", stack::NAME]).output().unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
    assert!(text(&output.stderr).contains("demo user cannot sign in"), "{}", text(&output.stderr));
}

#[test]
fn a_directory_that_is_no_repository_is_refused() {
    let elsewhere = tempfile::tempdir().unwrap();
    let root = elsewhere.path().to_str().unwrap();
    let output = Harness::new().ops(&["up", "--once", "--json", "--root", root]);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
    assert!(text(&output.stderr).contains("template.yaml"), "{}", text(&output.stderr));
}

/// The repository, whose alarms are tested.
fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn the_alarms_are_tested_without_a_stack() {
    let harness = Harness::new();
    let root = repository();

    let output = harness.ops(&["alarms", "test", "--json", "--root", root.to_str().unwrap()]);

    assert!(output.status.success(), "{}", text(&output.stderr));
    let document = document(&output);
    assert_eq!((&document["ok"], &document["failures"]), (&true.into(), &serde_json::json!([])));
    assert!(document["tests"].as_u64().unwrap() > 100);
}

#[test]
fn a_failed_test_of_an_alarm_is_printed_with_the_states_that_were_seen() {
    let harness = Harness::new();
    let tests = harness.path("alarms/tests/bench");
    std::fs::create_dir_all(&tests).unwrap();
    for (from, to) in [
        ("alarms/pipeline.json", "alarms/pipeline.json"),
        ("alarms/tests/bench/parameters.json", "alarms/tests/bench/parameters.json"),
        ("alarms/tests/bench/equivalents.json", "alarms/tests/bench/equivalents.json"),
    ] {
        std::fs::copy(repository().join(from), harness.path(to)).unwrap();
    }
    let test = r#"{"alarm": "dlq-not-empty", "tests": [{"name": "no alarm", "states": "", "length": "2m", "series": {}}]}"#;
    std::fs::write(harness.path("alarms/tests/x.json"), test).unwrap();

    let output = harness.ops(&["alarms", "test"]);

    assert_eq!(output.status.code(), Some(1));
    let expected = "FAILED alarms/tests/x.json: tests[0]: no alarm\n  expected no state but INSUFFICIENT_DATA\n       \
                    but saw 1m OK\n0 of 1 tests of alarms passed\n";
    assert_eq!(text(&output.stdout), expected);
}

#[test]
fn an_alarm_that_is_not_understood_is_named_with_its_place() {
    let harness = Harness::new();
    std::fs::create_dir_all(harness.path("alarms/tests/bench")).unwrap();
    std::fs::write(harness.path("alarms/a.json"), r#"{"Mappings": {}}"#).unwrap();
    for name in ["parameters", "equivalents"] {
        std::fs::write(harness.path(&format!("alarms/tests/bench/{name}.json")), "{}").unwrap();
    }

    let output = harness.ops(&["alarms", "test"]);

    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("alarms/a.json: Mappings: this section is not understood here"));
}

#[test]
fn load_goes_to_stacks_of_this_machine_only() {
    let stack = stack::FakeStack::start();
    let file = stack.path().join(".local-stack").join(stack::NAME).join("stack.json");
    let mut info: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    info["endpoint"] = "http://192.0.2.1:4566".into();
    std::fs::write(&file, info.to_string()).unwrap();

    let elsewhere = stack.command(&["load", "--name", stack::NAME]).output().unwrap();

    assert_eq!(elsewhere.status.code(), Some(2));
    let expected = "http://192.0.2.1:4566 is not on this machine";
    assert!(text(&elsewhere.stderr).contains(expected), "{}", text(&elsewhere.stderr));
    let on_aws = stack.command(&["load", "--stack", "image-pipeline"]).output().unwrap();
    assert_eq!(on_aws.status.code(), Some(2), "there is no --stack");
}
