//! Errors of a deploy.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::package::PackageError;
use super::template::RewriteError;
use aws_client::AwsError;

/// Longest wait for all resources; the engine makes a hundred in a few seconds.
pub(super) const CREATE_TIMEOUT: Duration = Duration::from_mins(3);

/// The template could not be deployed.
#[derive(Debug, thiserror::Error)]
pub enum DeployError {
    /// A file cannot be read.
    #[error("{path} cannot be read")]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A path in the template is not understood.
    #[error("the template's paths cannot be rewritten")]
    Rewrite(#[from] RewriteError),
    /// The template names a directory that holds no program.
    #[error(
        "the template takes a function's code from {path}, but no program is built there; it must be a package of the workspace with one binary"
    )]
    NoProgram {
        /// The path in the template.
        path: String,
    },
    /// A function could not be packed.
    #[error("a function could not be packed")]
    Package(#[from] PackageError),
    /// An API of the engine refused.
    #[error("the engine refused a step of the deploy")]
    Api(#[from] AwsError),
    /// A resource failed.
    #[error("{resource} ({kind}) could not be deployed: {reason}")]
    Resource {
        /// Its logical id.
        resource: String,
        /// Its type.
        kind: String,
        /// CloudFormation's reason.
        reason: String,
    },
    /// The stack ended elsewhere than in `CREATE_COMPLETE` or `UPDATE_COMPLETE`.
    #[error("the stack ended in {status}: {reason}")]
    Status {
        /// Where it ended.
        status: String,
        /// CloudFormation's reason.
        reason: String,
    },
    /// The stack does not get ready.
    #[error("the stack was not complete within {} s; the last resource under way was {last}", CREATE_TIMEOUT.as_secs())]
    TooSlow {
        /// Its logical id.
        last: String,
    },
    /// Only a template with a transform comes back processed, as JSON.
    #[error("the template has no Transform; `Transform: AWS::Serverless-2016-10-31` belongs at its top")]
    Template(#[source] serde_json::Error),
}
