//! Command line: arguments and `--help` of every command.

pub(crate) mod alarms;
pub(crate) mod audit;
pub(crate) mod clock;
pub(crate) mod completions;
pub(crate) mod dashboard;
pub(crate) mod dlq;
pub(crate) mod doctor;
pub(crate) mod drill;
pub(crate) mod erase;
mod help;
pub(crate) mod load;
pub(crate) mod plan;
pub(crate) mod reprocess;
mod running_stack;
mod up;

use std::num::{NonZeroU32, NonZeroUsize};
use std::ops::RangeInclusive;
use std::path::PathBuf;

use clap::builder::RangedI64ValueParser;
use clap::{Args, Parser, Subcommand};

use alarms::AlarmsCommand;
use audit::AuditArgs;
pub(crate) use clock::ClockArgs;
use completions::CompletionsArgs;
use dashboard::DashboardCommand;
use dlq::DlqCommand;
use doctor::DoctorArgs;
use drill::DrillArgs;
use erase::EraseArgs;
use load::LoadArgs;
use plan::PlanArgs;
use reprocess::ReprocessArgs;
pub(crate) use running_stack::AnyStack;
use running_stack::RunningStack;
pub(crate) use up::UpArgs;

const AFTER: &str = "\
Examples:
  cargo run                         bring the stack up, push two photos through it, stay until Ctrl-C
  cargo run -- up --once --json     the same as a test: one JSON document, then an exit status
  cargo run -- upload cat.jpg       in another terminal: upload as a user would
  cargo run -- trace IMAGE_ID       what happened to it, as a waterfall
  eval \"$(cargo run -- env)\"        give the AWS CLI of this shell the stack's address and key
  cargo run -- load --rate 5        uploads at a rate, each followed to its end, with percentiles
  cargo run -- dlq list             what could not be processed, and why
  cargo run -- audit                whether uploads, items and thumbnails agree
  cargo run -- plan --uploads-per-second 10   which limit comes first, and what a month costs
  cargo run -- drill --list         faults that the stack can be put through, and what each must show
  cargo run -- verify --stack NAME  the same commands on AWS: upload, trace, alarms, dashboard, dlq, audit
  cargo run -- doctor --stack NAME  what only AWS can show, checked on a deployed stack

Exit status:
  0  everything went well
  1  the pipeline did not do its part: a step failed, an upload was refused, a message was left
  2  the command could not be carried out: usage, files, an unknown name, no running stack
  130, 143  ended by Ctrl-C or SIGTERM, after an orderly shutdown
A reader that leaves early, as in `ops ... | head -1`, changes nothing about it.

Lines fit the terminal, or COLUMNS where that is set; --json prints everything in full.";

/// Runs, verifies and monitors the image pipeline, on this machine and, with `--stack`, on AWS. Without a command: `up`.
#[derive(Debug, Parser)]
#[command(name = "ops", version, after_help = AFTER, disable_help_subcommand = true)]
pub(crate) struct Cli {
    /// The repository, where template.yaml is; by default the nearest directory upwards that holds one.
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) root: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Bring the stack up, push photos through it, show each step and trace, and stay until Ctrl-C.
    Up(UpArgs),
    /// Verify the guide's seven steps with a photo, here or on AWS, and report each.
    Verify(VerifyArgs),
    /// Upload files as a user would, and follow each until it is DONE or FAILED.
    Upload(UploadArgs),
    /// Upload at a given rate to a stack of this machine, and report what became of each upload and how long it took.
    Load(LoadArgs),
    /// Reckon what a load needs, how long its uploads take and what a month costs; nothing is called.
    Plan(PlanArgs),
    /// Show the trace of an image as a waterfall.
    Trace(TraceArgs),
    /// Check on a deployed stack what only AWS can show, and report what was seen.
    Doctor(DoctorArgs),
    /// Open the console of the running stack in the browser; its address is printed too.
    Open(OpenArgs),
    /// Show or change how fast the clock of the running stack's metrics and alarms goes.
    Clock(ClockArgs),
    /// Print the variables by which the AWS CLI and SDKs, or with --client your own client, find the running stack.
    Env(EnvArgs),
    /// Make a thumbnail of a file without any stack, and measure what it costs.
    Thumbnail(ThumbnailArgs),
    /// See, redrive or drop what lies in the dead-letter queue, here or on AWS.
    #[command(subcommand)]
    Dlq(DlqCommand),
    /// Check that uploads, items and thumbnails of a stack agree, here or on AWS; nothing is written.
    Audit(AuditArgs),
    /// Have images done again, after a format or a side was added; a dry run without --execute.
    Reprocess(ReprocessArgs),
    /// Erase all that a stack holds of a user or an image; a dry run without --execute.
    Erase(EraseArgs),
    /// Test the alarms of `alarms/`, and see them on a running stack.
    #[command(subcommand)]
    Alarms(AlarmsCommand),
    /// Break the running local stack on purpose, and hold that its alarms ring and nothing is lost.
    Drill(DrillArgs),
    /// See the dashboards of `dashboards/` as CloudWatch draws them.
    #[command(subcommand)]
    Dashboard(DashboardCommand),
    /// Print what makes bash, zsh, fish or another shell complete commands and options.
    Completions(CompletionsArgs),
}

impl Default for Command {
    fn default() -> Self {
        Self::Up(UpArgs::default())
    }
}

/// How many times faster than the day the clock of metrics and alarms may go.
pub(crate) const CLOCK_RATES: RangeInclusive<u32> = 1..=600;

fn clock_rate() -> RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(i64::from(*CLOCK_RATES.start())..=i64::from(*CLOCK_RATES.end()))
}

#[derive(Args, Debug)]
#[command(after_help = "\
With --stack the photo is sent by a temporary user, and a temporary queue is subscribed to the topic. Afterwards the
photo, its thumbnail, its item, the user and the queue are removed. You need what the commands of this list need:
cognito-idp AdminCreateUser, AdminSetUserPassword and AdminDeleteUser, sqs and sns to create and subscribe the queue,
and to read and delete objects and items.

Examples:
  ops verify
  ops verify --stack image-pipeline
  ops verify cat.jpg
  ops verify --json | jq '.photos[0].steps'")]
pub(crate) struct VerifyArgs {
    /// The photo; a bundled one if none is named.
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) stack: AnyStack,
}

#[derive(Args, Debug)]
#[command(after_help = "\
With --stack the files belong to a user of the stack's pool, whom --user names; the password is read from the variable
OPS_PASSWORD and sent to nobody (the user pool's client allows the Secure Remote Password protocol).

Examples:
  ops upload cat.jpg dog.png
  OPS_PASSWORD=... ops upload holiday/ --stack image-pipeline --user me@example.com
  ops upload holiday/ --concurrency 16
  ops upload holiday/ --resume       after an interruption: only what has not ended yet
  ops upload --json cat.jpg | jq -r '.uploads[0].image_id'")]
pub(crate) struct UploadArgs {
    /// Image files, and directories whose files are meant, those in directories below included; names that
    /// begin with a dot and links to directories are left out there.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// How many are on their way at once, and in memory.
    #[arg(long, value_name = "N", default_value = "8")]
    pub(crate) concurrency: NonZeroUsize,
    /// Go on with what an interrupted upload to this stack left: files that ended, unchanged since, are
    /// reported again and not uploaded again.
    #[arg(long)]
    pub(crate) resume: bool,
    /// Whose files they are, beside --stack: the email address of a user who can sign in.
    #[arg(long, value_name = "EMAIL", requires = "stack")]
    pub(crate) user: Option<String>,
    #[command(flatten)]
    pub(crate) stack: AnyStack,
}

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  ops trace 0193a5b2-7c41-7d0e-9f00-5be2a1c0ffee
  ops trace 0193a5b2-7c41-7d0e-9f00-5be2a1c0ffee --stack image-pipeline
  ops trace 4bf92f3577b34da6a3ce929d0e0e4736
  ops trace --json IMAGE_ID | jq '.spans[].name'")]
pub(crate) struct TraceArgs {
    /// The image's id, or a trace id of 32 hex digits.
    #[arg(value_name = "IMAGE_ID")]
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) stack: AnyStack,
}

#[derive(Args, Debug)]
#[command(after_help = "\
With --json: one object with the address, and nothing is opened.

Examples:
  ops open
  ops open --name ci --json | jq -r .console")]
pub(crate) struct OpenArgs {
    #[command(flatten)]
    pub(crate) stack: RunningStack,
}

#[derive(Args, Debug)]
#[command(after_help = "\
Prints commands of a shell: AWS_ENDPOINT_URL, AWS_REGION, AWS_DEFAULT_REGION, AWS_ACCESS_KEY_ID and
AWS_SECRET_ACCESS_KEY are set; AWS_PROFILE, AWS_DEFAULT_PROFILE and AWS_SESSION_TOKEN are unset, since the AWS CLI
would heed them. The key is the root user's of this stack alone, and ends with it: after another start, evaluate
them again. With --json: one object of the variables, null for what is unset.

With --client the stack's demo user is signed in, and what docs/clients/README.md lists is set: TOKEN, that user's ID
token, which is valid for an hour, USER_SUB, ENDPOINT, BUCKET, USER_POOL, IDENTITY_POOL, and the stack's region and
address. The key is unset with the rest: a client gets the user's own from the identity pool.

Examples:
  eval \"$(cargo run --quiet -- env)\" && aws s3 ls
  eval \"$(cargo run --quiet -- env --client)\" && bash docs/clients/curl.sh cat.jpg
  ops env --name ci --json | jq -r .AWS_ENDPOINT_URL

Version 1 of the AWS CLI does not heed AWS_ENDPOINT_URL for every service:
  alias aws='aws --endpoint-url $AWS_ENDPOINT_URL'")]
pub(crate) struct EnvArgs {
    /// The variables of a client that uploads instead: a token of the stack's demo user, and where to send files.
    #[arg(long)]
    pub(crate) client: bool,
    #[command(flatten)]
    pub(crate) stack: RunningStack,
}

#[derive(Args, Debug)]
#[command(after_help = "\
Prints one JSON document: {\"ok\":{width,height,format,bytes},cpu_ms,peak_rss_bytes}, or \"rejected\" with
reason and message instead of \"ok\". The exit status is 0 for both; 2 if a file cannot be read or written.

Example:
  ops thumbnail photo.jpg small.jpg --side 320 --repeat 9")]
pub(crate) struct ThumbnailArgs {
    /// The image.
    #[arg(value_name = "IN")]
    pub(crate) input: PathBuf,
    /// Where the JPEG goes.
    #[arg(value_name = "OUT")]
    pub(crate) output: PathBuf,
    /// The longer side in pixels.
    #[arg(long, value_name = "PX", default_value = "256")]
    pub(crate) side: NonZeroU32,
    /// JPEG quality, 1 to 100.
    #[arg(long, value_name = "Q", default_value_t = 80, value_parser = clap::value_parser!(u8).range(1..=100))]
    pub(crate) quality: u8,
    /// JSON is printed in any case; for scripts that ask every command for it.
    #[arg(long)]
    pub(crate) json: bool,
    /// How often to do it; the median of the CPU times is reported.
    #[arg(long, value_name = "N", default_value = "1")]
    pub(crate) repeat: NonZeroUsize,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    fn parse(words: &[&str]) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(std::iter::once(&"ops").chain(words))
    }

    #[test]
    fn every_option_is_declared_consistently() {
        Cli::command().debug_assert();
    }

    #[test]
    fn defaults_without_a_command_are_those_of_up() {
        let Some(Command::Up(up)) = parse(&["up"]).unwrap().command else { panic!("up was typed") };
        assert_eq!(format!("{up:?}"), format!("{:?}", UpArgs::default()));
        assert!(parse(&[]).unwrap().command.is_none());
    }

    #[test]
    fn parameters_are_split_at_the_first_equals_sign() {
        let up = parse(&["up", "--param", "Bucket=a=b", "--param", "Empty="]).unwrap();
        let Some(Command::Up(up)) = up.command else { panic!("up was typed") };
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(up.params, [pair("Bucket", "a=b"), pair("Empty", "")]);
        assert!(parse(&["up", "--param", "=x"]).is_err());
        assert!(parse(&["up", "--param", "x"]).is_err());
    }
}
