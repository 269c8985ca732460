//! Arguments that name a stack.

use clap::Args;

/// A stack, here or on AWS, and the output format.
#[derive(Args, Clone, Debug)]
pub(crate) struct AnyStack {
    /// Print one JSON document on stdout.
    #[arg(long)]
    pub(crate) json: bool,
    /// Which running local stack.
    #[arg(long, default_value = "default", conflicts_with = "stack")]
    pub(crate) name: String,
    /// A stack of CloudFormation instead; region, profile, credentials and endpoint are found as the AWS CLI finds
    /// them.
    #[arg(long, value_name = "STACK")]
    pub(crate) stack: Option<String>,
}

/// A running local stack, and the output format.
#[derive(Args, Debug)]
pub(crate) struct RunningStack {
    /// Print one JSON document on stdout; one for each line of what goes on until Ctrl-C.
    #[arg(long)]
    pub(crate) json: bool,
    /// Which running stack.
    #[arg(long, default_value = "default")]
    pub(crate) name: String,
}
