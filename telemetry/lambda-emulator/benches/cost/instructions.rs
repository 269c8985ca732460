//! Instructions of one invocation, counted by callgrind: the figure that other load does not change.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{mode::Mode, pair::Process};

const FEW: u32 = 50;
const MANY: u32 = 250;

/// Instructions of an invocation and the wait for the next one.
pub(crate) fn per_invocation(mode: Option<Mode>, function: &Path) -> u64 {
    (total(mode, function, MANY) - total(mode, function, FEW)) / u64::from(MANY - FEW)
}

/// Instructions of a whole process with `invocations`.
fn total(mode: Option<Mode>, function: &Path, invocations: u32) -> u64 {
    let program = which("valgrind").expect("valgrind is installed");
    let out = std::env::temp_dir().join(format!("cost-{}-{invocations}.callgrind", std::process::id()));
    let adapt = |command: &mut Command| {
        command.args(["--tool=callgrind", "--quiet"]);
        command.arg(format!("--callgrind-out-file={}", out.display()));
        command.arg(function);
    };
    let (mut process, _) = Process::start(mode, &program, adapt);
    (0..invocations).for_each(|_| drop(process.invoke()));
    process.terminate();
    let profile = fs::read_to_string(&out).expect("callgrind wrote it");
    let totals = profile.lines().find_map(|line| line.strip_prefix("totals: ")).expect("callgrind counts");
    totals.trim().parse().expect("a number")
}

fn which(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}
