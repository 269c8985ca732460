//! Spans, the traces that they make up, and a trace as a waterfall. Pure: how spans are received is `ops/local`'s.
//!
//! - [`span`] a span, and the trace of those that share an id
//! - [`waterfall`] a trace as text, and the same drawing as numbers for a page
//! - [`xray`] spans as X-Ray's segment documents, and back

pub mod span;
pub mod waterfall;
pub mod xray;

pub use span::{IMAGE_ID, Kind, Link, Node, Span, Status, Trace};
