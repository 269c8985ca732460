//! Logs: JSON lines on stdout, their fields, the filter, redaction, and the writer that metrics share.

pub(crate) mod fields;
pub(crate) mod filter;
pub(crate) mod json;
pub(crate) mod redact;
pub(crate) mod writer;
