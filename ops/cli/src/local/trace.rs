//! `ops trace`: an image's trace as a waterfall.

use std::path::Path;

use local_stack::stack::StackInfo;
use serde::Deserialize;
use terminal::Terminal;
use trace_model::{Trace, waterfall};

use crate::cli::TraceArgs;
use crate::failure::Failure;
use crate::local::console;
use crate::nearest::UnknownName;
use crate::print::{print_json, print_text};

/// Spans leave a function after its answer, so those of an image that is DONE may still be on their way.
const WAIT_MS: &str = "2000";

/// How many known traces are compared with an id that is not found.
const MOST_KNOWN: &str = "1000";

#[derive(Deserialize)]
struct Traces {
    traces: Vec<Trace>,
}

/// Prints the trace.
///
/// # Errors
/// No running stack, or no such trace.
pub(crate) async fn run(args: &TraceArgs, root: &Path, terminal: Terminal) -> Result<(), Failure> {
    let info = console::find(root, &args.stack.name)?;
    let trace = find(&info, &args.id).await?;
    if args.stack.json {
        print_json(&trace)
    } else {
        print_text(waterfall::render(&trace, terminal.style).trim_end(), terminal)
    }
}

async fn unknown(info: &StackInfo, id: &str, is_trace_id: bool) -> Result<UnknownName, Failure> {
    const ALL: &str = "only uploads since the stack came up are known, and `ops upload` prints their ids";
    let known: Traces = console::get(info, "traces", &[("limit", MOST_KNOWN)]).await?;
    let images = known.traces.iter().flat_map(|trace| &trace.image_ids).map(String::as_str);
    let traces = known.traces.iter().map(|trace| trace.trace_id.as_str());
    Ok(if is_trace_id {
        UnknownName::among("trace", id, traces, ALL)
    } else {
        UnknownName::among("trace of an image", id, images, ALL)
    })
}

async fn find(info: &StackInfo, id: &str) -> Result<Trace, Failure> {
    let is_trace_id = id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    let by = if is_trace_id { "trace_id" } else { "image_id" };
    let query = [(by, id), ("spans", "process_image"), ("wait_ms", WAIT_MS)];
    let answer: Traces = console::get(info, "traces", &query).await?;
    match answer.traces.into_iter().next() {
        Some(trace) => Ok(trace),
        None => Err(unknown(info, id, is_trace_id).await?.into()),
    }
}
