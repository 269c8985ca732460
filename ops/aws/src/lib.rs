//! One small signed client for every AWS API that the operator's side calls, on AWS and on the local stack.
//!
//! The SDK crates of these services cost minutes to compile; this costs one signature. [`Aws`] signs and calls,
//! its environment is read as the AWS CLI reads it, [`xml`] reads what the query and REST protocols answer.

mod client;
mod environment;
mod error;
mod error_chain;
pub mod http;
pub mod xml;

pub use client::{Aws, Credentials, SERVICE};
pub use environment::EnvironmentError;
pub use error::AwsError;
pub use error_chain::{causes, chain};
