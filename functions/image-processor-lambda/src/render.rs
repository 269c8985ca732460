//! Rendering: decode, resize and encode on a blocking thread, so that the async ones stay free.

use std::time::Instant;

use contract::item::{Original, Stored};
use thumbnail::{Decoded, Limits, Options, Rejection, Thumbnail};
use tokio::sync::OwnedSemaphorePermit;
use tracing::{Span, dispatcher};

use crate::{
    error::{Fault, Permanent},
    stage::{Stage, Timings},
};

/// What the CPU made of an original.
#[derive(Debug)]
pub(crate) struct Rendered {
    pub(crate) original: Original,
    pub(crate) thumbnails: Vec<Thumbnail>,
}

/// Why there are no thumbnails.
#[derive(Debug)]
pub(crate) enum Unrendered {
    /// By the user's fault, or nobody's.
    Refused(Permanent),
    /// By ours or AWS's.
    Fault(Fault),
}

impl From<Permanent> for Unrendered {
    fn from(refused: Permanent) -> Self {
        Self::Refused(refused)
    }
}

impl From<Fault> for Unrendered {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// Makes a thumbnail for each of `options`; `permit` is held until the last of them is made, also when nobody
/// waits for it any more.
pub(crate) async fn render(
    permit: Option<OwnedSemaphorePermit>,
    bytes: Vec<u8>,
    limits: Limits,
    options: Vec<Options>,
    timings: &mut Timings,
) -> Result<Rendered, Unrendered> {
    let (dispatch, parent) = (dispatcher::get_default(Clone::clone), Span::current());
    let task = tokio::task::spawn_blocking(move || {
        let _turn = permit;
        dispatcher::with_default(&dispatch, || {
            parent.in_scope(|| {
                let mut timings = Timings::default();
                let result = steps(&bytes, &limits, &options, &mut timings);
                (result, timings)
            })
        })
    });
    let (result, took) = task.await.map_err(|_| Fault::panic(Stage::Decode))?;
    took.iter().for_each(|(stage, elapsed)| timings.add(stage, elapsed));
    Ok(result.map_err(Permanent::from)?)
}

fn steps(
    bytes: &[u8],
    limits: &Limits,
    options: &[Options],
    timings: &mut Timings,
) -> Result<Rendered, Rejection> {
    let largest = options.iter().max_by_key(|options| options.side_px).copied().unwrap_or_default();
    let decoded = step(Stage::Decode, timings, || thumbnail::decode(bytes, limits, &largest))?;
    let thumbnails = options.iter().map(|options| {
        let resized = step(Stage::Resize, timings, || decoded.resize(options))?;
        step(Stage::Encode, timings, || resized.encode(options))
    });
    let thumbnails = thumbnails.collect::<Result<_, _>>()?;
    Ok(Rendered { original: describe(&decoded), thumbnails })
}

fn step<T>(stage: Stage, timings: &mut Timings, work: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let result = stage.span().in_scope(work);
    timings.add(stage, started.elapsed());
    result
}

fn describe(decoded: &Decoded) -> Original {
    Original {
        content_type: Some(decoded.format().content_type()),
        width: Some(decoded.width()),
        height: Some(decoded.height()),
        ..Original::default()
    }
}

/// The attributes that the item gets for `thumbnail` under `key`.
pub(crate) fn stored(key: String, thumbnail: &Thumbnail) -> Stored {
    Stored { key, width: thumbnail.width, height: thumbnail.height, bytes: thumbnail.jpeg.len() as u64 }
}
