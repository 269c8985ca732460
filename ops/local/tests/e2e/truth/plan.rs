//! Plan of what is done to each upload.

use http::StatusCode;
use local_stack::faults::{InjectedFault, Rule, Strike};
use local_stack::flow::UploadUrl;

use crate::crowd::distinct_picture;
use crate::harness::Harness;

/// What may happen beside whole and broken files.
pub(super) struct Plan {
    /// A call of each fifth upload is refused once.
    pub(super) faults: bool,
    /// S3's notification of each tenth comes again.
    pub(super) comes_twice: bool,
}

/// Where an upload's first attempt fails.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Struck {
    Download,
    Claim,
    Upload,
    Persist,
    Notify,
}

/// One upload and what shall become of it.
#[derive(Debug)]
pub(super) struct Upload {
    pub(super) image_id: String,
    pub(super) key: String,
    pub(super) bytes: Vec<u8>,
    /// Why it is refused, if it is no picture.
    pub(super) reason: Option<&'static str>,
    pub(super) struck: Option<Struck>,
    pub(super) comes_twice: bool,
}

impl Plan {
    pub(super) fn upload(&self, number: usize, issued: &UploadUrl) -> Upload {
        let mut bytes = distinct_picture(number);
        let reason = match number % 20 {
            0 => {
                bytes = format!("no image, number {number}").into_bytes();
                Some("NotAnImage")
            }
            10 => {
                bytes.truncate(bytes.len() / 2);
                Some("Truncated")
            }
            _ => None,
        };
        Upload {
            image_id: issued.image_id.clone(),
            key: issued.file_path.clone(),
            bytes,
            reason,
            struck: (self.faults && number % 5 == 1).then(|| Struck::ALL[number / 5 % Struck::ALL.len()]),
            comes_twice: self.comes_twice && number % 10 == 2,
        }
    }
}

impl Struck {
    const ALL: [Self; 5] = [Self::Download, Self::Claim, Self::Upload, Self::Persist, Self::Notify];

    /// The value of the dimension `Stage`.
    pub(super) const fn stage(self) -> &'static str {
        match self {
            Self::Download => "download",
            Self::Claim => "claim",
            Self::Upload => "upload",
            Self::Persist => "persist",
            Self::Notify => "notify",
        }
    }

    /// The call, and how many like it come before: an image is claimed, then recorded.
    const fn call(self) -> (&'static str, &'static str, usize) {
        match self {
            Self::Download => ("s3", "GetObject", 0),
            Self::Claim => ("dynamodb", "PutItem", 0),
            Self::Upload => ("s3", "PutObject", 0),
            Self::Persist => ("dynamodb", "PutItem", 1),
            Self::Notify => ("sns", "Publish", 0),
        }
    }
}

impl Upload {
    /// Has the call refused that is to be, in a way that no SDK tries again.
    pub(super) fn strike(&self, harness: &Harness) -> Option<Strike> {
        let (service, operation, after) = self.struck?.call();
        let fault =
            InjectedFault::Refuse { status: StatusCode::FORBIDDEN, code: "AccessDeniedException".into() };
        // The client's own PUT is one of PutObject too.
        let subject = match self.struck? {
            Struck::Upload => format!("processed/{}", self.image_id),
            _ => self.image_id.clone(),
        };
        Some(harness.faults.strike(Rule { after, ..Rule::next(service, operation, &subject, fault) }))
    }

    pub(super) const fn status(&self) -> &'static str {
        if self.reason.is_some() { "FAILED" } else { "DONE" }
    }

    /// How often the processor gets to see it.
    pub(super) fn receipts(&self) -> usize {
        1 + usize::from(self.struck.is_some()) + usize::from(self.comes_twice)
    }
}
