//! Arguments and `--help` of `ops clock`.

use clap::Args;

use super::running_stack::RunningStack;

#[derive(Args, Debug)]
#[command(after_help = "\
Metrics, alarms, schedules and dashboards of a local stack live by a clock of its own; nothing else does. With 60 a minute
of theirs is a second, so that an alarm that waits ten minutes rings after ten seconds. The clock never goes back: after
it was fast it stays ahead of the day. While a drill runs, the rate stays.

With --json: {\"now\": its time, \"rate\": how many times faster than the day}.

Examples:
  ops clock                 what it shows, and how fast it goes
  ops clock 60              minutes of alarms become seconds
  ops clock 1               as the day again")]
pub(crate) struct ClockArgs {
    /// How many times faster than the day it goes from now on; without it nothing changes.
    #[arg(value_name = "RATE", value_parser = super::clock_rate())]
    pub(crate) rate: Option<u32>,
    #[command(flatten)]
    pub(crate) stack: RunningStack,
}
