//! Flows of a user: an upload, the guide's seven steps, and the evidence that they leave.
//!
//! - [`Uploader`] asks for addresses, puts bytes there, follows the images to their end
//! - [`fn@verify`] the guide's seven steps, each with its evidence
//!
//! Both need only a [`StackInfo`](crate::stack::StackInfo), so they work from any process.

mod error;
mod evidence;
mod follow;
mod upload;
mod verify;

pub use error::FlowError;
pub use upload::{Photo, TraceHeaders, UploadUrl, Uploaded, Uploader, put, request_url, request_url_for};
pub use verify::{Size, StepReport, Verified, verify};
