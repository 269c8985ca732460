//! What the modules of `ops` depend on: only those of `local` need the local stack.

use std::fs;
use std::path::{Path, PathBuf};

/// The modules that serve both AWS and the local stack, and ask `local` for the latter.
const BOTH: [&str; 7] = ["alarms", "dashboard", "failure", "main", "target", "upload", "verify"];

/// The source files of `ops`, each with its module's path.
fn modules() -> Vec<(String, PathBuf)> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut modules, mut folders) = (Vec::new(), vec![source.clone()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let module = path.strip_prefix(&source).unwrap().with_extension("");
                modules.push((module.to_str().unwrap().to_owned(), path));
            }
        }
    }
    modules
}

/// Whether the code of a file names a crate or module, comments left out.
fn names(code: &str, module: &str) -> bool {
    let is_part = |char: char| char.is_alphanumeric() || char == '_';
    let mut lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.any(|line| {
        line.match_indices(module).any(|(at, _)| {
            let (before, behind) = (&line[..at], &line[at + module.len()..]);
            !before.ends_with(is_part) && !behind.starts_with(is_part)
        })
    })
}

#[test]
fn only_the_modules_of_local_name_the_local_stack_and_few_others_name_them() {
    let mut seen = 0;
    for (module, file) in modules() {
        let code = fs::read_to_string(&file).unwrap();
        if module == "local" || module.starts_with("local/") {
            seen += usize::from(names(&code, "local_stack"));
            continue;
        }
        assert!(
            !names(&code, "local_stack"),
            "{module} needs the local stack: move that into ops/cli/src/local"
        );
        let is_named = names(&code, "crate::local") || names(&code, "use local");
        assert!(!is_named || BOTH.contains(&&*module), "{module} uses crate::local");
    }
    assert!(seen > 3, "{seen} modules name the local stack");
}

#[test]
fn a_name_is_found_in_code_as_a_whole_and_not_in_comments() {
    assert!(names("use local_stack::flow;", "local_stack") && names("    local_stack::run()", "local_stack"));
    assert!(
        !names("// local_stack", "local_stack") && !names("use local_stacks::my_local_stack;", "local_stack")
    );
}
