//! CloudWatch's API over the metrics, alarms and dashboards that the observer keeps.
//!
//! - `wire` one request and one answer in each of the three protocols
//! - `api` which operation answers what
//! - `metric_data`, `statistics`, `metrics` metrics
//! - `alarms`, `history` alarms, their states and what became of them
//! - `dashboards` the bodies of dashboards
//!
//! What a metric, an alarm and an expression come to is [`cloudwatch_model`]'s. The engine verifies the signature and the
//! policy and passes the request on (`engine/cloudwatch_api.py`).

mod account;
mod alarms;
pub(crate) mod api;
mod dashboards;
mod definition;
mod error;
mod history;
mod metric_data;
mod metrics;
mod pages;
mod put;
mod statistics;
#[cfg(test)]
mod tests;
mod values;
mod windows;
pub(crate) mod wire;

pub use account::Account;
pub(crate) use error::ApiError;
