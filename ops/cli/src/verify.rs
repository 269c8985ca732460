//! `ops verify`: the guide's seven steps, on the local stack or on AWS.

use std::path::Path;

use pipeline_client::evidence::AwsEvidence;
use pipeline_client::guest::Guest;
use pipeline_client::stack::DeployedStack;
use pipeline_client::upload::Photo as File;
use pipeline_client::verify::{Verified, verify};
use serde::Serialize;
use terminal::progress::Reporter;
use terminal::{Style, Terminals, print_err, reporter};
use trace_model::waterfall;

use crate::cli::VerifyArgs;
use crate::failure::{Failure, concluded};
use crate::local::console;
use crate::photos;
use crate::print::{print_json, print_text};
use crate::report::{Photo, table};
use crate::signals::Signals;
use crate::target::{Lookup, Target};

#[derive(Serialize)]
struct Document<'a> {
    ok: bool,
    photos: Vec<Photo<'a>>,
}

/// Verifies the steps with one photo, and prints the result of each.
///
/// # Errors
/// No such stack, no such file, or a step failed.
pub(crate) async fn run(
    args: VerifyArgs,
    root: &Path,
    terminals: Terminals,
    lookup: Lookup<'_>,
) -> Result<(), Failure> {
    let mut signals = Signals::listen().map_err(Failure::Runtime)?;
    let file = args.file.or_else(|| photos::bundled(root).into_iter().next());
    let target = Target::find(&args.stack, root, lookup).await?;
    let photos = photos::read(file.as_slice())?;
    let progress = reporter(terminals.err);
    let verified = match &target {
        Target::Local(info) => signals.guard(console::verify_all(info, &photos, &*progress)).await?,
        Target::Deployed(stack) => as_guest(stack, &photos, &*progress, &mut signals).await?,
    };
    drop(progress);
    let ok = verified.iter().all(Verified::is_ok);
    let printed = if args.stack.json {
        print_json(&Document { ok, photos: verified.iter().map(Photo::of).collect() })
    } else {
        print_text(&blocks(&verified, terminals.out.style), terminals.out)
    };
    concluded(printed, if ok { Ok(()) } else { Err(Failure::Pipeline) })
}

/// Verifies the steps as a guest, who leaves nothing behind even after a signal.
async fn as_guest(
    stack: &DeployedStack,
    photos: &[File],
    progress: &dyn Reporter,
    signals: &mut Signals,
) -> Result<Vec<Verified>, Failure> {
    let guest = Guest::create(stack).await?;
    let all = async {
        let evidence = AwsEvidence::of(&guest.client, &guest.inbox);
        let mut verified = Vec::new();
        for photo in photos {
            // Boxed, as the future of all steps at once is large.
            verified.push(Box::pin(verify(&guest.client, &evidence, photo, progress)).await);
        }
        verified
    };
    let verified = signals.guard(all).await;
    guest.remove(&[]).await.iter().for_each(|left| print_err(left));
    verified
}

/// The table, then each trace.
pub(crate) fn blocks(verified: &[Verified], style: Style) -> String {
    let traces = verified.iter().filter_map(|photo| photo.trace.as_ref());
    let traces = traces.map(|trace| waterfall::render(trace, style).trim_end().to_owned());
    let blocks: Vec<String> = std::iter::once(table(verified, style)).chain(traces).collect();
    blocks.join("\n\n")
}
