//! The console in a real browser on a real stack.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step of a helper fails the test"
)]

mod chromium;
mod figures;
mod stack;
mod story;
mod upload;
