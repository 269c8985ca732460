//! The pipeline on a local engine: deploy, observe, verify.
//!
//! - [`engine`] installed, started, and never left behind
//! - [`deploy`] template.yaml as it is, and the gaps that the engine leaves
//! - [`observe`] traces, metrics, logs and mail, as they come
//! - [`console`] all of it as JSON, and the pages of `ops/console`, on loopback
//! - [`stack`] all of it together: up, found, down
//! - [`faults`] what can be made to go wrong between functions and engine
//! - `xray` X-Ray's API over the traces that are observed
//! - [`cloudwatch`] CloudWatch's API over the metrics, alarms and dashboards
//! - [`flow`] what a user does with it, and what is seen of that

pub mod cloudwatch;
pub mod console;
pub mod deploy;
mod disk;
pub mod engine;
pub mod faults;
pub mod flow;
mod loopback;
pub mod observe;
mod own_host;
pub mod process_group;
pub mod stack;
pub use pipeline_client::user;
mod xray;
