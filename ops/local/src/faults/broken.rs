//! A body that breaks off.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame};

/// The connection ends after these bytes, of which a client may get fewer.
#[derive(Debug)]
pub(super) struct Broken(pub(super) Option<Bytes>);

/// Why it breaks off.
#[derive(Debug, thiserror::Error)]
#[error("a rule ends the answer in the middle")]
pub(super) struct BrokenOff;

impl Body for Broken {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        Poll::Ready(Some(self.0.take().map(Frame::data).ok_or(BrokenOff)))
    }
}
