//! Releases that a stack is brought up with, and updated to.

use std::path::PathBuf;

use local_stack::deploy::{Deployment, Functions, reconcile};
use local_stack::stack::{Options, STACK};

use crate::harness::{Harness, functions, root};
use crate::queue::hush;

/// A template and the functions that were built with it.
#[derive(Clone, Debug)]
pub(crate) struct Release {
    pub(crate) template: PathBuf,
    pub(crate) functions: Functions,
}

impl Release {
    /// The repository as it is.
    pub(crate) async fn current() -> Self {
        Self { template: root().join("template.yaml"), functions: functions().await }
    }
}

impl Harness {
    /// Updates the stack, as `sam deploy` does, to `release` and `parameters`.
    pub(crate) async fn update(&self, release: &Release, parameters: &[(&str, &str)]) {
        let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let options = Options { parameters: parameters.collect(), ..Options::default() };
        let deployment = Deployment {
            aws: &self.aws,
            stack: STACK,
            template: &release.template,
            parameters: &options.deployed_parameters(),
            functions: &release.functions,
        };
        let deployed = deployment.update(&()).await.unwrap();
        reconcile(&self.aws, &deployed, &()).await.unwrap();
        hush(&self.aws, self.output("OriginalBucketName"), self.output("QueueUrl")).await;
    }
}
