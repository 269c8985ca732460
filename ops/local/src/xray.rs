//! X-Ray's API over the traces that the observer keeps.
//!
//! - [`api`] requests and their answers
//! - [`put`] segment documents that somebody sends, checked as X-Ray checks them
//! - [`view`] a trace as X-Ray sees it
//! - [`summary`] what `GetTraceSummaries` answers about a trace
//! - [`filter`] filter expressions
//!
//! How a span becomes a segment document is [`trace_model::xray`]'s. The engine verifies the signature and the policy and
//! passes the request on (`engine/xray.py`).

pub(crate) mod api;
mod filter;
mod put;
mod summary;
#[cfg(test)]
mod tests;
mod view;
