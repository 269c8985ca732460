//! What the pipeline can do, how long uploads take, and what a month costs, at a given load: before it is deployed.
//!
//! Everything comes from the template's own settings, from what was measured, and from dated prices and quotas with their
//! sources (`data/`). What was not measured is assumed, named as such in every report, and may be given instead.
//!
//! Reading order:
//! - [`template`] parameters and properties of `template.yaml`; alarms and dashboards, counted
//! - [`data`] prices, quotas, measurements, assumptions
//! - [`load`] what is asked about
//! - [`work`] what one upload takes: calls, processor time, an invocation's time
//! - [`limits`] which limit comes first
//! - [`images`] how large an image may be
//! - [`simulation`] queue, batches and retries as discrete events
//! - [`storage`] what lies in which class of S3, and what moves
//! - [`bill`] a month, by service
//! - [`break_even`] where another setting pays
//! - [`report`] all of it, as text, JSON and SVG

pub mod bill;
pub mod break_even;
pub mod data;
pub mod images;
pub mod limits;
pub mod load;
pub mod picture;
pub mod report;
pub mod simulation;
pub mod storage;
pub mod template;
pub mod work;

pub use load::Load;
pub use report::Report;
pub use template::{Settings, TemplateError};
