//! Arguments and `--help` of `ops alarms`.

use clap::{Args, Subcommand};

use super::running_stack::{AnyStack, RunningStack};

/// What to do with the alarms.
#[derive(Debug, Subcommand)]
pub(crate) enum AlarmsCommand {
    /// Run the unit tests of the alarms, without any stack.
    Test(AlarmsTestArgs),
    /// Every alarm with its state, here or on AWS.
    List(AlarmsListArgs),
    /// Why an alarm is in its state, from which data, and what to do about it.
    Explain(AlarmsExplainArgs),
    /// Print each change of a state as it comes, until Ctrl-C.
    Watch(AlarmsWatchArgs),
}

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  ops alarms list
  ops alarms list --stack image-pipeline
  ops alarms list --json | jq -r '.alarms[] | select(.state == \"ALARM\") | .name'")]
pub(crate) struct AlarmsListArgs {
    #[command(flatten)]
    pub(crate) stack: AnyStack,
}

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  ops alarms explain queue-backlog
  ops alarms explain queue-backlog --stack image-pipeline
  ops alarms explain slo-burn --json | jq .now")]
pub(crate) struct AlarmsExplainArgs {
    /// The alarm's name.
    #[arg(value_name = "ALARM")]
    pub(crate) alarm: String,
    #[command(flatten)]
    pub(crate) stack: AnyStack,
}

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  ops alarms watch
  ops alarms watch --json | jq -c '[.at, .alarm, .to]'")]
pub(crate) struct AlarmsWatchArgs {
    #[command(flatten)]
    pub(crate) stack: RunningStack,
}

#[derive(Args, Debug)]
#[command(after_help = "\
The tests are the files of alarms/tests/; its README.md describes how to write one.

Examples:
  ops alarms test
  ops alarms test --mutants          also make every alarm wrong in every way: some test must notice
  ops alarms test --json | jq '.failures'")]
pub(crate) struct AlarmsTestArgs {
    /// Also check that the tests notice every change of an alarm (takes some seconds).
    #[arg(long)]
    pub(crate) mutants: bool,
    /// Print one JSON document on stdout.
    #[arg(long)]
    pub(crate) json: bool,
}
