//! Alarms and dashboards of the nested templates, with the values of this deployment.
//!
//! Alarms that a condition leaves out are read all the same: the engine refuses those on expressions and on other
//! alarms, and they are evaluated here. A dashboard that a condition leaves out is not there.

use std::collections::BTreeMap;

use cloudwatch_model::alarm::{AlarmError, AlarmSet};
use cloudwatch_model::dashboard::{Dashboard, DashboardError};
use cloudwatch_model::{Inputs, Resource, Template, TemplateError};
use http::Method;
use serde_json::Value;

use super::create::ARTIFACTS;
use super::deployed::Deployed;
use super::intrinsics::UnresolvedError;
use crate::cloudwatch::Account;
use aws_client::{Aws, AwsError};

/// The folder of the alarms' templates.
const ALARMS: &str = "alarms/";

/// What there is to be watched.
#[derive(Debug, Default)]
pub struct Assets {
    /// All alarms.
    pub alarms: AlarmSet,
    /// The dashboards by name.
    pub dashboards: BTreeMap<String, DeployedDashboard>,
    /// Whose they are.
    pub account: Account,
}

/// A dashboard, and what it was read from.
#[derive(Clone, Debug)]
pub struct DeployedDashboard {
    /// The `DashboardBody`.
    pub body: String,
    /// What it states.
    pub dashboard: Dashboard,
}

/// An alarm or a dashboard that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum AssetsError {
    /// A nested stack's condition or parameters.
    #[error("the condition or the parameters of the nested stack {stack} cannot be resolved")]
    Parameters {
        /// Its logical id.
        stack: String,
        /// Why not.
        source: UnresolvedError,
    },
    /// The engine does not have the template any more.
    #[error("a nested template cannot be read from the engine")]
    Fetch(#[from] AwsError),
    /// A template.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// An alarm.
    #[error(transparent)]
    Alarm(#[from] AlarmError),
    /// A dashboard.
    #[error(transparent)]
    Dashboard(#[from] DashboardError),
    /// A dashboard whose body is no JSON.
    #[error("{location}: the body of the dashboard is not JSON")]
    Body {
        /// Where.
        location: cloudwatch_model::Location,
        /// Why not.
        source: serde_json::Error,
    },
}

impl Assets {
    /// Those of a stack that stands.
    ///
    /// # Errors
    ///
    /// Names the file and the place of what is not understood.
    pub async fn of(aws: &Aws, deployed: &Deployed) -> Result<Self, AssetsError> {
        let mut resources = Vec::new();
        for (stack, address) in nested(&deployed.template) {
            let Some((_, file)) = address.split_once(&format!("/{ARTIFACTS}/")) else { continue };
            let unresolved = |source| AssetsError::Parameters { stack: stack.to_owned(), source };
            if !file.starts_with(ALARMS) && deployed.leaves_out(stack).map_err(unresolved)? {
                continue;
            }
            let text = aws.rest("s3", Method::GET, &format!("/{ARTIFACTS}/{file}"), Vec::new(), &[]).await?;
            let template = Template::parse(file, &String::from_utf8_lossy(text.body()))?;
            let parameters = deployed.property(stack, "Parameters").map_err(unresolved)?;
            resources.extend(template.resolve(&deployed.inputs(parameters.as_ref()))?);
        }
        let Inputs { region, account_id: id, .. } = deployed.inputs(None);
        let account = Account { id, region };
        Ok(Self { alarms: AlarmSet::read(&resources)?, dashboards: dashboards(&resources)?, account })
    }
}

impl Deployed {
    fn inputs(&self, parameters: Option<&Value>) -> Inputs {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let given = parameters.and_then(Value::as_object).into_iter().flatten();
        let pseudo = |name| self.pseudo_parameter(name).unwrap_or_default().to_owned();
        Inputs {
            parameters: given.map(|(name, value)| (name.clone(), text(value))).collect(),
            region: pseudo("AWS::Region"),
            account_id: pseudo("AWS::AccountId"),
        }
    }
}

/// The nested stacks: logical id and address of the template.
fn nested(template: &Value) -> Vec<(&str, &str)> {
    let resources = template.get("Resources").and_then(Value::as_object).into_iter().flatten();
    let stacks = resources.filter(|(_, resource)| {
        resource.get("Type").is_some_and(|kind| kind == "AWS::CloudFormation::Stack")
    });
    let named = stacks.filter_map(|(id, resource)| {
        Some((id.as_str(), resource.pointer("/Properties/TemplateURL")?.as_str()?))
    });
    named.collect()
}

fn dashboards(resources: &[Resource]) -> Result<BTreeMap<String, DeployedDashboard>, AssetsError> {
    let mut dashboards = BTreeMap::new();
    for resource in resources.iter().filter(|resource| resource.kind == "AWS::CloudWatch::Dashboard") {
        let property = |name| resource.properties.get(name).and_then(Value::as_str).unwrap_or_default();
        let name = property("DashboardName");
        let body = property("DashboardBody").to_owned();
        let parsed = serde_json::from_str(&body)
            .map_err(|source| AssetsError::Body { location: resource.location.clone(), source })?;
        let dashboard = Dashboard::read(name, &parsed)?;
        dashboards.insert(name.to_owned(), DeployedDashboard { body, dashboard });
    }
    Ok(dashboards)
}
