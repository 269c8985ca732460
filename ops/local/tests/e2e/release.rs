//! Releases that a stack is brought up with, and updated to.

use std::fs;
use std::path::PathBuf;

use local_stack::deploy::{Deployment, Functions, reconcile};
use local_stack::stack::{Options, STACK};

use crate::harness::{Harness, root};
use crate::queue::hush;
use crate::stacks::functions;

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

    /// What `.ci/build-previous-release` has built: it may have fewer functions than the repository.
    pub(crate) fn previous() -> Self {
        let place = root().join("target/previous-release");
        let tree = fs::canonicalize(place.join("tree")).expect("run .ci/build-previous-release first");
        let packages = fs::read_dir(tree.join("functions")).unwrap().map(|package| package.unwrap());
        let programs =
            packages.map(|package| (package.path(), place.join("build/debug").join(package.file_name())));
        let built = programs.filter(|(_, program)| program.exists()).collect();
        Self { template: tree.join("template.yaml"), functions: Functions::prebuilt(built) }
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
