//! Formats `--help` to the width of the terminal.

use clap::{CommandFactory as _, FromArgMatches as _};
use terminal::{Terminal, fold};

use super::Cli;

/// Joins the lines of each paragraph; indented lines stay.
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

/// Wider lines are harder to read.
const MAX_HELP_WIDTH: usize = 100;

impl Cli {
    /// Parses the arguments; `--help` and usage errors exit, with text folded to the width of stdout.
    pub(crate) fn read(stdout: Terminal) -> Self {
        let mut command = Self::command();
        if stdout.is_bounded {
            let width = stdout.style.width.min(MAX_HELP_WIDTH);
            command = fitted(command, width).term_width(width);
        }
        Self::from_arg_matches(&command.get_matches()).unwrap_or_else(|error| error.exit())
    }
}

/// Folds `after_help` of every command here, since clap would continue examples at the left margin.
fn fitted(command: clap::Command, width: usize) -> clap::Command {
    let after = command.get_after_help().map(|after| fold(&unwrapped(&after.to_string()), width));
    let command = command.mut_subcommands(|command| fitted(command, width));
    match after {
        Some(after) => command.after_help(after),
        None => command,
    }
}
