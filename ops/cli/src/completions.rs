//! `ops completions`: prints what makes a shell complete commands, options and their values.

use clap::CommandFactory as _;

use crate::cli::Cli;
use crate::cli::completions::CompletionsArgs;
use crate::failure::Failure;
use crate::print::print_line;

/// Prints the script of a shell.
///
/// # Errors
/// As [`print_line`].
pub(crate) fn run(args: &CompletionsArgs) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "ops", &mut script);
    print_line(String::from_utf8_lossy(&script).trim_end())
}
