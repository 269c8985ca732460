//! `ops plan`: capacity, latency and cost of a load; the work is the crate `plan`'s.

use std::fs;
use std::path::Path;

use plan::template::Files;
use plan::{Report, Settings, TemplateError, picture};
use terminal::Terminal;

use crate::cli::plan::PlanArgs;
use crate::failure::{Failure, concluded};
use crate::print::{print_json, print_text};

/// Why nothing can be planned.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PlanError {
    /// A template that is not understood, or a parameter.
    #[error("the template's settings cannot be read")]
    Template(#[from] TemplateError),
    /// Questions that no route answers.
    #[error("--statuses-per-upload asks what only --param StatusApi=enabled answers")]
    NoStatusApi,
}

/// Reckons, and prints.
///
/// # Errors
/// A template that cannot be read, a question that nothing answers, and a load that is beyond a limit.
pub(crate) fn run(args: &PlanArgs, root: &Path, terminal: Terminal) -> Result<(), Failure> {
    let read = |file: &str| {
        let path = root.join(file);
        fs::read_to_string(&path).map_err(|source| Failure::Read { path, source })
    };
    let (template, alarms, math_alarms) =
        (read("template.yaml")?, read("alarms/pipeline.json")?, read("alarms/slo.json")?);
    let files = Files { template: &template, alarms: &alarms, math_alarms: &math_alarms };
    let settings = Settings::read(files, &args.params.iter().cloned().collect()).map_err(PlanError::from)?;
    let load = args.load(&settings);
    if load.statuses_per_upload > 0.0 && !settings.status_api {
        return Err(PlanError::NoStatusApi.into());
    }
    let report = Report::of(settings, load, args.assumed());
    if let Some(path) = &args.svg {
        let written = fs::write(path, picture::svg(&report));
        written.map_err(|source| Failure::Write { path: path.clone(), source })?;
    }
    let printed = if args.json { print_json(&report) } else { print_text(&report.text(), terminal) };
    concluded(printed, if report.is_within_limits() { Ok(()) } else { Err(Failure::Pipeline) })
}
