//! What checks look at: the stack, its resources, and a guest who uploads.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use aws_client::Aws;
use http::Method;
use pipeline_client::evidence::AwsEvidence;
use pipeline_client::guest::Guest;
use pipeline_client::stack::{DeployedStack, MissingOutput, StackResource};
use pipeline_client::verify::{Verified, verify};
use serde_json::Value;
use tokio::sync::OnceCell;

use super::check::CheckError;
use crate::photos;

/// What checks look at.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) stack: DeployedStack,
    /// There if something may be uploaded.
    pub(crate) guest: Option<Guest>,
    root: PathBuf,
    resources: OnceCell<Vec<StackResource>>,
    verified: OnceCell<Verified>,
    /// Ids of images that no object names, so that their items are removed by name.
    invented: Mutex<Vec<String>>,
}

impl Context {
    pub(crate) fn new(stack: DeployedStack, root: &Path, guest: Option<Guest>) -> Self {
        let root = root.to_owned();
        let (resources, verified) = (OnceCell::new(), OnceCell::new());
        Self { stack, guest, root, resources, verified, invented: Mutex::default() }
    }

    /// The repository.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn aws(&self) -> &Aws {
        &self.stack.aws
    }

    /// Whether AWS itself answers.
    pub(crate) fn is_aws(&self) -> bool {
        self.stack.aws.is_regional()
    }

    pub(crate) fn output(&self, name: &'static str) -> Result<&str, MissingOutput> {
        self.stack.output(name)
    }

    /// A parameter of the stack; empty where it has none.
    pub(crate) fn parameter(&self, name: &str) -> &str {
        self.stack.parameters.get(name).map_or("", String::as_str)
    }

    /// The account that the stack is in.
    pub(crate) fn account(&self) -> &str {
        self.stack.arn.split(':').nth(4).unwrap_or_default()
    }

    /// The resources of the stack and of those nested in it.
    pub(crate) async fn resources(&self) -> Result<&[StackResource], CheckError> {
        let listed = async || Ok::<_, CheckError>(self.stack.resources().await?);
        Ok(self.resources.get_or_try_init(listed).await?)
    }

    /// The name of a resource, by its name in the template.
    pub(crate) async fn resource(&self, logical_id: &'static str) -> Result<&str, CheckError> {
        let found = self.resources().await?.iter().find(|resource| resource.logical_id == logical_id);
        found.map(|resource| resource.physical_id.as_str()).ok_or(CheckError::Resource(logical_id))
    }

    /// A file of the repository.
    pub(crate) fn file(&self, name: &str) -> Result<String, CheckError> {
        std::fs::read_to_string(self.root.join(name))
            .map_err(|source| CheckError::File(name.to_owned(), source))
    }

    /// GETs a document of a REST API.
    pub(crate) async fn get(&self, service: &str, path: &str) -> Result<Value, CheckError> {
        let answer = self.aws().rest(service, Method::GET, path, Vec::new(), &[]).await?;
        serde_json::from_slice(answer.body()).map_err(|source| {
            let source = source.into();
            aws_client::AwsError::Answer { call: format!("{service} GET {path}"), source }.into()
        })
    }

    /// A photo that the guest has uploaded, followed to its end; uploaded once for all checks.
    pub(crate) async fn verified(&self, guest: &Guest) -> &Verified {
        let upload = async || {
            let photo = photos::bundled(&self.root).first().map(|path| photos::read_one(path));
            let Some(Ok(photo)) = photo else { return Verified::default() };
            let evidence = AwsEvidence::of(&guest.client, &guest.inbox);
            Box::pin(verify(&guest.client, &evidence, &photo, &())).await
        };
        self.verified.get_or_init(upload).await
    }

    /// Remembers the id of an image that has an item and no object.
    pub(crate) fn invented(&self, image_id: &str) {
        self.invented.lock().unwrap_or_else(PoisonError::into_inner).push(image_id.to_owned());
    }

    /// Removes all that the checks have written; answers what is left.
    pub(crate) async fn clean(&self) -> Vec<String> {
        let Some(guest) = &self.guest else { return Vec::new() };
        let invented = self.invented.lock().unwrap_or_else(PoisonError::into_inner).clone();
        guest.remove(&invented).await
    }
}
