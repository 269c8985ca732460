//! `ops doctor`: a checklist of what only AWS can show, checked on a deployed stack.
//!
//! - `check` what a check is, and how it can end
//! - `context` what checks look at: the stack, and a guest who uploads
//! - `checks` the checks, a file for each room of AWS
//! - `report` the result for people and programs

mod check;
mod checks;
mod context;
mod report;

use std::path::Path;

use pipeline_client::guest::Guest;
use terminal::progress::Step;
use terminal::{Terminals, print_err, reporter};

use crate::cli::doctor::DoctorArgs;
use crate::failure::{Failure, concluded};
use crate::print::{print_json, print_text};
use crate::signals::Signals;
use crate::target::{Lookup, deployed};
use check::{Check, Finding, Outcome, Proof};
use checks::ALL;
use context::Context;

/// The names of all checks.
pub(crate) fn names() -> Vec<&'static str> {
    ALL.iter().map(|check| check.name).collect()
}

/// Runs the checks and prints what was seen.
///
/// # Errors
/// No such stack, or a check failed.
pub(crate) async fn run(
    args: DoctorArgs,
    root: &Path,
    terminals: Terminals,
    lookup: Lookup<'_>,
) -> Result<(), Failure> {
    let mut signals = Signals::listen().map_err(Failure::Runtime)?;
    let stack = deployed(&args.stack, lookup).await?;
    let wanted = |check: &&Check| args.checks.is_empty() || args.checks.iter().any(|name| name == check.name);
    let wanted: Vec<&Check> = ALL.iter().filter(wanted).collect();
    let uploads = args.upload && wanted.iter().any(|check| check.proof == Proof::Upload);
    let guest = if uploads { Some(Guest::create(&stack).await?) } else { None };
    let context = Context::new(stack, root, guest);
    let findings = signals.guard(examine(&wanted, &context, terminals)).await;
    context.clean().await.iter().for_each(|left| print_err(left));
    let findings = findings?;
    let ok = findings.iter().all(|finding| !matches!(finding.outcome, Outcome::Failed { .. }));
    let printed = if args.json {
        print_json(&report::document(ok, &context, &findings))
    } else {
        print_text(&report::table(&context, &findings, terminals.out.style), terminals.out)
    };
    concluded(printed, if ok { Ok(()) } else { Err(Failure::Pipeline) })
}

async fn examine<'a>(checks: &[&'a Check], context: &Context, terminals: Terminals) -> Vec<Finding<'a>> {
    let progress = reporter(terminals.err);
    let step = Step::start(&*progress, "doctor", format!("Examining the stack {}", context.stack.name));
    let mut findings = Vec::with_capacity(checks.len());
    for check in checks {
        step.moved(check.name, Some(findings.len() as u64), Some(checks.len() as u64));
        findings.push(Finding { check, outcome: check.outcome(context).await });
    }
    step.finish(format!("Examined the stack {}", context.stack.name));
    findings
}
