//! Why a total is missing.

use std::{error::Error as StdError, time::Duration};

use lambda_runtime::Diagnostic;

/// CloudWatch did not take the totals; Lambda tries again and then notifies the failure destination.
#[derive(Debug, thiserror::Error)]
#[error("could not publish the totals")]
pub struct PublishError(#[source] pub Box<dyn StdError + Send + Sync>);

/// Why one bucket has no total.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// Too little of the invocation's time was left.
    #[error("only {left:?} were left after {pages} pages")]
    OutOfTime {
        /// Pages read so far.
        pages: u64,
        /// Time left of the invocation.
        left: Duration,
    },
    /// S3 did not answer with a page.
    #[error("could not list page {page}")]
    List {
        /// The page's number, from 1.
        page: u64,
        /// The error that S3 returned.
        #[source]
        source: Box<dyn StdError + Send + Sync>,
    },
    /// The keys of a page were not in order, so that the ranges of a listing would not add up.
    #[error("page {page} is not in order")]
    Disorder {
        /// The page's number, from 1.
        page: u64,
    },
}

impl From<PublishError> for Diagnostic {
    fn from(error: PublishError) -> Self {
        Self { error_type: "PublishError".to_owned(), error_message: error.to_string() }
    }
}
