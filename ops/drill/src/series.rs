//! Series: several drills, one after the other, and their report.

use std::time::SystemTime;

use contract::time::rfc3339;
use local_stack::stack::StackInfo;
use terminal::progress::Reporter;

use crate::error::DrillError;
use crate::file::Drill;
use crate::neighbour::Ops;
use crate::report::{Outcome, Report};
use crate::runner::{clock_rate, run};

/// Runs drills one after the other; one that could not be run to its end is one that did not go as its file states.
///
/// # Errors
///
/// When the stack lacks what one of them needs, or the console does not answer; then none is run.
pub async fn run_all(
    stack: &StackInfo,
    drills: &[Drill],
    ops: &Ops,
    reporter: &dyn Reporter,
) -> Result<Report, DrillError> {
    drills.iter().try_for_each(|drill| drill.check_fits(stack))?;
    let date = rfc3339(SystemTime::now()).chars().take(10).collect();
    let mut report = Report {
        ok: true,
        date,
        clock_rate: clock_rate(stack).await?,
        drills: Vec::new(),
        skipped: Vec::new(),
    };
    for drill in drills {
        let outcome = run(stack, drill, ops, reporter).await;
        let outcome = outcome.unwrap_or_else(|error| Outcome::broken_off(drill, &error));
        report.ok &= outcome.is_ok();
        report.drills.push(outcome);
    }
    Ok(report)
}
