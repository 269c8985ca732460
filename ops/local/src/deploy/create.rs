//! Creation and update of the stack: uploads what the template refers to, and calls CloudFormation.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::Duration;

use http::Method;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::time::{Instant, sleep};

use super::build::Functions;
use super::deployed::{Deployed, cloudformation, processed_template};
use super::error::{CREATE_TIMEOUT, DeployError};
use super::package::package;
use super::template::{Kind, Reference, references, rewrite};
use aws_client::xml;
use aws_client::{Aws, AwsError};
use terminal::progress::{Reporter, Step};

/// Holds what was uploaded; no bucket of the pipeline has this name.
pub(super) const ARTIFACTS: &str = "ops-artifacts";

/// What is deployed, and where to.
#[derive(Clone, Debug)]
pub struct Deployment<'a> {
    /// The APIs of the engine.
    pub aws: &'a Aws,
    /// The stack's name.
    pub stack: &'a str,
    /// The template; its paths are relative to its directory.
    pub template: &'a Path,
    /// Parameters that differ from the template's defaults.
    pub parameters: &'a BTreeMap<String, String>,
    /// The programs of the functions.
    pub functions: &'a Functions,
}

impl Deployment<'_> {
    /// Uploads code and nested templates, creates the stack and waits until it stands.
    ///
    /// # Errors
    ///
    /// Names the resource that failed and CloudFormation's reason.
    pub async fn create(&self, reporter: &dyn Reporter) -> Result<Deployed, DeployError> {
        let here = format!(
            "<CreateBucketConfiguration><LocationConstraint>{}</LocationConstraint></CreateBucketConfiguration>",
            self.aws.region()
        );
        let bucket = format!("/{ARTIFACTS}");
        self.aws.rest("s3", Method::PUT, &bucket, here.into_bytes(), &[]).await?;
        self.deploy(Operation::Create, reporter).await
    }

    /// Has the stack, which stands, take this template and these functions, and waits until it does.
    ///
    /// # Errors
    ///
    /// As [`Deployment::create`]; also when nothing would change.
    pub async fn update(&self, reporter: &dyn Reporter) -> Result<Deployed, DeployError> {
        self.deploy(Operation::Update, reporter).await
    }

    async fn deploy(&self, operation: Operation, reporter: &dyn Reporter) -> Result<Deployed, DeployError> {
        let text = read(self.template)?;
        let text = String::from_utf8_lossy(&text);
        let uploaded = self.upload(references(&text)?, reporter).await?;
        let rewritten = rewrite(&text, &uploaded)?;
        let step = Step::start(reporter, "deploy", "Deploying template.yaml");
        // By address, because a template passed inline may not exceed 51,200 bytes.
        let address = self.put("template.yaml", rewritten.into_bytes()).await?;
        let mut seen = BTreeSet::new();
        if operation == Operation::Update {
            seen.extend(self.events().await?.into_iter().map(|event| event.id));
        }
        self.change_stack(operation, &format!("{}{address}", self.aws.endpoint())).await?;
        let template = processed_template(self.aws, self.stack).await?;
        let total = template.get("Resources").and_then(Value::as_object).map_or(0, serde_json::Map::len);
        self.wait(operation, seen, &step, total as u64).await?;
        let mut deployed = Deployed::describe(self.aws, self.stack).await?;
        deployed.unmask(self.parameters);
        step.finish(format!("Deployed {} resources", deployed.resources.len()));
        Ok(deployed)
    }

    async fn upload(
        &self,
        references: Vec<Reference>,
        reporter: &dyn Reporter,
    ) -> Result<BTreeMap<Reference, String>, DeployError> {
        let step = Step::start(reporter, "upload", "Uploading functions and nested templates");
        let total = references.len() as u64;
        let mut uploaded = BTreeMap::new();
        for (done, reference) in (0..).zip(references) {
            step.moved(reference.path.as_str(), Some(done), Some(total));
            let address = self.upload_one(&reference).await?;
            uploaded.insert(reference, address);
        }
        step.finish("Uploaded functions and nested templates");
        Ok(uploaded)
    }

    /// Uploads one artefact; answers its address in the form that its property takes.
    async fn upload_one(&self, reference: &Reference) -> Result<String, DeployError> {
        let Reference { kind, path } = reference;
        let local = self.template.parent().unwrap_or(Path::new(".")).join(path);
        match kind {
            Kind::Template => {
                let address = self.put(path, read(&local)?).await?;
                Ok(format!("{}{address}", self.aws.endpoint()))
            }
            Kind::Function => {
                let directory =
                    fs::canonicalize(&local).map_err(|source| DeployError::Read { path: local, source })?;
                let program = self.functions.program(&directory);
                let program = program.ok_or_else(|| DeployError::NoProgram { path: path.clone() })?;
                let package = package(program)?;
                // Under its hash, as SAM stores it: an update looks at the address alone.
                let digest = Sha256::digest(&package);
                let hash = digest.iter().take(16).fold(0_u128, |hash, byte| hash << 8 | u128::from(*byte));
                let address = self.put(&format!("{path}/{hash:032x}.zip"), package).await?;
                Ok(format!("s3:/{address}"))
            }
        }
    }

    /// Stores an artefact; answers `/bucket/key`.
    async fn put(&self, key: &str, body: Vec<u8>) -> Result<String, DeployError> {
        let address = format!("/{ARTIFACTS}/{key}");
        self.aws.rest("s3", Method::PUT, &address, body, &[]).await?;
        Ok(address)
    }

    async fn change_stack(&self, operation: Operation, template_url: &str) -> Result<(), DeployError> {
        let mut params: Vec<(String, &str)> = vec![
            ("StackName".into(), self.stack),
            ("TemplateURL".into(), template_url),
            ("Capabilities.member.1".into(), "CAPABILITY_NAMED_IAM"),
            ("Capabilities.member.2".into(), "CAPABILITY_AUTO_EXPAND"),
        ];
        if operation == Operation::Create {
            // What failed stays to be looked at; the engine is thrown away as a whole.
            params.push(("OnFailure".into(), "DO_NOTHING"));
        }
        for (index, (key, value)) in (1..).zip(self.parameters) {
            params.push((format!("Parameters.member.{index}.ParameterKey"), key));
            params.push((format!("Parameters.member.{index}.ParameterValue"), value));
        }
        let params: Vec<(&str, &str)> = params.iter().map(|(key, value)| (key.as_str(), *value)).collect();
        self.query(operation.action(), &params).await?;
        Ok(())
    }

    /// Follows the stack's events, but for those `seen`, until it stands.
    async fn wait(
        &self,
        operation: Operation,
        mut seen: BTreeSet<String>,
        step: &Step<'_>,
        total: u64,
    ) -> Result<(), DeployError> {
        let deadline = Instant::now() + CREATE_TIMEOUT;
        let mut done = 0;
        loop {
            let mut last = String::new();
            for Event { id, resource, kind, status, reason } in self.events().await? {
                if !seen.insert(id) {
                    continue;
                }
                if resource == self.stack {
                    match status.as_str() {
                        status if status == operation.complete() => return Ok(()),
                        status if status == operation.in_progress() => {}
                        _ => return Err(DeployError::Status { status, reason }),
                    }
                } else if status.ends_with("FAILED") {
                    return Err(DeployError::Resource { resource, kind, reason });
                } else if status == operation.complete() {
                    done += 1;
                    step.moved(resource.as_str(), Some(done), Some(total));
                }
                last = resource;
            }
            if Instant::now() > deadline {
                return Err(DeployError::TooSlow { last });
            }
            sleep(Duration::from_millis(100)).await;
        }
    }

    /// All events so far, oldest first, so that the first failure is the cause and not a consequence.
    async fn events(&self) -> Result<Vec<Event>, DeployError> {
        let tags = ["EventId", "LogicalResourceId", "ResourceType", "ResourceStatus", "ResourceStatusReason"];
        let mut events = Vec::new();
        let mut token = None;
        loop {
            let mut params = vec![("StackName", self.stack)];
            params.extend(token.as_deref().map(|token| ("NextToken", token)));
            let answer = self.query("DescribeStackEvents", &params).await?;
            let page = xml::members(&answer, "StackEvents", tags);
            events.extend(page.into_iter().map(|[id, resource, kind, status, reason]| Event {
                id,
                resource,
                kind,
                status,
                reason,
            }));
            token = xml::first(&answer, "NextToken").filter(|token| !token.is_empty());
            if token.is_none() {
                events.reverse();
                return Ok(events);
            }
        }
    }

    async fn query(&self, action: &str, params: &[(&str, &str)]) -> Result<String, AwsError> {
        cloudformation(self.aws, action, params).await
    }
}

/// What is done to a stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    Create,
    Update,
}

impl Operation {
    /// The API call.
    fn action(self) -> &'static str {
        match self {
            Self::Create => "CreateStack",
            Self::Update => "UpdateStack",
        }
    }

    /// The status of what is through.
    fn complete(self) -> &'static str {
        match self {
            Self::Create => "CREATE_COMPLETE",
            Self::Update => "UPDATE_COMPLETE",
        }
    }

    /// The status of what is under way.
    fn in_progress(self) -> &'static str {
        match self {
            Self::Create => "CREATE_IN_PROGRESS",
            Self::Update => "UPDATE_IN_PROGRESS",
        }
    }
}

/// One line of the stack's history.
struct Event {
    id: String,
    resource: String,
    kind: String,
    status: String,
    reason: String,
}

fn read(path: &Path) -> Result<Vec<u8>, DeployError> {
    fs::read(path).map_err(|source| DeployError::Read { path: path.to_owned(), source })
}
