//! The repository's templates of alarms and dashboards, resolved with the parameters of the deployed stack.

use cloudwatch_model::{Inputs, Resource, Template};
use pipeline_client::stack::DeployedStack;

use crate::doctor::check::CheckError;
use crate::doctor::context::Context;

/// The nested stacks, by their names in template.yaml, and their files.
pub(super) const ALARMS: [(&str, &str); 2] =
    [("Alarms", "alarms/pipeline.json"), ("MathAlarmStack", "alarms/slo.json")];
pub(super) const DASHBOARDS: [(&str, &str); 4] = [
    ("Dashboards", "dashboards/overview.json"),
    ("TimeDashboard", "dashboards/time.json"),
    ("UploadsDashboard", "dashboards/uploads.json"),
    ("StatusDashboard", "dashboards/status.json"),
];

/// The resources that the files state for this stack; a nested stack that a condition leaves out has none.
pub(super) async fn resolved(
    context: &Context,
    nested: &[(&'static str, &'static str)],
) -> Result<Vec<Resource>, CheckError> {
    let mut resources = Vec::new();
    for (logical_id, file) in nested {
        let Ok(arn) = context.resource(logical_id).await else { continue };
        let stack = DeployedStack::describe(context.aws().clone(), arn).await?;
        let inputs = Inputs {
            parameters: stack.parameters,
            region: context.aws().region().to_owned(),
            account_id: context.account().to_owned(),
        };
        resources.extend(Template::parse(file, &context.file(file)?)?.resolve(&inputs)?);
    }
    Ok(resources)
}
