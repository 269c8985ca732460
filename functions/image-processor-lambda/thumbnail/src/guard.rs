//! The boundary behind which decoding, resizing and encoding may panic.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::format::Format;
use crate::rejection::Rejection;

// What builds for Lambda sets `abort` where the profile names nothing.
#[cfg(panic = "abort")]
compile_error!("a decoder's panic would end the process: set `panic = \"unwind\"` in the profile");

/// A step from bytes to thumbnail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Decode,
    Resize,
    Encode,
}

/// The code met a state that its authors held impossible.
#[derive(Debug, thiserror::Error)]
#[error("{stage:?} panicked: {message}")]
struct Panicked {
    stage: Stage,
    message: String,
}

/// Runs `work`; a panic in it becomes a [`Rejection`], because the same bytes would panic again on a retry.
///
/// Unwind safety is asserted because whatever `work` changes is dropped with its panic.
pub(crate) fn catch<T>(
    stage: Stage,
    format: Format,
    work: impl FnOnce() -> Result<T, Rejection>,
) -> Result<T, Rejection> {
    let guarded = || {
        #[cfg(test)]
        planted::explode(stage);
        work()
    };
    catch_unwind(AssertUnwindSafe(guarded)).unwrap_or_else(|payload| {
        let source = Box::new(Panicked { stage, message: message(&*payload) });
        Err(match stage {
            Stage::Decode => Rejection::Corrupt { format, source },
            Stage::Resize | Stage::Encode => Rejection::Unrenderable { format, source },
        })
    })
}

fn message(payload: &(dyn Any + Send)) -> String {
    payload
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_default()
}

/// Panics on demand, for tests of the boundary.
#[cfg(test)]
mod planted {
    use std::cell::Cell;

    use super::Stage;

    thread_local! {
        static PLANTED: Cell<Option<Stage>> = const { Cell::new(None) };
    }

    /// Runs `work`, in which `stage` panics.
    pub(super) fn with<T>(stage: Stage, work: impl FnOnce() -> T) -> T {
        PLANTED.set(Some(stage));
        let result = work();
        PLANTED.set(None);
        result
    }

    pub(super) fn explode(stage: Stage) {
        assert_ne!(PLANTED.get(), Some(stage), "planted");
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use super::*;
    use crate::{Limits, Options, thumbnail};

    #[test]
    fn a_panic_planted_in_each_stage_ends_as_a_rejection_that_keeps_its_message() {
        let photo = include_bytes!("../tests/fixtures/photo.jpg");
        for (stage, reason) in
            [(Stage::Decode, "Corrupt"), (Stage::Resize, "Unrenderable"), (Stage::Encode, "Unrenderable")]
        {
            let outcome = planted::with(stage, || {
                thumbnail(photo, &Limits::default(), &Options::default()).map(|_| ())
            });
            let rejection = outcome.unwrap_err();
            assert_eq!(rejection.reason(), reason, "{stage:?}");
            let source = rejection.source().unwrap().to_string();
            assert!(
                source.starts_with(&format!("{stage:?} panicked: ")) && source.contains("planted"),
                "{source}"
            );
        }
        assert!(thumbnail(photo, &Limits::default(), &Options::default()).is_ok());
    }
}
