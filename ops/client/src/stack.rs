//! Stacks as CloudFormation describes them: outputs, parameters, and the resources of nested stacks too.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;

use aws_client::{Aws, AwsError, xml};

use crate::user::User;

const CLOUDFORMATION: (&str, &str) = ("cloudformation", "2010-05-15");
const NESTED: &str = "AWS::CloudFormation::Stack";

/// A deployed pipeline, and the user who uploads to it.
pub trait Pipeline: fmt::Debug + Sync {
    /// A signed client of the stack's APIs.
    fn aws(&self) -> Aws;

    /// An output of the template, by name.
    ///
    /// # Errors
    ///
    /// When the template has no such output.
    fn output(&self, name: &'static str) -> Result<&str, MissingOutput>;

    /// The user.
    fn user(&self) -> &User;

    /// How the user signs in.
    fn sign_in(&self) -> SignIn;
}

/// How a user gets tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignIn {
    /// By the hosted page's form, with authorization code and PKCE, as a browser does.
    Page,
    /// By `InitiateAuth` and the Secure Remote Password protocol, as an app does.
    Srp,
}

/// The template lacks an output that the operator's side needs.
#[derive(Debug, thiserror::Error)]
#[error("template.yaml has no output {0}; add it, or deploy the stack again if the template changed since")]
pub struct MissingOutput(pub &'static str);

/// A stack of our template, in the account, region and endpoint of its client.
#[derive(Clone, Debug)]
pub struct DeployedStack {
    /// Its name.
    pub name: String,
    /// Signs requests to the account and region that the stack is in.
    pub aws: Aws,
    /// Its ARN.
    pub arn: String,
    /// Its status, such as `CREATE_COMPLETE`.
    pub status: String,
    /// The template's outputs.
    pub outputs: BTreeMap<String, String>,
    /// The parameters with their defaults filled in.
    pub parameters: BTreeMap<String, String>,
}

/// A resource of a stack, or of a stack nested in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackResource {
    /// Its name in the template.
    pub logical_id: String,
    /// Its name or address, as `Ref` gives it.
    pub physical_id: String,
    /// Such as `AWS::S3::Bucket`.
    pub kind: String,
    /// Such as `CREATE_COMPLETE`.
    pub status: String,
}

impl DeployedStack {
    /// Asks CloudFormation for the stack `name`.
    ///
    /// # Errors
    ///
    /// When there is no such stack, or it may not be asked for.
    pub async fn describe(aws: Aws, name: &str) -> Result<Self, AwsError> {
        let answer = cloudformation(&aws, "DescribeStacks", &[("StackName", name)]).await?;
        let pairs = |list, tags| {
            let members = xml::members(&answer, list, tags).into_iter();
            members.map(|[name, value]| (name, value)).collect::<BTreeMap<_, _>>()
        };
        let mut outputs = pairs("Outputs", ["OutputKey", "OutputValue"]);
        localise(&mut outputs, &aws);
        Ok(Self {
            name: name.to_owned(),
            arn: xml::first(&answer, "StackId").unwrap_or_default(),
            status: xml::first(&answer, "StackStatus").unwrap_or_default(),
            outputs,
            parameters: pairs("Parameters", ["ParameterKey", "ParameterValue"]),
            aws,
        })
    }

    /// An output of the template, by name.
    ///
    /// # Errors
    ///
    /// When the template has no such output.
    pub fn output(&self, name: &'static str) -> Result<&str, MissingOutput> {
        self.outputs.get(name).map(String::as_str).ok_or(MissingOutput(name))
    }

    /// The resources of the stack and of all that are nested in it.
    ///
    /// # Errors
    ///
    /// When they may not be asked for.
    pub async fn resources(&self) -> Result<Vec<StackResource>, AwsError> {
        let mut resources = Vec::new();
        let mut stacks = VecDeque::from([self.name.clone()]);
        while let Some(stack) = stacks.pop_front() {
            let mut token = String::new();
            loop {
                let mut query = vec![("StackName", stack.as_str())];
                if !token.is_empty() {
                    query.push(("NextToken", &token));
                }
                let page = cloudformation(&self.aws, "ListStackResources", &query).await?;
                let tags = ["LogicalResourceId", "PhysicalResourceId", "ResourceType", "ResourceStatus"];
                for [logical_id, physical_id, kind, status] in
                    xml::members(&page, "StackResourceSummaries", tags)
                {
                    if kind == NESTED {
                        stacks.push_back(physical_id.clone());
                    }
                    resources.push(StackResource { logical_id, physical_id, kind, status });
                }
                token = xml::first(&page, "NextToken").unwrap_or_default();
                if token.is_empty() {
                    break;
                }
            }
        }
        Ok(resources)
    }
}

/// Where one endpoint serves all APIs, it serves the sign-in page too: its name on AWS is not served there.
fn localise(outputs: &mut BTreeMap<String, String>, aws: &Aws) {
    if let Some(page) = outputs.get_mut("HostedUiUrl")
        && !aws.is_regional()
    {
        aws.endpoint().clone_into(page);
    }
}

async fn cloudformation(aws: &Aws, action: &str, params: &[(&str, &str)]) -> Result<String, AwsError> {
    aws.query(CLOUDFORMATION.0, CLOUDFORMATION.1, action, params).await
}

/// The names of the stacks that CloudFormation knows, as far as one answer holds them.
///
/// # Errors
///
/// When they may not be asked for.
pub async fn names(aws: &Aws) -> Result<Vec<String>, AwsError> {
    let answer = cloudformation(aws, "DescribeStacks", &[]).await?;
    Ok(xml::members(&answer, "Stacks", ["StackName"]).into_iter().map(|[name]| name).collect())
}
