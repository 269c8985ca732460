//! The function with the telemetry that its libraries' own documents show: a crate outside the workspace, built on demand.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// Its programs.
#[derive(Debug)]
pub(crate) struct Usual {
    pub(crate) program: PathBuf,
    /// The same, counting its allocations.
    pub(crate) counting: PathBuf,
}

impl Usual {
    /// Builds both, as releases.
    pub(crate) fn build() -> Self {
        Self { program: build("plain", &[]), counting: build("counting", &["--features", "count"]) }
    }
}

fn build(name: &str, features: &[&str]) -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target = here.join("../../target/usual-function").join(name);
    let built = Command::new(env!("CARGO"))
        .args(["build", "--release", "--locked", "--quiet", "--target-dir"])
        .arg(&target)
        .args(features)
        .current_dir(here.join("usual-function"))
        .status();
    assert!(built.expect("cargo starts").success(), "the usual function does not compile");
    target.join("release/usual-function")
}
