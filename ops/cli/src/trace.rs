//! `ops trace`: an image's trace as a waterfall.

use std::path::Path;

use local_stack::observe::span::Trace;
use local_stack::stack::StackInfo;
use local_stack::waterfall;
use serde::Deserialize;

use crate::cli::TraceArgs;
use crate::console;
use crate::failure::Failure;
use crate::terminal::{Terminal, print_json, print_text};

/// Spans leave a function after its answer, so those of an image that is DONE may still be on their way.
const WAIT_MS: &str = "2000";

#[derive(Deserialize)]
struct Traces {
    traces: Vec<Trace>,
}

/// Prints the trace.
///
/// # Errors
/// No running stack, or no such trace.
pub(crate) async fn run(args: &TraceArgs, root: &Path, terminal: Terminal) -> Result<(), Failure> {
    let info = StackInfo::find(root, &args.stack.name)?;
    let trace = find(&info, &args.id).await?;
    if args.stack.json {
        print_json(&trace)
    } else {
        print_text(waterfall::render(&trace, terminal.style).trim_end())
    }
}

async fn find(info: &StackInfo, id: &str) -> Result<Trace, Failure> {
    let is_trace_id = id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    let by = if is_trace_id { "trace_id" } else { "image_id" };
    let query = [(by, id), ("spans", "process_image"), ("wait_ms", WAIT_MS)];
    let answer: Traces = console::get(info, "traces", &query).await?;
    answer.traces.into_iter().next().ok_or_else(|| Failure::NoTrace { id: id.to_owned() })
}
