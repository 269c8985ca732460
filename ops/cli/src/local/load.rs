//! `ops load`: uploads at a given rate, follows each to its end, and reports what became of them and how long it took.

mod report;

use std::path::Path;

use local_stack::faults::leases::Order;
use local_stack::faults::{HeldLease, Rule};
use pipeline_client::load::{self, LoadError};
use terminal::{Terminals, reporter};

use super::{LocalFailure, console};
use crate::cli::load::LoadArgs;
use crate::dlq;
use crate::failure::{Failure, concluded};
use crate::print::{print_json, print_text};
use crate::signals::Signals;
use crate::target::Lookup;
use report::Report;

/// Sends the load, and prints what became of it.
///
/// # Errors
/// No such stack or one elsewhere, or an upload that did not end as it must.
pub(crate) async fn run(
    args: LoadArgs,
    root: &Path,
    terminals: Terminals,
    lookup: Lookup<'_>,
) -> Result<(), Failure> {
    let mut signals = Signals::listen().map_err(Failure::Runtime)?;
    let info = console::find(root, &args.stack.name)?;
    let progress = reporter(terminals.err);
    let plan = args.plan();
    let faults = match args.faults {
        Some(percent) => {
            let order = Order { rules: Rule::failing("", f64::from(percent) / 100.0), ..Order::default() };
            Some(HeldLease::open(&info, &order).await.map_err(LocalFailure::Faults)?)
        }
        None => None,
    };
    // Boxed, as the future of all uploads at once is large.
    let ledger = signals.guard(Box::pin(load::run(&info, &plan, &*progress))).await??;
    drop(progress);
    let failed_calls = match faults {
        Some(lease) => lease.end(true).await.map_err(LocalFailure::Faults)?.struck.iter().sum(),
        None => 0,
    };
    let dead_letters = dlq::images(&args.stack.name, root, lookup).await?;
    let report = Report::of(&plan, &ledger, &dead_letters, failed_calls);
    let printed = if args.stack.json {
        print_json(&report)
    } else {
        print_text(&report.text(terminals.out.style), terminals.out)
    };
    concluded(printed, if report.ok { Ok(()) } else { Err(Failure::Pipeline) })
}

impl From<LoadError> for Failure {
    fn from(error: LoadError) -> Self {
        Self::Load(Box::new(error))
    }
}
