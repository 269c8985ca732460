//! The boundary behind which a decoder may panic.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::format::Format;
use crate::rejection::Rejection;

/// A decoder met a state that its authors held impossible.
#[derive(Debug, thiserror::Error)]
#[error("the decoder panicked: {message}")]
struct DecoderPanicked {
    message: String,
}

/// Runs `decode`; a panic in it becomes [`Rejection::Corrupt`].
///
/// Unwind safety is asserted because everything that `decode` touches is dropped with its panic.
pub(super) fn catch<T>(
    format: Format,
    decode: impl FnOnce() -> Result<T, Rejection>,
) -> Result<T, Rejection> {
    catch_unwind(AssertUnwindSafe(decode)).unwrap_or_else(|payload| {
        let source = DecoderPanicked { message: message(&*payload) };
        Err(Rejection::Corrupt { format, source: Box::new(source) })
    })
}

fn message(payload: &(dyn Any + Send)) -> String {
    payload
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use super::*;

    #[test]
    fn panic_becomes_a_rejection_that_keeps_its_message() {
        let rejection = catch::<()>(Format::Tiff, || panic!("tile {} is beyond the image", 7)).unwrap_err();
        assert_eq!(rejection.reason(), "Corrupt");
        assert_eq!(
            rejection.source().unwrap().to_string(),
            "the decoder panicked: tile 7 is beyond the image"
        );
    }
}
