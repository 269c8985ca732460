//! Arguments and `--help` of `ops doctor`.

use clap::Args;
use clap::builder::PossibleValuesParser;

use crate::doctor::names;

#[derive(Args, Debug)]
#[command(after_help = "\
Each check states what AWS does according to its documentation, looks whether this stack shows it, and reports what was
seen. Without --upload everything is only read. Each check ends as one of:
  ok              it was seen
  failed          something else was seen, or the call was refused; the line below says what to do
  not here        this endpoint has nothing to show: a local engine lacks the feature, or nothing has happened yet
  needs --upload  only an upload can show it

With --upload a temporary user uploads photos, and a message about an object that does not exist is sent to the queue.
Afterwards user, photos, thumbnails, items and the temporary queue are removed. Send no --upload where subscribers of
image-processed-topic would take the notifications for a user's.

Read-only, the managed policy ReadOnlyAccess suffices. docs/first-deploy.md lists what each check proves.

Examples:
  ops doctor --stack image-pipeline                 after each deployment
  ops doctor --stack image-pipeline --upload        after the first one
  ops doctor --stack image-pipeline quotas subscriptions
  ops doctor --stack image-pipeline --json | jq -r '.checks[] | select(.status == \"failed\") | .name'")]
pub(crate) struct DoctorArgs {
    /// Only these checks; all of them if none is named.
    #[arg(value_name = "CHECK", value_parser = PossibleValuesParser::new(names()), hide_possible_values = true)]
    pub(crate) checks: Vec<String>,
    /// The stack of CloudFormation; region, profile, credentials and endpoint are found as the AWS CLI finds them.
    #[arg(long, value_name = "STACK")]
    pub(crate) stack: String,
    /// Also upload photos and send a message, and remove them afterwards.
    #[arg(long)]
    pub(crate) upload: bool,
    /// Print one JSON document on stdout.
    #[arg(long)]
    pub(crate) json: bool,
}
