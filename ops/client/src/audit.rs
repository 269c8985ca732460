//! Audit: whether bucket of uploads, table and bucket of thumbnails agree with each other, on millions of images.
//!
//! Every object under `user-uploads/` has a result in the table, or is younger than the queue needs, or its message is
//! in the queue or the dead-letter queue; every DONE item's thumbnails exist as it describes them; nothing is orphaned.
//!
//! The three are read page by page, once. Each row goes into one of 128 temporary files by its image's id, whose last
//! bits are a hash; then one file after the other is joined in memory. Each violation is looked at again, by calls for
//! that image alone, before it is reported, since uploads go on meanwhile.
//!
//! - [`source`] the port, [`aws`] its adapter: calls that read, and no others; `listing` and `lifecycle`
//!   what S3 answers it
//! - `facts` what is known of one image, `rows` the temporary files
//! - `kind`, `judge` which of the statements an image violates: pure
//! - `scan` an audit, with its `passes` and the `second_look`
//! - [`report`] counts and findings

pub mod aws;
mod facts;
mod judge;
mod kind;
mod lifecycle;
pub(crate) mod listing;
mod passes;
pub mod report;
mod rows;
mod scan;
mod second_look;
pub mod source;
#[cfg(test)]
mod tests;

use std::io;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use aws_client::AwsError;
use terminal::progress::Step;

pub use kind::Kind;
pub use report::Report;
use source::Source;

/// Reads the width and height of a JPEG; `None` where it cannot be decoded.
pub type Measure = fn(&[u8]) -> Option<(u32, u32)>;

/// How an audit is run.
#[derive(Clone, Debug)]
pub struct Options {
    /// When it starts; what is newer is left out.
    pub start: SystemTime,
    /// From this age on an object must have a result; `None` takes what the queue needs for all its tries.
    pub settled_after: Option<Duration>,
    /// Decodes every thumbnail with this.
    pub measure: Option<Measure>,
    /// Examples of each kind of finding at most.
    pub examples: usize,
    /// Images that are looked at again at most.
    pub second_looks: usize,
    /// Where the temporary files are; they have no name there.
    pub scratch: PathBuf,
}

impl Options {
    /// An audit that starts now, with the defaults of the command line.
    #[must_use]
    pub fn now() -> Self {
        Self {
            start: SystemTime::now(),
            settled_after: None,
            measure: None,
            examples: 5,
            second_looks: 1_000,
            scratch: std::env::temp_dir(),
        }
    }
}

/// Why an audit could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The stack was not read to the end.
    #[error("the stack could not be read to the end, so nothing is known of it")]
    Aws(#[from] AwsError),
    /// A temporary file.
    #[error(
        "{directory} has no room for temporary files (half a kilobyte for each image), or cannot be written; name another directory"
    )]
    Scratch {
        /// Where they are.
        directory: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

/// Reads the whole stack and reports what does not fit.
///
/// # Errors
///
/// When something could not be read; there is no report then, as a part would prove nothing.
pub async fn run<S: Source>(source: &S, options: &Options, step: &Step<'_>) -> Result<Report, AuditError> {
    scan::Scan::start(source, options, step).await?.run().await
}
