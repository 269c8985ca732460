//! First starts, with nothing installed yet.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::processes::assert_no_orphans;
use crate::run::root;

/// A repository without `.local-stack`: what is deployed is copied, what is built is the real one's.
fn fresh_repository() -> TempDir {
    let fresh = tempfile::tempdir().unwrap();
    let copied = Command::new("cp")
        .args(["-r", "template.yaml", "alarms", "dashboards", "functions", "--target-directory"])
        .arg(fresh.path())
        .current_dir(root())
        .status()
        .unwrap();
    assert!(copied.success());
    // Builds the real workspace, and reports paths of this one: a second workspace would be compiled anew.
    let (real, copy) = (root(), fs::canonicalize(fresh.path()).unwrap());
    let cargo = format!(
        "#!/bin/sh\ncd '{real}' && '{cargo}' \"$@\" | sed 's|\"manifest_path\":\"{real}/|\"manifest_path\":\"{copy}/|'\n",
        real = real.display(),
        copy = copy.display(),
        cargo = env!("CARGO"),
    );
    fs::write(fresh.path().join("cargo"), cargo).unwrap();
    fs::set_permissions(fresh.path().join("cargo"), fs::Permissions::from_mode(0o755)).unwrap();
    fresh
}

/// The main job for one photo.
fn start(repository: &Path, name: &str) -> Child {
    Command::new(env!("CARGO_BIN_EXE_ops"))
        .args([
            "up",
            "--once",
            "--json",
            "--engine-port",
            "0",
            "--console-port",
            "0",
            "--name",
            name,
            "--root",
        ])
        .arg(repository)
        .arg(root().join("ops/local/photos/raccoon.jpg"))
        .env("CARGO", repository.join("cargo"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// The stderr of a start that must succeed.
fn went_well(output: &Output) -> String {
    let printed = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{printed}");
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["ok"], true, "{document}");
    printed
}

#[test]
#[ignore = "long: run by .ci/run"]
fn two_first_starts_at_once_share_one_installation_and_a_damaged_one_is_made_anew() {
    let fresh = fresh_repository();

    let both = ["one", "two"].map(|name| start(fresh.path(), name));
    let both = both.map(|child| went_well(&child.wait_with_output().unwrap()));

    let printed = both.concat();
    assert_eq!(printed.matches("\nInstalled the engine").count(), 1, "{printed}");
    assert!(printed.contains("Another start has installed the engine"), "{printed}");

    let again = went_well(&start(fresh.path(), "again").wait_with_output().unwrap());
    assert!(!again.contains("Install"), "{again}");
    let damage = r#"rm -r "$0"/.local-stack/engine-*/lib/python3*/site-packages/ministack"#;
    assert!(Command::new("sh").args(["-c", damage]).arg(fresh.path()).status().unwrap().success());
    let healed = went_well(&start(fresh.path(), "healed").wait_with_output().unwrap());
    assert!(healed.contains("\nInstalled the engine"), "{healed}");
    assert_no_orphans(fresh.path().to_str().unwrap());
}
