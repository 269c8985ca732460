//! `ops … --stack NAME` as on AWS: the program finds region, credentials and endpoint in the environment, as the AWS CLI
//! does, and knows nothing of the local stack that answers.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of a test may panic"
)]

mod audit;
mod commands;
mod doctor;
mod erase;
mod harness;
mod load;
mod proxy;
mod reprocess;
