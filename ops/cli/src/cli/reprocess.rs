//! Arguments and `--help` of `ops reprocess`.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::{Args, ValueEnum};
use contract::item::Status;
use contract::time::unix_millis;
use uuid::Uuid;

use super::dlq::parse_age;
use super::running_stack::AnyStack;

#[derive(Args, Debug)]
#[command(after_help = "\
Without --execute nothing changes: what would be sent is printed. With it, each selected image gets a message in the
processing queue, --rate a second, and a line in the audit log. The processor then does its work again under the present
settings: FAILED may become DONE, DONE may get thumbnails of more sides, and what is refused now is FAILED, whatever it was.
Subscribers are notified only where the result differs from what they know. A newer upload always wins; an image whose object
is gone is left as it is; a message that comes twice has one effect.

What is selected must be named; every kind of option must match. Meanwhile the item says PROCESSING. Ctrl-C stops between two
messages, and --resume goes on with what the last run has not sent.

Examples:
  ops reprocess --reason UnsupportedFormat                 what would be done
  ops reprocess --reason UnsupportedFormat --execute       after AcceptedFormats was widened
  ops reprocess --side 512 --rate 20 --execute             after ThumbnailSides got another side
  ops reprocess --since 2026-11-01T00:00:00Z --status FAILED --stack image-pipeline
  ops reprocess --key user-uploads/USER/NAME --execute     one image, item or not, as `ops audit` names it")]
pub(crate) struct ReprocessArgs {
    #[command(flatten)]
    pub(crate) stack: AnyStack,
    /// FAILED images of this reason, such as `UnsupportedFormat`; may be repeated.
    #[arg(long = "reason", value_name = "REASON")]
    pub(crate) reasons: Vec<String>,
    /// Images of this status; by default of both.
    #[arg(long, value_name = "STATUS", value_enum)]
    pub(crate) status: Option<Ended>,
    /// Images whose result was recorded since then: a time such as 2026-11-01T00:00:00Z, or an age such as 2h or 3d.
    #[arg(long, value_name = "TIME", value_parser = parse_since)]
    pub(crate) since: Option<i64>,
    /// DONE images without a thumbnail of this side.
    #[arg(long, value_name = "PX")]
    pub(crate) side: Option<NonZeroU32>,
    /// This image; may be repeated.
    #[arg(long = "image-id", value_name = "ID")]
    pub(crate) images: Vec<Uuid>,
    /// The object of this key, whether it has an item or not; may be repeated.
    #[arg(long = "key", value_name = "KEY")]
    pub(crate) keys: Vec<String>,
    /// Send N messages at most.
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<NonZeroU32>,
    /// Go on with the last run of the audit log: what it has sent is not sent again.
    #[arg(long)]
    pub(crate) resume: bool,
    /// Do it; without this, only print what would be done.
    #[arg(long, visible_alias = "yes")]
    pub(crate) execute: bool,
    /// Messages a second at most.
    #[arg(long, value_name = "N", default_value = "5")]
    pub(crate) rate: NonZeroU32,
    /// Who had which image done again, one JSON document a line; appended to.
    #[arg(long, value_name = "FILE", default_value = "ops-reprocess-audit.jsonl")]
    pub(crate) audit: PathBuf,
}

/// A status that a result has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Ended {
    #[value(name = "DONE", alias = "done")]
    Done,
    #[value(name = "FAILED", alias = "failed")]
    Failed,
}

impl Ended {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Done => Status::Done.name(),
            Self::Failed => Status::Failed.name(),
        }
    }
}

/// Reads a time, or an age before now, as milliseconds since 1970.
fn parse_since(text: &str) -> Result<i64, String> {
    let ago = |age: Duration| {
        let at = SystemTime::now().checked_sub(age)?.duration_since(UNIX_EPOCH).ok()?;
        i64::try_from(at.as_millis()).ok()
    };
    let at = unix_millis(text).or_else(|| parse_age(text).ok().and_then(ago));
    at.ok_or_else(|| "write it as 2026-11-01T00:00:00Z, or as an age such as 2h or 3d".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_one_of_rfc_3339_or_an_age() {
        assert_eq!(parse_since("1970-01-01T00:00:01Z"), Ok(1_000));
        let day = parse_since("0s").unwrap() - parse_since("1d").unwrap();
        assert!((86_399_000..=86_401_000).contains(&day), "{day}");
        assert!(parse_since("yesterday").is_err() && parse_since("99999999999d").is_err());
    }
}
