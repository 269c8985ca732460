//! `ops plan`: capacity, latency and cost of a load; the work is the crate `plan`'s.

use std::fs;
use std::path::Path;

use plan::template::Files;
use plan::{Report, Settings, TemplateError, picture};
use terminal::Terminal;

use crate::cli::plan::PlanArgs;
use crate::failure::{Failure, concluded};
use crate::print::{print_json, print_text};

/// The template cannot be planned with.
#[derive(Debug, thiserror::Error)]
#[error("the template's settings cannot be read")]
pub(crate) struct PlanError(#[from] TemplateError);

/// Reckons, and prints.
///
/// # Errors
/// A template that cannot be read, and a load that is beyond a limit.
pub(crate) fn run(args: &PlanArgs, root: &Path, terminal: Terminal) -> Result<(), Failure> {
    let read = |file: &str| {
        let path = root.join(file);
        fs::read_to_string(&path).map_err(|source| Failure::Read { path, source })
    };
    let (template, alarms, math_alarms) =
        (read("template.yaml")?, read("alarms/pipeline.json")?, read("alarms/slo.json")?);
    let files = Files { template: &template, alarms: &alarms, math_alarms: &math_alarms };
    let settings = Settings::read(files, &args.params.iter().cloned().collect()).map_err(PlanError::from)?;
    let report = Report::of(settings, args.load(), args.assumed());
    if let Some(path) = &args.svg {
        let written = fs::write(path, picture::svg(&report));
        written.map_err(|source| Failure::Write { path: path.clone(), source })?;
    }
    let printed = if args.json { print_json(&report) } else { print_text(&report.text(), terminal) };
    concluded(printed, if report.is_within_limits() { Ok(()) } else { Err(Failure::Pipeline) })
}
