//! Programs that tests write.

use std::path::Path;
use std::process::Command;

/// Writes a program from another process: one that this process held open for writing
/// could not be run while a parallel test forks.
pub(crate) fn write_script(path: &Path, text: &str) {
    let write = r#"printf '#!/bin/sh\n%s\n' "$1" > "$0" && chmod 755 "$0""#;
    let written = Command::new("sh").args(["-c", write]).arg(path).arg(text).status().unwrap();
    assert!(written.success());
}
