//! A check: what AWS does, how that is seen, and how it can end.

use aws_client::{AwsError, chain};
use cloudwatch_model::TemplateError;
use futures_util::future::LocalBoxFuture;
use pipeline_client::FlowError;
use pipeline_client::stack::MissingOutput;

use super::context::Context;
use crate::cloudwatch::CloudWatchError;

/// Error codes by which an endpoint says that it does not have an operation.
const UNKNOWN_OPERATION: [&str; 6] = [
    "InvalidAction",
    "NotImplemented",
    "UnknownOperation",
    "UnknownOperationException",
    "UnsupportedOperation",
    "UnsupportedOperationException",
];

/// What a check needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Proof {
    /// Calls that read.
    Read,
    /// An upload, or something else that is written.
    Upload,
}

/// One entry of the checklist.
pub(crate) struct Check {
    /// What `ops doctor` calls it.
    pub(crate) name: &'static str,
    /// What AWS does, and this pipeline relies on.
    pub(crate) claim: &'static str,
    /// Where AWS documents it.
    pub(crate) doc: &'static str,
    /// How it is seen.
    pub(crate) how: &'static str,
    pub(crate) proof: Proof,
    pub(crate) run: for<'a> fn(&'a Context) -> LocalBoxFuture<'a, Result<Outcome, CheckError>>,
}

/// How a check ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// What was seen is what AWS documents.
    Ok(String),
    /// It is not.
    Failed { saw: String, todo: String },
    /// There is nothing to see at this endpoint, or at this moment.
    NotHere(String),
    /// Only an upload shows it.
    NeedsUpload,
}

impl Outcome {
    pub(crate) fn failed(saw: impl Into<String>, todo: impl Into<String>) -> Self {
        Self::Failed { saw: saw.into(), todo: todo.into() }
    }

    /// `Ok` with what was seen if nothing is wrong, else all that is.
    pub(crate) fn of(wrong: &[String], saw: impl Into<String>, todo: &str) -> Self {
        if wrong.is_empty() { Self::Ok(saw.into()) } else { Self::failed(wrong.join("; "), todo) }
    }

    /// The word for it.
    pub(crate) fn status(&self) -> &'static str {
        match self {
            Self::Ok(_) => "ok",
            Self::Failed { .. } => "failed",
            Self::NotHere(_) => "not here",
            Self::NeedsUpload => "needs --upload",
        }
    }

    /// What was seen.
    pub(crate) fn saw(&self) -> &str {
        match self {
            Self::Ok(saw) | Self::Failed { saw, .. } | Self::NotHere(saw) => saw,
            Self::NeedsUpload => "",
        }
    }

    /// What to do.
    pub(crate) fn todo(&self) -> Option<&str> {
        match self {
            Self::Failed { todo, .. } => Some(todo),
            _ => None,
        }
    }
}

/// A check and how it ended.
pub(crate) struct Finding<'a> {
    pub(crate) check: &'a Check,
    pub(crate) outcome: Outcome,
}

/// Why a check did not see anything.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CheckError {
    #[error(transparent)]
    Aws(#[from] AwsError),
    #[error(transparent)]
    Output(#[from] MissingOutput),
    #[error(transparent)]
    CloudWatch(#[from] CloudWatchError),
    #[error(transparent)]
    Template(#[from] TemplateError),
    #[error(transparent)]
    Flow(#[from] FlowError),
    /// The stack has no such resource.
    #[error("the stack has no resource {0}; it is no stack of this version of template.yaml")]
    Resource(&'static str),
    /// A file of the repository.
    #[error("{0} of the repository cannot be read; name the repository with --root")]
    File(String, #[source] std::io::Error),
}

impl CheckError {
    fn aws(&self) -> Option<&AwsError> {
        match self {
            Self::Aws(error)
            | Self::CloudWatch(CloudWatchError::Aws(error))
            | Self::Flow(FlowError::Aws(error)) => Some(error),
            _ => None,
        }
    }

    /// What it means for the check.
    fn outcome(&self, is_aws: bool) -> Outcome {
        let code = self.aws().and_then(AwsError::code).unwrap_or_default();
        if !is_aws && UNKNOWN_OPERATION.contains(&code) {
            return Outcome::NotHere(chain(self));
        }
        let todo = if code.contains("AccessDenied") || code.contains("NotAuthorized") {
            "let somebody grant you what the message names, or run the command as somebody who has it"
        } else {
            "see the error; run the check again alone: `ops doctor --stack NAME CHECK`"
        };
        Outcome::failed(chain(self), todo)
    }
}

impl Check {
    /// Runs it, unless it needs an upload that was not asked for.
    pub(crate) async fn outcome(&self, context: &Context) -> Outcome {
        if self.proof == Proof::Upload && context.guest.is_none() {
            return Outcome::NeedsUpload;
        }
        match (self.run)(context).await {
            Ok(outcome) => outcome,
            Err(error) => error.outcome(context.is_aws()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: &str) -> CheckError {
        let (call, message) = ("lambda GetX".to_owned(), "m".to_owned());
        AwsError::Refused { call, status: 400, code: code.to_owned(), message }.into()
    }

    #[test]
    fn operation_that_an_engine_lacks_is_not_here_and_on_aws_a_failure() {
        assert_eq!(refused("InvalidAction").outcome(false).status(), "not here");
        assert_eq!(refused("InvalidAction").outcome(true).status(), "failed");
    }

    #[test]
    fn missing_permission_is_a_failure_that_says_who_can_help() {
        let outcome = refused("AccessDeniedException").outcome(false);
        assert_eq!(outcome.status(), "failed");
        assert!(outcome.todo().unwrap().contains("grant"), "{outcome:?}");
    }
}
