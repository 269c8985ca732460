//! Neighbour: a second stack beside the drill's, killed in the middle of its own work, and what of it is seen here.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use contract::time::rfc3339_millis;
use local_stack::faults::leases::Order;
use local_stack::faults::{HeldLease, InjectedFault, Rule};
use local_stack::process_group::Group;
use local_stack::stack::{StackInfo, StateDir};
use pipeline_client::evidence::read_item;
use pipeline_client::upload::{TraceHeaders, request_url};
use pipeline_client::user::sign_in;
use serde::Deserialize;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

use crate::alarms::{Moment, get};
use crate::error::DrillError;
use crate::traffic::{File, put_patiently};

/// Between two looks at the metrics, and how many there are: they are seconds behind the uploads.
const GLANCE: Duration = Duration::from_millis(250);
const GLANCES: usize = 60;
/// Minutes of the metrics' clock that a drill fits into, and that one question may be about.
const MOST_MINUTES: u32 = 1_400;

/// How `ops` is run, to start a second stack.
#[derive(Clone, Debug)]
pub struct Ops {
    /// The program.
    pub program: OsString,
    /// What stands before the arguments of `ops`, such as those of `cargo`.
    pub arguments: Vec<OsString>,
    /// The repository.
    pub root: PathBuf,
}

/// A second stack, as a drill's file states it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Neighbour {
    /// How many uploads of its own it has when it is killed.
    pub uploads: usize,
}

/// A second stack that was killed.
#[derive(Debug)]
pub(crate) struct Dead {
    /// Its images.
    images: Vec<String>,
    pub(crate) at: Instant,
}

/// A running second stack; dropping it kills it, and so does the end of this process.
#[derive(Debug)]
struct Alive {
    child: Child,
    group: Group,
    info: StackInfo,
}

impl Neighbour {
    /// Starts it beside `stack`, uploads to it, and kills it with `kill -9` once it has begun with them.
    pub(crate) async fn live_and_die(&self, stack: &StackInfo, ops: &Ops) -> Result<Dead, DrillError> {
        let name = format!("{}-beside", stack.name);
        let alive = Alive::start(ops, &name).await?;
        let info = &alive.info;
        // A notification that is held keeps an image in the middle: thumbnail and item are there, the end is not.
        let held = Rule { times: usize::MAX, ..Rule::next("sns", "Publish", "", InjectedFault::Hold) };
        let lease = HeldLease::open(info, &Order { rules: vec![held], undo: Vec::new() }).await?;
        let tokens = sign_in(info, &info.user).await?;
        let mut images = Vec::new();
        for number in 0..self.uploads {
            let issued = request_url(info, &tokens, &TraceHeaders::default()).await?;
            put_patiently(&issued, File::Picture.bytes(number)?).await?;
            images.push(issued.image_id);
        }
        lease.until(|standing| standing.struck.iter().all(|struck| *struck > 0)).await?;
        let at = alive.kill().await?;
        // Whoever takes its name empties its directory, here as at the next start of any stack.
        drop(StateDir::take(&ops.root, &name));
        Ok(Dead { images, at })
    }
}

impl Alive {
    async fn start(ops: &Ops, name: &str) -> Result<Self, DrillError> {
        let mut command = Command::new(&ops.program);
        command.args(&ops.arguments).args(["up", "--json", "--engine-port", "0", "--console-port", "0"]);
        command.args(["--name", name]).arg("--root").arg(&ops.root).current_dir(&ops.root);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let (mut child, group) = Group::spawn(&mut command).map_err(DrillError::Neighbour)?;
        let piped = || DrillError::Neighbour(io::ErrorKind::BrokenPipe.into());
        let mut stderr = child.stderr.take().ok_or_else(piped)?;
        // Read all the time: a stack whose words nobody reads would wait for its reader.
        let words = tokio::spawn(async move {
            let mut words = String::new();
            stderr.read_to_string(&mut words).await.map(|_| words)
        });
        let mut line = String::new();
        let stdout = child.stdout.take().ok_or_else(piped)?;
        BufReader::new(stdout).read_line(&mut line).await.map_err(DrillError::Neighbour)?;
        if let Ok(info) = serde_json::from_str(&line) {
            return Ok(Self { child, group, info });
        }
        let words = words.await.map_err(io::Error::other).flatten().map_err(DrillError::Neighbour)?;
        Err(DrillError::Neighbour(io::Error::other(words.trim().to_owned())))
    }

    async fn kill(mut self) -> Result<Instant, DrillError> {
        self.group.kill();
        self.child.wait().await.map_err(DrillError::Neighbour)?;
        Ok(Instant::now())
    }
}

/// The console's lists, of which only the lengths matter.
type Lists = BTreeMap<String, Vec<Value>>;

impl Dead {
    /// What of its images is seen on `stack`, whose own uploads since a moment are `uploads`; one sentence each.
    pub(crate) async fn seen_on(
        &self,
        stack: &StackInfo,
        since: Moment,
        uploads: usize,
    ) -> Result<Vec<String>, DrillError> {
        let mut seen = Vec::new();
        for image in &self.images {
            if read_item(stack, image).await?.is_some() {
                seen.push(format!("the table has an item of the second stack's image {image}"));
            }
            for (what, path) in [("a mail", "mail"), ("a log line", "logs")] {
                let lists: Lists = get(stack, &format!("{path}?image_id={image}")).await?;
                if lists.values().any(|list| !list.is_empty()) {
                    seen.push(format!("{what} is about the second stack's image {image}"));
                }
            }
        }
        let mut counted = 0.0;
        #[expect(clippy::cast_precision_loss, reason = "uploads of a drill")]
        let uploads = uploads as f64;
        for _ in 0..GLANCES {
            counted = uploads_seen(stack, since).await?;
            if counted >= uploads {
                break;
            }
            sleep(GLANCE).await;
        }
        if (counted - uploads).abs() > 0.5 {
            seen.push(format!("the metrics count {counted} uploads, expected {uploads}"));
        }
        Ok(seen)
    }
}

/// How many uploads the metrics of a stack count since then.
async fn uploads_seen(stack: &StackInfo, since: Moment) -> Result<f64, DrillError> {
    let [since, until] =
        [since, since.plus_minutes(MOST_MINUTES)].map(|moment| rfc3339_millis(moment.unix_millis()));
    let question = [
        ("Namespace", "ImagePipeline"),
        ("MetricName", "UploadsSeen"),
        ("Dimensions.member.1.Name", "service"),
        ("Dimensions.member.1.Value", "image-processor-lambda"),
        ("StartTime", since.as_str()),
        ("EndTime", until.as_str()),
        ("Period", "60"),
        ("Statistics.member.1", "Sum"),
    ];
    let answer = stack.aws().query("monitoring", "2010-08-01", "GetMetricStatistics", &question).await?;
    let sums = aws_client::xml::members(&answer, "Datapoints", ["Sum"]).into_iter();
    Ok(sums.filter_map(|[sum]| sum.parse::<f64>().ok()).sum())
}
