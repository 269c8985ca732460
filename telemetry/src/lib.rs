#![doc = include_str!("../README.md")]

mod http_client;
mod init;
mod logs;
mod metrics;
mod run;
mod settings;
mod testing;
mod trace;

pub use self::metrics::{Counter, Dimension, Emf, Event, Metric, NAMESPACE, Size, Timer};
pub use init::{InitError, Telemetry};
pub use logs::redact::{JsonError, redact, redact_value};
pub use run::{Entry, StartError, Trigger};
pub use settings::{Support, Variable};
pub use testing::Captured;
pub use trace::{context, status::fail};
