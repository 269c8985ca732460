//! The engine: an emulator of the AWS APIs that runs real function binaries without containers.

mod process;
mod program;
mod provision;
mod root_key;

pub use process::{Engine, Launch, StartError};
pub(crate) use provision::ENVIRONMENTS;
pub use provision::{AWS_CLI_PACKAGES, ENGINE_PACKAGES, Obstacle, Packages, Provision, ProvisionError, Venv};
