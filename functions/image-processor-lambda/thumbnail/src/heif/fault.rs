//! Errors of HEIF: why a file is given up.

use crate::budget::Budget;
use crate::rejection::{DecodeError, Rejection};

/// What the container, a codec or a limit said.
#[derive(Debug)]
pub(super) enum Fault {
    Container(heifer_isobmff::Error),
    #[cfg(feature = "hevc")]
    Hevc(heifer_hevc_dec::Error),
    Av1(re_rav1d::dav1d::Error),
    Decode(DecodeError),
    Limit(Rejection),
}

impl Fault {
    /// The same in the words of the file's owner.
    pub(super) fn reject(self, budget: &Budget) -> Rejection {
        let format = budget.format;
        match self {
            Self::Container(source) => {
                use heifer_isobmff::Error;
                let is_short = source == Error::UnexpectedEof;
                let source = Box::new(source);
                match *source {
                    _ if is_short => Rejection::Truncated { format, source },
                    Error::Unimplemented(_) => Rejection::UnsupportedFeature { format, source },
                    _ => Rejection::Corrupt { format, source },
                }
            }
            #[cfg(feature = "hevc")]
            Self::Hevc(source) => {
                use heifer_hevc_dec::Error;
                let source = Box::new(source);
                match *source {
                    Error::UnexpectedEof => Rejection::Truncated { format, source },
                    Error::Unimplemented(_) => Rejection::UnsupportedFeature { format, source },
                    _ => Rejection::Corrupt { format, source },
                }
            }
            Self::Av1(source) => {
                use re_rav1d::dav1d::Error;
                let source = Box::new(source);
                match *source {
                    Error::NotEnoughMemory => budget.too_much_memory(),
                    Error::UnsupportedBitstream => Rejection::UnsupportedFeature { format, source },
                    _ => Rejection::Corrupt { format, source },
                }
            }
            Self::Decode(error) => budget.reject(error),
            Self::Limit(rejection) => rejection,
        }
    }
}

impl From<heifer_isobmff::Error> for Fault {
    fn from(error: heifer_isobmff::Error) -> Self {
        Self::Container(error)
    }
}

#[cfg(feature = "hevc")]
impl From<heifer_hevc_dec::Error> for Fault {
    fn from(error: heifer_hevc_dec::Error) -> Self {
        Self::Hevc(error)
    }
}

impl From<re_rav1d::dav1d::Error> for Fault {
    fn from(error: re_rav1d::dav1d::Error) -> Self {
        Self::Av1(error)
    }
}

impl From<DecodeError> for Fault {
    fn from(error: DecodeError) -> Self {
        Self::Decode(error)
    }
}

impl From<Rejection> for Fault {
    fn from(rejection: Rejection) -> Self {
        Self::Limit(rejection)
    }
}
