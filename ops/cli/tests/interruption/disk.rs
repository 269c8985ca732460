//! A disk that is really full: a small one, mounted where only the test sees it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

/// Mounts the disk, runs the program, and lists what is left on the disk.
const SMALL_DISK: &str = r#"mount -t tmpfs -o size=8m none "$1/.local-stack" || exit 99
"$0" up --once --json --engine-port 0 --console-port 0 --root "$1"; status=$?
ls "$1/.local-stack"; exit $status"#;

#[test]
#[ignore = "needs a mount namespace: run by .ci/run where the machine grants one"]
fn disk_that_is_full_for_the_engine_is_named_and_gets_its_room_back() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("template.yaml"), "").unwrap();
    fs::create_dir(root.path().join(".local-stack")).unwrap();
    let cargo = root.path().join("cargo");
    fs::write(&cargo, "#!/bin/sh\nexec sleep 600\n").unwrap();
    fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).unwrap();

    let output = Command::new("unshare")
        .args(["--map-root-user", "--mount", "sh", "-c", SMALL_DISK, env!("CARGO_BIN_EXE_ops")])
        .arg(root.path())
        .env("CARGO", &cargo)
        .output()
        .unwrap();

    let (left, told) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(2), "{told}");
    let directory = fs::canonicalize(root.path()).unwrap().join(".local-stack");
    assert!(told.contains(&format!("the disk of {} is full", directory.display())), "{told}");
    assert!(told.contains("make room and start again"), "{told}");
    assert!(!left.lines().any(|name| name.starts_with("engine-") && !name.contains(".lock")), "{left}");
    crate::processes::assert_no_orphans(root.path().to_str().unwrap());
}
