//! Metrics: the catalogue, CloudWatch's embedded metric format, the recorder of the `metrics` facade, and events.

mod catalogue;
mod emf;
mod event;
pub(crate) mod recorder;

pub use catalogue::{Counter, Dimension, Metric, NAMESPACE, Size, Timer};
pub use emf::Emf;
pub(crate) use emf::dimension_value;
pub use event::Event;
