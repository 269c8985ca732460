//! Arguments and `--help` of `ops drill`.

use std::path::PathBuf;

use clap::Args;

use super::running_stack::RunningStack;

#[derive(Args, Debug)]
#[command(after_help = "\
A drill breaks the running stack on purpose: it sends uploads of a temporary user, injects the fault that
alarms/drills/NAME.json states, waits for the alarms that must ring and holds that no other does, follows the runbook,
and accounts for every upload. However it ends, by Ctrl-C and by kill -9 too, the stack mends itself.

Alarms take minutes of the metrics' clock: `ops clock 60` makes them seconds. A drill that asks how uploads ended
(status-failing) needs a stack that `ops up --param StatusApi=enabled` started; elsewhere --all skips it and says so,
and --all --markdown, whose table has a row of each, does not begin.

Examples:
  ops drill --list
  ops drill consumer-off poison
  ops drill --all --markdown README.md   into the part between its markers
  ops drill --all --json | jq '.drills[] | select(.failures != [])'")]
pub(crate) struct DrillArgs {
    /// The drills, by their files' names in alarms/drills.
    #[arg(value_name = "NAME", required_unless_present_any = ["all", "list"], conflicts_with_all = ["all", "list"])]
    pub(crate) names: Vec<String>,
    /// Run every drill, one after the other.
    #[arg(long, conflicts_with = "list")]
    pub(crate) all: bool,
    /// Print the drills, what each shows, and how long it takes; without any stack.
    #[arg(long)]
    pub(crate) list: bool,
    /// Write the report as Markdown into this file, between its markers if it has them.
    #[arg(long, value_name = "FILE")]
    pub(crate) markdown: Option<PathBuf>,
    /// Run also where it takes more than an hour, because the metrics' clock is the day's.
    #[arg(long)]
    pub(crate) slow: bool,
    #[command(flatten)]
    pub(crate) stack: RunningStack,
}
