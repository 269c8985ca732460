//! `ops audit`: whether uploads, items and thumbnails of a stack agree; the work is `pipeline_client::audit`'s.

mod output;

use std::path::Path;

use pipeline_client::audit::aws::AwsSource;
use pipeline_client::audit::{Options, run as audit};
use terminal::progress::Step;
use terminal::{Terminals, reporter};
use thumbnail::Limits;

use crate::cli::audit::AuditArgs;
use crate::failure::{Failure, concluded};
use crate::print::{print_json, print_text};
use crate::signals::Signals;
use crate::target::{Lookup, Target, TargetError};

/// Runs the audit and prints what was found.
///
/// # Errors
/// No such stack, something could not be read, or something was found.
pub(crate) async fn run(
    args: AuditArgs,
    root: &Path,
    terminals: Terminals,
    lookup: Lookup<'_>,
) -> Result<(), Failure> {
    let mut signals = Signals::listen().map_err(Failure::Runtime)?;
    let target = Target::find(&args.stack, root, lookup).await?;
    let dead_letters = usize::try_from(args.dead_letters.get()).unwrap_or(usize::MAX);
    let source = AwsSource::new(target.aws(), |name| target.output(name), dead_letters)
        .map_err(|missing| TargetError::Output { stack: target.name().to_owned(), output: missing.0 })?;
    let defaults = Options::now();
    let options = Options {
        settled_after: args.settled_after,
        measure: args.deep.then_some(measure),
        examples: usize::try_from(args.limit).unwrap_or(usize::MAX),
        scratch: args.scratch.unwrap_or_else(|| defaults.scratch.clone()),
        ..defaults
    };
    let progress = reporter(terminals.err);
    let label = format!("Auditing {}", target.name());
    let step = Step::start(&*progress, "audit", label);
    let report = signals.guard(audit(&source, &options, &step)).await??;
    step.finish(format!("Audited {}", target.name()));
    drop(progress);
    let report = output::without_secrets(report);
    let verdict = if report.ok { Ok(()) } else { Err(Failure::Pipeline) };
    let printed = if args.stack.json {
        print_json(&report)
    } else {
        print_text(&output::text(&report, &target), terminals.out)
    };
    concluded(printed, verdict)
}

/// The size of a JPEG that can be decoded.
fn measure(bytes: &[u8]) -> Option<(u32, u32)> {
    let decoded = thumbnail::decode(bytes, &Limits::default(), &thumbnail::Options::default()).ok()?;
    Some((decoded.width(), decoded.height()))
}
