//! Why an image has no thumbnail, and whether to try again.

use std::{error::Error as StdError, time::Duration};

use contract::item::Refused;
use thumbnail::Rejection;

use crate::stage::Stage;

/// What AWS's SDKs report.
pub type AwsError = Box<dyn StdError + Send + Sync>;

/// The user's fault, or nobody's: recorded as FAILED, announced, acknowledged; no retry mends it.
#[derive(Debug, thiserror::Error)]
pub enum Permanent {
    /// The bytes are not an image that we make thumbnails of.
    #[error(transparent)]
    Image(#[from] Rejection),
    /// The object was deleted before it was read.
    #[error("the upload was deleted before it was processed; upload it again")]
    ObjectGone,
}

impl Permanent {
    /// One word of a closed set; also the dimension `Reason`.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Image(rejection) => rejection.reason(),
            Self::ObjectGone => "ObjectGone",
        }
    }

    /// The message in the item and the notification.
    #[must_use]
    pub fn refused(&self) -> Refused {
        let mut message = self.to_string();
        if let Self::Image(Rejection::TooManyBytes { .. }) = self {
            message += "; this one is deleted after a day";
        }
        Refused { reason: self.reason(), message }
    }
}

/// Our fault or AWS's, or unknown: back to the queue.
#[derive(Debug, thiserror::Error)]
#[error("{} failed", stage.name())]
pub struct Fault {
    /// The step that failed.
    pub stage: Stage,
    /// What happened.
    #[source]
    pub source: FaultSource,
}

/// What happened in a step that failed.
#[derive(Debug, thiserror::Error)]
pub enum FaultSource {
    /// AWS did not do as asked.
    #[error("AWS refused or did not answer")]
    Aws(#[source] AwsError),
    /// The invocation's time was used up.
    #[error("the time was used up")]
    OutOfTime,
    /// Another attempt took the image over.
    #[error("another attempt took over")]
    ClaimLost,
    /// The image's item names another key. Ids certify their keys, so nothing of ours wrote it.
    #[error("the image's item belongs to another key")]
    IdTaken,
    /// A defect of ours.
    #[error("the code panicked")]
    Panic,
}

/// Why a message goes back to the queue, and when it should return.
#[derive(Debug)]
pub enum Retry {
    /// A fault: after a wait that grows with each attempt, and at once after the last one.
    Backoff,
    /// Another attempt is at work: once its claim has run out.
    After(Duration),
    /// To wait would change nothing: the message is malformed, or too little time was left to begin.
    AtOnce,
}

impl Fault {
    /// A failure of AWS in `stage`.
    pub fn aws(stage: Stage) -> impl FnOnce(AwsError) -> Self {
        move |source| Self { stage, source: FaultSource::Aws(source) }
    }

    /// A defect of ours that showed in `stage`.
    #[must_use]
    pub const fn panic(stage: Stage) -> Self {
        Self { stage, source: FaultSource::Panic }
    }
}
