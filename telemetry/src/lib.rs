//! What every function of the pipeline says about itself, and how.
//!
//! One [`Telemetry`] gives a function its spans, its metrics (CloudWatch's embedded metric format)
//! and its logs. Something that happens is an [`Event`]: declared once, told as a log line and as
//! metrics. [`context`] decides which trace a message belongs to.
//!
//! ```
//! use telemetry::{Counter, Emf, Event, Telemetry};
//!
//! struct UrlIssued;
//!
//! impl Event for UrlIssued {
//!     fn log(&self) {
//!         tracing::info!("Upload URL issued");
//!     }
//!     fn measure(&self, emf: &mut Emf) {
//!         emf.count(Counter::UploadUrlsIssued, 1);
//!     }
//! }
//!
//! let (telemetry, captured) = Telemetry::capture("generate-upload-url");
//! telemetry.scope(|| telemetry.emit(&UrlIssued));
//! assert_eq!(captured.sum(Counter::UploadUrlsIssued.name()), 1.0);
//! ```

mod capture;
pub mod context;
mod emf;
mod event;
mod export;
mod flush;
mod init;
mod log;
mod metric;
mod process;
mod run;
mod sampling;
mod settings;
mod sink;

pub use capture::Captured;
pub use emf::Emf;
pub use event::Event;
pub use init::{InitError, Telemetry};
pub use metric::{Counter, Dimension, NAMESPACE, Size, Timer};
pub use run::{Entry, Trigger, fail};
