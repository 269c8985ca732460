//! A deployed stack, as CloudFormation describes it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::error::DeployError;
use aws_client::xml;
use aws_client::{Aws, AwsError};

const API_VERSION: &str = "2010-05-15";

/// A stack that stands.
#[derive(Clone, Debug)]
pub struct Deployed {
    /// The stack's ARN.
    pub arn: String,
    /// The template's outputs.
    pub outputs: BTreeMap<String, String>,
    /// The resources by logical id.
    pub resources: BTreeMap<String, Resource>,
    /// The parameters with their defaults filled in.
    pub parameters: BTreeMap<String, String>,
    /// The template after its transforms.
    pub template: Value,
}

/// One resource of a stack that stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// Its name or address, as `Ref` gives it.
    pub physical_id: String,
    /// Such as `AWS::S3::Bucket`.
    pub kind: String,
}

impl Deployed {
    /// Asks CloudFormation about a stack, by its name or its ARN; a nested stack is one too.
    ///
    /// # Errors
    ///
    /// When there is no such stack, or its template is not JSON after its transforms.
    pub async fn describe(aws: &Aws, stack: &str) -> Result<Self, DeployError> {
        let name = [("StackName", stack)];
        let described = cloudformation(aws, "DescribeStacks", &name).await?;
        let outputs = xml::members(&described, "Outputs", ["OutputKey", "OutputValue"]);
        let parameters = xml::members(&described, "Parameters", ["ParameterKey", "ParameterValue"]);
        let resources = cloudformation(aws, "DescribeStackResources", &name).await?;
        let tags = ["LogicalResourceId", "PhysicalResourceId", "ResourceType"];
        let resources = xml::members(&resources, "StackResources", tags);
        Ok(Self {
            arn: xml::first(&described, "StackId").unwrap_or_default(),
            outputs: outputs.into_iter().map(|[key, value]| (key, value)).collect(),
            parameters: parameters.into_iter().map(|[key, value]| (key, value)).collect(),
            resources: resources
                .into_iter()
                .map(|[logical_id, physical_id, kind]| (logical_id, Resource { physical_id, kind }))
                .collect(),
            template: processed_template(aws, stack).await?,
        })
    }

    /// Puts in what `CloudFormation` does not echo: what was `given`, else the template's default.
    pub(super) fn unmask(&mut self, given: &BTreeMap<String, String>) {
        let declared = self.template.get("Parameters").and_then(Value::as_object);
        for (name, parameter) in declared.into_iter().flatten() {
            let default = || parameter.get("Default")?.as_str().map(str::to_owned);
            if parameter.get("NoEcho").is_some_and(|it| *it == Value::Bool(true))
                && let Some(value) = given.get(name).cloned().or_else(default)
            {
                self.parameters.insert(name.clone(), value);
            }
        }
    }
}

/// The template of a stack after its transforms.
pub(super) async fn processed_template(aws: &Aws, stack: &str) -> Result<Value, DeployError> {
    let params = [("StackName", stack), ("TemplateStage", "Processed")];
    let answer = cloudformation(aws, "GetTemplate", &params).await?;
    let body = xml::first(&answer, "TemplateBody").unwrap_or_default();
    serde_json::from_str(&body).map_err(DeployError::Template)
}

/// Calls CloudFormation.
pub(super) async fn cloudformation(
    aws: &Aws,
    action: &str,
    params: &[(&str, &str)],
) -> Result<String, AwsError> {
    aws.query("cloudformation", API_VERSION, action, params).await
}
