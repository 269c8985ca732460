//! Target of `ops dlq`: the dead-letter queue, what belongs to it, and credentials; on AWS or the local stack.

use std::collections::BTreeMap;
use std::path::Path;

use aws_client::Aws;

use crate::cli::AnyStack;
use crate::cli::dlq::TargetArgs;
use crate::failure::Failure;
pub(super) use crate::target::Lookup;
use crate::target::{Target as Stack, TargetError};
use pipeline_client::dead_letters::DeadLetters;
use pipeline_client::queue::Queue;

/// The output that names the function which the queue feeds.
const PROCESSOR: &str = "ImageProcessorFunctionName";

/// A dead-letter queue and what belongs to it.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) aws: Aws,
    /// The dead-letter queue.
    pub(crate) url: String,
    /// The queue that its messages came from, if known.
    pub(crate) source: Option<String>,
    /// The table of images, if known.
    pub(crate) table: Option<String>,
    /// The bucket of uploads, if known.
    pub(crate) bucket: Option<String>,
    /// The processor's log, if known.
    pub(crate) log_group: Option<String>,
    /// The options of `ops dlq` that name this target.
    options: String,
    /// Whether traces are in X-Ray's console.
    has_xray: bool,
}

impl Target {
    /// Finds the target that the arguments name.
    pub(crate) async fn find(args: &TargetArgs, root: &Path, lookup: Lookup<'_>) -> Result<Self, Failure> {
        if args.queue_url.is_some() {
            let aws = Aws::from_environment(lookup).await.map_err(TargetError::from)?;
            return Ok(Self::of_queue(aws, args));
        }
        let stack = AnyStack { json: false, name: args.name.clone(), stack: args.stack.clone() };
        let stack = Stack::find(&stack, root, lookup).await?;
        let (aws, options) = (stack.aws(), stack.option());
        Ok(match stack {
            Stack::Local(info) => Self::of_outputs(aws, &info.name, info.outputs, options)?,
            Stack::Deployed(stack) => Self::of_outputs(aws, &stack.name, stack.outputs, options)?,
        })
    }

    /// The target in a stack of our template, here or on AWS.
    fn of_outputs(
        aws: Aws,
        stack: &str,
        mut outputs: BTreeMap<String, String>,
        options: String,
    ) -> Result<Self, TargetError> {
        let mut take = |output: &'static str| {
            outputs.remove(output).ok_or_else(|| TargetError::Output { stack: stack.to_owned(), output })
        };
        Ok(Self {
            url: take("DeadLetterQueueUrl")?,
            source: Some(take("QueueUrl")?),
            table: Some(take("MetadataTableName")?),
            bucket: Some(take("OriginalBucketName")?),
            log_group: Some(log_group(&take(PROCESSOR)?)),
            options,
            has_xray: aws.is_regional(),
            aws,
        })
    }

    fn of_queue(aws: Aws, args: &TargetArgs) -> Self {
        let url = args.queue_url.clone().unwrap_or_default();
        Self {
            source: None,
            table: args.table.clone(),
            bucket: None,
            log_group: None,
            options: format!(" --queue-url {url}"),
            has_xray: aws.is_regional(),
            url,
            aws,
        }
    }

    /// The dead-letter queue.
    pub(crate) fn dead_letters(&self) -> DeadLetters<'_> {
        let queue = Queue { aws: &self.aws, url: &self.url };
        DeadLetters { queue, table: self.table.as_deref(), bucket: self.bucket.as_deref() }
    }

    /// The dead-letter queue's name.
    pub(crate) fn name(&self) -> &str {
        self.url.rsplit('/').next().unwrap_or(&self.url)
    }

    /// The options that name this target in a command of `ops dlq`.
    pub(crate) fn options(&self) -> &str {
        &self.options
    }

    /// How to open a trace: the URL of the X-Ray console, or a command of `ops`.
    pub(crate) fn trace(&self, id: &str) -> String {
        match (self.has_xray, id.split_at_checked(8)) {
            (true, Some((time, rest))) => {
                let region = self.aws.region();
                format!(
                    "https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}#xray:traces/1-{time}-{rest}"
                )
            }
            _ => format!("ops trace {id}"),
        }
    }
}

/// The log group that Lambda writes a function's logs to.
fn log_group(function: &str) -> String {
    format!("/aws/lambda/{function}")
}
