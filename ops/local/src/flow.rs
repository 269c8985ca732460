//! Flows of a user on the local stack, whose console reports what came of them; on AWS the same flows find their evidence
//! by `pipeline_client` alone.
//!
//! Both need only a [`StackInfo`], so they work from any process.

mod evidence;

pub use pipeline_client::FlowError;
pub use pipeline_client::upload::{
    Photo, TraceHeaders, UploadUrl, Uploaded, Uploader, put, request_url, request_url_for,
    request_url_patiently,
};
pub use pipeline_client::verify::{Size, StepReport, Verified};
use terminal::progress::Reporter;

use crate::stack::StackInfo;
use evidence::ConsoleEvidence;

/// Uploads a photo as a client that knows only `upload_url`, and checks the seven steps.
pub async fn verify(stack: &StackInfo, photo: &Photo, reporter: &dyn Reporter) -> Verified {
    let evidence = ConsoleEvidence::of(stack);
    // Boxed, as the future of all steps at once is large.
    Box::pin(pipeline_client::verify::verify(stack, &evidence, photo, reporter)).await
}
