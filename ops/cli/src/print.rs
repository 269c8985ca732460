//! Printing of results to stdout; progress and errors go to stderr.

use std::io::{self, Write};
use std::os::fd::AsFd;

use serde::Serialize;
use terminal::Terminal;
use tokio::io::Interest;
use tokio::net::unix::pipe;

use crate::failure::Failure;

/// A result for people, on stdout.
///
/// # Errors
/// [`Failure::Closed`] when nobody reads it any more, and when the disk behind it is full.
pub(crate) fn print_text(text: &str, terminal: Terminal) -> Result<(), Failure> {
    print_line(&terminal.fold(text))
}

/// A result for a shell or a program, on stdout: as it is, however long its lines.
///
/// # Errors
/// As [`print_text`].
pub(crate) fn print_line(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{text}").and_then(|()| stdout.flush()).map_err(|source| match source.kind() {
        io::ErrorKind::BrokenPipe => Failure::Closed,
        _ => Failure::Output(source),
    })
}

/// Waits until stdout is closed; a command that waits for events would notice it only with the next.
pub(crate) async fn unread() {
    // A file is not watched, nor needs it. Nothing is written through the copy, so it may block as stdout does.
    let copy = io::stdout().as_fd().try_clone_to_owned().and_then(pipe::Sender::from_owned_fd_unchecked);
    let Ok(copy) = copy else { return std::future::pending().await };
    while copy.ready(Interest::ERROR).await.is_ok_and(|ready| !ready.is_error()) {}
}

/// The one JSON document of stdout, in one line.
///
/// # Errors
/// As [`print_text`].
pub(crate) fn print_json(document: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string(document).map_err(|source| Failure::Output(source.into()))?;
    print_line(&text)
}
