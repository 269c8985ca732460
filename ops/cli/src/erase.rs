//! `ops erase`: erases a user or an image; the work is `pipeline_client::erase`'s.

mod report;

use std::path::Path;
use std::time::{Duration, SystemTime};

use aws_client::AwsError;
use contract::time::rfc3339_seconds;
use pipeline_client::erase::aws::AwsEstate;
use pipeline_client::erase::report::{Counts, Report};
use pipeline_client::erase::subject::{Subject, SubjectError};
use pipeline_client::erase::{Options, run as erase};
use serde::Serialize;
use terminal::progress::Step;
use terminal::{Terminals, reporter};

use crate::cli::erase::EraseArgs;
use crate::failure::{Failure, concluded};
use crate::signals::Signals;
use crate::target::{Lookup, Target, TargetError};
use pipeline_client::dead_letters::FileError;
use pipeline_client::dead_letters::journal::{JsonLines, Operator};

/// Why an erasure could not be run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EraseError {
    /// Nobody was named.
    #[error(transparent)]
    Subject(#[from] SubjectError),
    /// A service refuses.
    #[error("not all could be looked at or erased; run it again, it goes on with the rest")]
    Aws(#[from] AwsError),
    /// The audit log, which is written before anything is erased.
    #[error(transparent)]
    File(#[from] FileError),
}

/// One line of the audit log.
#[derive(Serialize)]
struct Line<'a> {
    time: String,
    action: &'static str,
    outcome: &'static str,
    #[serde(flatten)]
    operator: &'a Operator,
    stack: &'a str,
    kind: &'static str,
    id: &'a str,
    erased: Counts,
    left: Counts,
}

/// The audit log, open while something is erased.
struct Log {
    lines: JsonLines,
    operator: Operator,
}

impl Log {
    fn add(
        &mut self,
        outcome: &'static str,
        stack: &str,
        subject: &Subject,
        report: &Report,
    ) -> Result<(), FileError> {
        self.lines.add(&Line {
            time: rfc3339_seconds(SystemTime::now()),
            action: "erase",
            outcome,
            operator: &self.operator,
            stack,
            kind: subject.kind(),
            id: &subject.id(),
            erased: report.erased,
            left: report.left,
        })
    }
}

/// Erases a user or an image, or prints what would be erased.
///
/// # Errors
/// No such stack or user, a service refuses, or something is left.
pub(crate) async fn run(
    args: EraseArgs,
    root: &Path,
    terminals: Terminals,
    lookup: Lookup<'_>,
) -> Result<(), Failure> {
    let mut signals = Signals::listen().map_err(Failure::Runtime)?;
    let target = Target::find(&args.stack, root, lookup).await?;
    let estate = AwsEstate::new(target.aws(), |name| target.output(name))
        .map_err(|missing| TargetError::Output { stack: target.name().to_owned(), output: missing.0 })?;
    let subject = Subject::find(&estate, &args.who).await.map_err(EraseError::from)?;
    let mut log = if args.execute {
        let operator = Operator::find(&target.aws(), lookup).await;
        Some(Log { lines: JsonLines::open(&args.audit).map_err(EraseError::from)?, operator })
    } else {
        None
    };
    let mut report = Report::default();
    if let Some(log) = &mut log {
        log.add("begun", target.name(), &subject, &report).map_err(EraseError::from)?;
    }
    let options = Options {
        execute: args.execute,
        interval: Duration::from_secs(1) / args.rate.get(),
        settle_for: args.settle_for,
    };
    let progress = reporter(terminals.err);
    let verb = if args.execute { "Erasing" } else { "Looking at" };
    let step = Step::start(&*progress, "erase", format!("{verb} the {} {}", subject.kind(), subject.id()));
    let ended = signals.guard(erase(&estate, &subject, options, &mut report, &step)).await;
    step.finish(format!("Looked at the {} {}", subject.kind(), subject.id()));
    drop(progress);
    let is_left = !report.left.is_empty();
    if let Some(log) = &mut log {
        let outcome = match &ended {
            Ok(Ok(())) if is_left => "left",
            Ok(Ok(())) => "erased",
            Ok(Err(_)) => "failed",
            Err(_) => "interrupted",
        };
        log.add(outcome, target.name(), &subject, &report).map_err(EraseError::from)?;
    }
    let verdict = match ended {
        Ok(Ok(())) if is_left => Err(Failure::Pipeline),
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => return Err(EraseError::from(error).into()),
        Err(signal) => Err(signal),
    };
    let printed = report::print(&report, &subject, &target, &args, verdict.is_ok(), terminals);
    concluded(printed, verdict)
}
