//! Traces: W3C and X-Ray trace context, parent selection, sampling, and the export of ended spans.

pub(crate) mod buffer;
pub mod context;
pub(crate) mod export;
pub(crate) mod ids;
pub(crate) mod open_spans;
mod parent;
pub(crate) mod redact;
pub(crate) mod sampling;
pub(crate) mod status;
