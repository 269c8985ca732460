//! Completion in a shell.

use std::process::Command;

use crate::{Harness, text};

/// What bash offers behind these words, the last of which is not whole.
fn offered(script: &str, words: &str) -> String {
    // As bash calls it: the program, the word and the one before.
    const ASK: &str = r#"eval "$1"; COMP_WORDS=($2); COMP_CWORD=$(( ${#COMP_WORDS[@]} - 1 ))
        _ops ops "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"; echo "${COMPREPLY[*]}""#;
    let output = Command::new("bash").args(["-c", ASK, "bash", script, words]).output().unwrap();
    text(&output.stdout).trim().to_owned()
}

#[test]
fn bash_completes_commands_options_and_their_values() {
    let harness = Harness::new();
    let printed = harness.ops(&["completions", "bash"]);
    assert_eq!(printed.status.code(), Some(0));
    let script = text(&printed.stdout);
    for (words, expected) in [
        ("ops dl", "dlq"),
        ("ops dlq re", "redrive"),
        ("ops up --on", "--once"),
        ("ops completions z", "zsh"),
        ("ops nonsense", ""),
    ] {
        assert_eq!(offered(script, words), expected, "{words}");
    }
}

#[test]
fn each_shell_has_its_script_and_another_is_refused_with_their_names() {
    let harness = Harness::new();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let printed = harness.ops(&["completions", shell]);
        assert!(text(&printed.stdout).contains("reprocess"), "{shell}");
    }
    let refused = harness.ops(&["completions", "tcsh"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused.stderr).contains("bash, elvish, fish, powershell, zsh"), "{refused:?}");
}
