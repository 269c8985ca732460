//! `ops trace`: an image's trace as a waterfall.

use std::path::Path;
use std::time::{Duration, Instant};

use aws_client::{Aws, AwsError};
use pipeline_client::evidence::PROCESSED;
use pipeline_client::xray;
use terminal::Terminal;
use trace_model::{Trace, waterfall};

use crate::cli::TraceArgs;
use crate::failure::Failure;
use crate::print::{print_json, print_text};
use crate::similar_names::UnknownName;
use crate::target::{Lookup, Target};

/// Spans leave a function after its answer, so those of an image that is DONE may still be on their way.
const PATIENCE: Duration = Duration::from_secs(2);
/// X-Ray itself takes seconds from a segment to the trace that holds it.
const PATIENCE_ON_AWS: Duration = Duration::from_secs(20);
/// How often X-Ray is asked meanwhile; nothing wakes a reader there.
const INTERVAL: Duration = Duration::from_millis(200);

/// Prints the trace.
///
/// # Errors
/// No such stack, or no such trace.
pub(crate) async fn run(
    args: &TraceArgs,
    root: &Path,
    terminal: Terminal,
    lookup: Lookup<'_>,
) -> Result<(), Failure> {
    let target = Target::find(&args.stack, root, lookup).await?;
    let aws = target.aws();
    let id = args.id.as_str();
    let is_trace_id = trace_model::xray::is_hex(id, 32);
    let Some(trace) = find(&aws, id, is_trace_id).await.map_err(Failure::Traces)? else {
        return Err(unknown(&target, id, is_trace_id).await.map_err(Failure::Traces)?.into());
    };
    if args.stack.json {
        print_json(&trace)
    } else {
        print_text(waterfall::render(&trace, terminal.style).trim_end(), terminal)
    }
}

/// The trace, whole if that is to be had soon.
async fn find(aws: &Aws, id: &str, is_trace_id: bool) -> Result<Option<Trace>, AwsError> {
    let begun = Instant::now();
    let patience = if aws.is_regional() { PATIENCE_ON_AWS } else { PATIENCE };
    loop {
        let found = if is_trace_id { xray::by_id(aws, id).await? } else { xray::by_image(aws, id).await? };
        let is_whole = found.as_ref().is_some_and(|trace| trace.span(PROCESSED).is_some());
        if is_whole || begun.elapsed() > patience {
            return Ok(found);
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

async fn unknown(target: &Target, id: &str, is_trace_id: bool) -> Result<UnknownName, AwsError> {
    let all = match target {
        Target::Local(_) => {
            "only uploads since the stack came up are known, and `ops upload` prints their ids"
        }
        Target::Deployed(_) => "X-Ray keeps traces for 30 days, and only those that were sampled",
    };
    let known = xray::known(&target.aws()).await?;
    Ok(if is_trace_id {
        UnknownName::among("trace", id, known.traces.iter().map(String::as_str), all)
    } else {
        UnknownName::among("trace of an image", id, known.images.iter().map(String::as_str), all)
    })
}
