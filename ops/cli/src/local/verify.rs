//! `ops verify`: the guide's seven steps on the running stack.

use std::path::Path;

use local_stack::flow::Verified;
use serde::Serialize;
use terminal::{Style, Terminals, reporter};
use trace_model::waterfall;

use crate::cli::VerifyArgs;
use crate::failure::{Failure, concluded};
use crate::local::report::{Photo, table};
use crate::local::{console, photos};
use crate::print::{print_json, print_text};
use crate::signals::Signals;

#[derive(Serialize)]
struct Document<'a> {
    ok: bool,
    photos: Vec<Photo<'a>>,
}

/// Verifies the steps with one photo, and prints the result of each.
///
/// # Errors
/// No running stack, no such file, or a step failed.
pub(crate) async fn run(args: VerifyArgs, root: &Path, terminals: Terminals) -> Result<(), Failure> {
    let mut signals = Signals::listen().map_err(Failure::Runtime)?;
    let file = args.file.or_else(|| photos::bundled(root).into_iter().next());
    let info = console::find(root, &args.stack.name)?;
    let photos = photos::read(file.as_slice())?;
    let progress = reporter(terminals.err);
    let verified = signals.guard(photos::verify_all(&info, &photos, &*progress)).await?;
    drop(progress);
    let ok = verified.iter().all(Verified::is_ok);
    let printed = if args.stack.json {
        print_json(&Document { ok, photos: verified.iter().map(Photo::of).collect() })
    } else {
        print_text(&blocks(&verified, terminals.out.style), terminals.out)
    };
    concluded(printed, if ok { Ok(()) } else { Err(Failure::Pipeline) })
}

/// The table, then each trace.
pub(crate) fn blocks(verified: &[Verified], style: Style) -> String {
    let traces = verified.iter().filter_map(|photo| photo.trace.as_ref());
    let traces = traces.map(|trace| waterfall::render(trace, style).trim_end().to_owned());
    let blocks: Vec<String> = std::iter::once(table(verified, style)).chain(traces).collect();
    blocks.join("\n\n")
}
