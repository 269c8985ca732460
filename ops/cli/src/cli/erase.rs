//! Arguments and `--help` of `ops erase`.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::dlq::parse_age;
use super::running_stack::AnyStack;

#[derive(Args, Debug)]
#[command(after_help = "\
Without --execute nothing changes: what would be erased is counted. With it, the user is signed out and disabled, uploads
under way are waited for, and then, --rate images a second, thumbnails and originals are deleted with all their versions and
delete markers; then their items, their messages in the dead-letter queue, and last the user. Two lines of the audit log say
who had whom erased, by id.

It may be ended or killed at any point: run it again, and it erases the rest. Run it again as well after the time that it
prints: tokens and upload URLs that were given out before are good until then. What point-in-time recovery, logs and traces
still hold, and for how long, is printed (docs/erase.md).

Examples:
  ops erase me@example.com                                   what would be erased
  ops erase aa5e678f-ad13-4aa4-a99c-d2bcfac3a489 --execute   the user of this id (sub), known to the pool or not
  ops erase 01a221da-e032-77b8-bb0a-0c4ec8917f35 --execute --stack image-pipeline
  ops erase user-uploads/USER/NAME --execute                 one image, item or not")]
pub(crate) struct EraseArgs {
    /// An email address, a user's id (sub), an image's id, or an original's key.
    #[arg(value_name = "USER|IMAGE")]
    pub(crate) who: String,
    #[command(flatten)]
    pub(crate) stack: AnyStack,
    /// Do it; without this, only print what would be done.
    #[arg(long, visible_alias = "yes")]
    pub(crate) execute: bool,
    /// Images a second at most.
    #[arg(long, value_name = "N", default_value = "50")]
    pub(crate) rate: NonZeroU32,
    /// For how long uploads that are under way are waited for.
    #[arg(long, value_name = "AGE", default_value = "3m", value_parser = parse_age)]
    pub(crate) settle_for: Duration,
    /// Who had whom erased, one JSON document a line; appended to.
    #[arg(long, value_name = "FILE", default_value = "ops-erase-audit.jsonl")]
    pub(crate) audit: PathBuf,
}
