//! A function is built so that panics can be caught, or not at all.
#![expect(clippy::unwrap_used, reason = "helpers of tests; clippy only exempts #[test] functions")]

use std::path::Path;
use std::process::Command;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Compiles the file that refuses, alone, with this strategy; answers what the compiler had to say where it failed.
fn compile(panic: &str) -> Result<(), String> {
    let strategy = format!("panic={panic}");
    let rustc = Command::new("rustc")
        .args(["--edition", "2024", "--crate-type", "lib", "--emit", "metadata", "-C", &strategy, "-o"])
        .arg(Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("unwinding-{panic}.rmeta")))
        .arg(root().join("src/run/unwinding.rs"))
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&rustc.stderr).into_owned();
    rustc.status.success().then_some(()).ok_or(errors)
}

#[test]
fn a_build_that_aborts_on_panics_fails_and_names_the_cargo_lambda_that_does_not() {
    compile("unwind").unwrap();

    let errors = compile("abort").unwrap_err();

    assert!(errors.contains("build it with cargo-lambda 1.7 or later"), "{errors}");
    let parent = std::fs::read_to_string(root().join("src/run.rs")).unwrap();
    assert!(parent.contains("\nmod unwinding;\n"), "the crate does not compile the file");
}

#[test]
fn the_workspace_states_the_strategy_that_cargo_lambda_must_not_set() {
    let manifest = std::fs::read_to_string(root().join("../Cargo.toml")).unwrap();
    let (_, release) = manifest.split_once("\n[profile.release]\n").unwrap();
    let release = release.split("\n[").next().unwrap();
    assert!(release.lines().any(|line| line == "panic = \"unwind\""), "{release}");
}
