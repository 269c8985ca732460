//! Formats `--help` to the width of the terminal.

use clap::{CommandFactory as _, FromArgMatches as _};

use super::Cli;
use crate::fold::fold;
use crate::terminal::Terminal;

/// Text whose paragraphs are one line each; what is indented is no paragraph.
fn unwrapped(text: &str) -> String {
    let mut whole = String::new();
    for line in text.split_inclusive('\n') {
        let begins = |text: &str| text.chars().next().is_some_and(|first| !first.is_whitespace());
        let last = whole.lines().last().unwrap_or_default();
        if begins(line) && begins(last) && !last.ends_with(':') {
            whole.truncate(whole.trim_end().len());
            whole.push(' ');
        }
        whole.push_str(line);
    }
    whole
}

/// Help is harder to read across where it is wider.
const MAX_HELP_WIDTH: usize = 100;

impl Cli {
    /// What was typed; help and mistakes end the program, with help as wide as stdout.
    pub(crate) fn read(stdout: Terminal) -> Self {
        let mut command = Self::command();
        if stdout.is_bounded {
            let width = stdout.style.width.min(MAX_HELP_WIDTH);
            command = fitted(command, width).term_width(width);
        }
        Self::from_arg_matches(&command.get_matches()).unwrap_or_else(|error| error.exit())
    }
}

/// What stands behind the help of each command, folded; clap itself would go on at the left side of examples.
fn fitted(command: clap::Command, width: usize) -> clap::Command {
    let after = command.get_after_help().map(|after| fold(&unwrapped(&after.to_string()), width));
    let command = command.mut_subcommands(|command| fitted(command, width));
    match after {
        Some(after) => command.after_help(after),
        None => command,
    }
}
