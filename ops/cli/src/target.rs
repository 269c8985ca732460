//! The stack that a command is about: a running local one by its name, or one that CloudFormation knows.

use std::path::Path;

use aws_client::{Aws, AwsError, EnvironmentError};
use pipeline_client::stack::{DeployedStack, MissingOutput, names};

use crate::cli::AnyStack;
use crate::failure::Failure;
use crate::local::{RunningInfo, console};
use crate::similar_names::UnknownName;

/// Reads a variable of the environment.
pub(crate) type Lookup<'a> = &'a (dyn Fn(&str) -> Option<String> + Sync);

/// Why the stack cannot be asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TargetError {
    /// No account, or no region.
    #[error("AWS cannot be called; without --stack the local stack is meant")]
    Environment(#[from] EnvironmentError),
    /// CloudFormation did not describe the stack.
    #[error("the stack {stack} cannot be described; check its name, AWS_REGION and AWS_PROFILE")]
    Stack {
        /// Its name.
        stack: String,
        /// The error that CloudFormation returned.
        #[source]
        source: AwsError,
    },
    /// The stack was made from another template.
    #[error("the stack {stack} has no output {output}; it is no stack of this version of template.yaml")]
    Output {
        /// Its name.
        stack: String,
        /// What it lacks.
        output: &'static str,
    },
}

/// A stack that stands.
#[derive(Debug)]
pub(crate) enum Target {
    /// Here, with its console.
    Local(Box<RunningInfo>),
    /// In an account, or wherever `AWS_ENDPOINT_URL` says.
    Deployed(Box<DeployedStack>),
}

impl Target {
    /// Finds the stack that the arguments name.
    pub(crate) async fn find(args: &AnyStack, root: &Path, lookup: Lookup<'_>) -> Result<Self, Failure> {
        Ok(match &args.stack {
            Some(stack) => Self::Deployed(Box::new(deployed(stack, lookup).await?)),
            None => Self::Local(Box::new(console::find(root, &args.name)?)),
        })
    }

    /// A client of its APIs.
    pub(crate) fn aws(&self) -> Aws {
        match self {
            Self::Local(info) => info.aws(),
            Self::Deployed(stack) => stack.aws.clone(),
        }
    }

    /// An output of the template, by name.
    pub(crate) fn output(&self, name: &'static str) -> Result<&str, MissingOutput> {
        match self {
            Self::Local(info) => info.output(name),
            Self::Deployed(stack) => stack.output(name),
        }
    }

    /// Its name.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Local(info) => &info.name,
            Self::Deployed(stack) => &stack.name,
        }
    }

    /// The option that names it in a command of `ops`, after a blank; empty for the default.
    pub(crate) fn option(&self) -> String {
        match self {
            Self::Local(info) if info.name == "default" => String::new(),
            Self::Local(info) => format!(" --name {}", info.name),
            Self::Deployed(stack) => format!(" --stack {}", stack.name),
        }
    }
}

/// The stack that CloudFormation knows by that name, in the account and region of the environment.
pub(crate) async fn deployed(stack: &str, lookup: Lookup<'_>) -> Result<DeployedStack, Failure> {
    let aws = Aws::from_environment(lookup).await.map_err(TargetError::from)?;
    match DeployedStack::describe(aws.clone(), stack).await {
        Ok(deployed) => Ok(deployed),
        Err(source) => Err(no_stack(&aws, stack, source).await),
    }
}

/// The error for a stack that is not described: names the most similar stack, if they may be listed.
async fn no_stack(aws: &Aws, stack: &str, source: AwsError) -> Failure {
    let known = names(aws).await.unwrap_or_default();
    if known.is_empty() || known.iter().any(|name| name == stack) {
        return TargetError::Stack { stack: stack.to_owned(), source }.into();
    }
    let known = known.iter().map(String::as_str);
    UnknownName::among("stack", stack, known, "check AWS_REGION and AWS_PROFILE too").into()
}
