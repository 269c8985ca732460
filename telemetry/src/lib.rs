#![doc = include_str!("../README.md")]

mod admission;
mod adoption;
mod capture;
mod catalogue;
pub mod context;
mod emf;
mod event;
mod export;
mod facade;
mod fields;
mod flush;
mod http;
mod identity;
mod init;
mod log;
mod metric;
mod panics;
mod process;
mod redact;
mod run;
mod runtime_api;
mod sampling;
mod settings;
mod sink;
mod start;

pub use capture::Captured;
pub use catalogue::Metric;
pub use emf::Emf;
pub use event::Event;
pub use init::{InitError, Telemetry};
pub use metric::{Counter, Dimension, NAMESPACE, Size, Timer};
pub use redact::{JsonError, redact, redact_value};
pub use run::{Entry, Trigger, fail};
pub use settings::{Fate, Variable};
pub use start::StartError;
