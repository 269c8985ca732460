//! Arguments and `--help` of `ops dlq`.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};

use pipeline_client::dead_letters::cause::Cause;

const LIST_AFTER: &str = "\
Messages are grouped by the content of their body and, for an upload, by how far its record in the table is. Which
error the processor met is in its log only; `ops dlq show ID` prints the command that finds it.

Looking hides each message from others for --hold seconds; they are given back as soon as the list is complete,
and come back by themselves if this command is killed. Each look counts as a receive, which does no harm: a
dead-letter queue moves nothing on.

Examples:
  ops dlq list                              the local stack
  ops dlq list --stack image-pipeline       AWS, by AWS_PROFILE or the other variables of the AWS CLI
  ops dlq list --json | jq '.causes[] | {cause, count}'";

const SHOW_AFTER: &str = "\
The body is shown whole, but for email addresses, tokens and presigned URLs.

Example:
  ops dlq show 5fea7756-0ea4-451a-a703-a558b933e274 --stack image-pipeline";

const REDRIVE_AFTER: &str = "\
Without --execute nothing changes: what would be done is printed. With it, each message is sent to the processing
queue again, with its body, its attributes, `traceparent` and AWSTraceHeader; a line is written to the audit log;
and only then is it deleted here. A command that is killed in between loses nothing: at worst a message is
delivered twice, and the processor recognises an image that is done. Ctrl-C stops between two messages.

What nothing can process (malformed, foreign-bucket) is left out unless --cause or --id names it. It stops when a
message that it has sent comes back: then the cause is not mended.

Examples:
  ops dlq redrive                                     what would be done
  ops dlq redrive --execute                           do it, five messages a second
  ops dlq redrive --cause never-claimed --older-than 1h --rate 1 --execute --stack image-pipeline
  ops dlq redrive --execute --queue-url URL_OF_DLQ --to URL_OF_QUEUE";

const DROP_AFTER: &str = "\
Without --execute nothing changes: what would be deleted is printed. With it, each message is written whole into the
evidence file, which is then forced to the disk, and only then is it deleted. What to drop must be named.

Examples:
  ops dlq drop --cause malformed
  ops dlq drop --cause malformed --execute --stack image-pipeline";

/// The causes by name, one also by the name that it had.
fn causes() -> impl TypedValueParser<Value = Cause> {
    let value = |cause: Cause| {
        let value = PossibleValue::new(cause.name()).help(cause.means());
        if cause == Cause::NotNotified { value.alias(FORMER) } else { value }
    };
    // Only the former name is none of theirs.
    PossibleValuesParser::new(Cause::ALL.map(value))
        .map(|name| Cause::named(&name).unwrap_or(Cause::NotNotified))
}

/// What `not-notified` was called.
const FORMER: &str = "untold";

/// What to do with the dead-letter queue.
#[derive(Debug, Subcommand)]
pub(crate) enum DlqCommand {
    /// List its messages by cause, as far as it can be derived from here.
    List(ListArgs),
    /// Show one message in full, and what to do about it.
    Show(ShowArgs),
    /// Send messages to the processor again; a dry run without --execute.
    Redrive(RedriveArgs),
    /// Delete messages for good, kept in a file; a dry run without --execute.
    Drop(DropArgs),
}

/// Which dead-letter queue.
#[derive(Args, Clone, Debug)]
pub(crate) struct TargetArgs {
    /// Which running local stack.
    #[arg(long, default_value = "default", conflicts_with_all = ["stack", "queue_url"])]
    pub(crate) name: String,
    /// A stack of CloudFormation, in the account, region and endpoint that the AWS variables name.
    #[arg(long, value_name = "STACK")]
    pub(crate) stack: Option<String>,
    /// The dead-letter queue itself, where no stack can be asked; AWS variables as above.
    #[arg(long, value_name = "URL", conflicts_with = "stack")]
    pub(crate) queue_url: Option<String>,
    /// The table of images, beside --queue-url; without it nothing is known of the images.
    #[arg(long, value_name = "TABLE", requires = "queue_url")]
    pub(crate) table: Option<String>,
    /// For how many seconds a message is hidden from others once it was looked at.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=43_200))]
    pub(crate) hold: u32,
}

/// Which of its messages.
#[derive(Args, Clone, Debug)]
pub(crate) struct SelectArgs {
    /// Messages of this cause, as `list` names it; may be repeated.
    #[arg(long = "cause", value_name = "CAUSE", value_parser = causes())]
    pub(crate) causes: Vec<Cause>,
    /// Messages about this image; may be repeated.
    #[arg(long = "image-id", value_name = "ID")]
    pub(crate) images: Vec<String>,
    /// This message; may be repeated.
    #[arg(long = "id", value_name = "MESSAGE_ID")]
    pub(crate) ids: Vec<String>,
    /// Messages sent at least this long ago, such as 90s, 30m, 2h, 3d.
    #[arg(long, value_name = "AGE", value_parser = parse_age)]
    pub(crate) older_than: Option<Duration>,
    /// Look at N messages at most; they are kept in memory.
    #[arg(long, value_name = "N", default_value = "1000")]
    pub(crate) limit: NonZeroU32,
}

#[derive(Args, Debug)]
#[command(after_help = LIST_AFTER)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    #[command(flatten)]
    pub(crate) select: SelectArgs,
    /// Print one JSON document on stdout.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
#[command(after_help = SHOW_AFTER)]
pub(crate) struct ShowArgs {
    /// The message's id, as `list` prints it.
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    /// Print one JSON document on stdout.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
#[command(after_help = REDRIVE_AFTER)]
pub(crate) struct RedriveArgs {
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    /// The queue to send to, beside --queue-url.
    #[arg(long, value_name = "URL", requires = "queue_url")]
    pub(crate) to: Option<String>,
    #[command(flatten)]
    pub(crate) select: SelectArgs,
    #[command(flatten)]
    pub(crate) execution: ExecutionArgs,
}

#[derive(Args, Debug)]
#[command(after_help = DROP_AFTER)]
pub(crate) struct DropArgs {
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    #[command(flatten)]
    pub(crate) select: SelectArgs,
    /// Where the messages are kept, one JSON document a line; appended to, readable by you only.
    #[arg(long, value_name = "FILE", default_value = "ops-dlq-evidence.jsonl")]
    pub(crate) evidence: PathBuf,
    #[command(flatten)]
    pub(crate) execution: ExecutionArgs,
}

/// How a redrive or a drop is run.
#[derive(Args, Clone, Debug)]
pub(crate) struct ExecutionArgs {
    /// Do it; without this, only print what would be done.
    #[arg(long, visible_alias = "yes")]
    pub(crate) execute: bool,
    /// Messages a second at most.
    #[arg(long, value_name = "N", default_value = "5")]
    pub(crate) rate: NonZeroU32,
    /// Who did what to which message, one JSON document a line; appended to.
    #[arg(long, value_name = "FILE", default_value = "ops-dlq-audit.jsonl")]
    pub(crate) audit: PathBuf,
    /// Print one JSON document on stdout.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Reads an age such as `90s`, `30m`, `2h` or `3d`.
pub(crate) fn parse_age(text: &str) -> Result<Duration, String> {
    let mistake = || "write it as a number and s, m, h or d, such as 30m".to_owned();
    let unit = text.chars().next_back().ok_or_else(mistake)?;
    let seconds: u64 = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return Err(mistake()),
    };
    let number: u64 = text.strip_suffix(unit).and_then(|digits| digits.parse().ok()).ok_or_else(mistake)?;
    Ok(Duration::from_secs(number.saturating_mul(seconds)))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Typed {
        #[command(flatten)]
        select: SelectArgs,
    }

    #[test]
    fn causes_are_typed_by_their_names_and_the_former_one_is_still_taken() {
        let typed = |name: &str| Typed::try_parse_from(["ops", "--cause", name]).map(|it| it.select.causes);
        for cause in Cause::ALL {
            assert_eq!(typed(cause.name()).unwrap(), [cause]);
        }
        assert_eq!(typed("untold").unwrap(), [Cause::NotNotified]);
        assert!(typed("other").is_err());
    }

    #[test]
    fn ages_are_a_number_and_a_unit() {
        let ages = ["90s", "30m", "2h", "3d"].map(|text| parse_age(text).unwrap().as_secs());
        assert_eq!(ages, [90, 1_800, 7_200, 259_200]);
        for text in ["", "m", "3", "3w", "-1h", "1.5h", "3 d", "1ｈ"] {
            assert!(parse_age(text).is_err(), "{text}");
        }
    }
}
