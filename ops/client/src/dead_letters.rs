//! Dead letters: the messages of a dead-letter queue, why each is there, and how it leaves.
//!
//! - [`content`], [`items`], [`cause`] a message's body, its image's item, and what follows from both
//! - [`receive`] every message once, classified
//! - [`mover`] a message is redriven or dropped, and that is written down first, in a [`journal`]
//! - [`rate_limit`] how many a second; [`task`] moves one after the other, and when it stops

pub mod cause;
pub mod content;
pub mod items;
pub mod journal;
pub mod mover;
pub mod rate_limit;
pub mod receive;
pub mod task;

use std::io;
use std::path::PathBuf;

use crate::queue::Queue;

/// A dead-letter queue, and what is known beside it.
#[derive(Clone, Copy, Debug)]
pub struct DeadLetters<'a> {
    /// The queue.
    pub queue: Queue<'a>,
    /// The table of images, if known.
    pub table: Option<&'a str>,
    /// The bucket of uploads, if known.
    pub bucket: Option<&'a str>,
}

/// The audit log or the evidence file, which are written before a message is deleted.
#[derive(Debug, thiserror::Error)]
#[error("{path} cannot be written, so nothing more is done; check that its directory exists and has room")]
pub struct FileError {
    /// The file.
    pub path: PathBuf,
    /// Why not.
    pub source: io::Error,
}
