//! The pipeline on a local engine: deploy, observe, prove.
//!
//! - [`progress`] how long steps tell where they are
//! - [`http`], [`aws`], [`xml`] the two clients everything else speaks through

pub mod aws;
pub mod http;
pub mod progress;
pub mod stack;
pub mod xml;
