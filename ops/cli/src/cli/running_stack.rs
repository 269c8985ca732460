//! Arguments of every command on a running local stack.

use clap::Args;

/// A running stack, and the output format.
#[derive(Args, Debug)]
pub(crate) struct RunningStack {
    /// Print one JSON document on stdout; one for each line of what goes on until Ctrl-C.
    #[arg(long)]
    pub(crate) json: bool,
    /// Which running stack.
    #[arg(long, default_value = "default")]
    pub(crate) name: String,
}
