//! Arguments and `--help` of `ops audit`.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::dlq::parse_age;
use super::running_stack::AnyStack;

#[derive(Args, Debug)]
#[command(after_help = "\
Nothing is written. The bucket of uploads, the table and the bucket of thumbnails are read once, page by page, and joined by
way of temporary files (half a kilobyte for each image), so that memory stays small; whatever does not fit is looked at
again by itself before it is reported. What is newer than the audit is left out.

An object without a result is a finding once it is older than the queue needs for all its tries, unless its message is in
the dead-letter queue, or the queue holds as many messages as there are such objects: which ones, only the processor sees.
If there is such an object, the dead-letter queue is read as `ops dlq list` reads it: its messages are hidden for a moment.

It costs a LIST request for each 1,000 objects of either bucket, and half a read unit for each 4 KB of the table:
docs/audit.md has the prices, and each kind of finding. Exit status: 0 nothing found, 1 something found, 2 not carried out.

Examples:
  ops audit                                    the local stack
  ops audit --stack image-pipeline             AWS; needs s3:ListBucket, dynamodb:Scan and more (docs/audit.md)
  ops audit --deep --limit 100                 decode every thumbnail too
  ops audit --json | jq '.findings[] | {kind, count}'")]
pub(crate) struct AuditArgs {
    #[command(flatten)]
    pub(crate) stack: AnyStack,
    /// From this age on an object must have a result, such as 90s, 30m, 2h; by default what the queue needs for its tries.
    #[arg(long, value_name = "AGE", value_parser = parse_age)]
    pub(crate) settled_after: Option<Duration>,
    /// Read and decode every thumbnail as well, and compare its size with the item's: a GET request for each.
    #[arg(long)]
    pub(crate) deep: bool,
    /// Examples of each kind of finding.
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub(crate) limit: u32,
    /// Messages of the dead-letter queue that are read at most; they are hidden from others meanwhile.
    #[arg(long, value_name = "N", default_value = "10000")]
    pub(crate) dead_letters: NonZeroU32,
    /// Where the temporary files are; they have no names there. By default the system's directory for them.
    #[arg(long, value_name = "DIR")]
    pub(crate) scratch: Option<PathBuf>,
}
