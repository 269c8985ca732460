//! Metrics: the catalogue, CloudWatch's embedded metric format, the recorder of the `metrics` crate, and events.

pub(crate) mod catalogue;
pub(crate) mod emf;
mod event;
pub(crate) mod recorder;

pub use catalogue::{Counter, Dimension, Metric, NAMESPACE, Size, Timer};
pub use emf::Emf;
pub use event::Event;
