//! Terminal: width, colours and Unicode of stdout and stderr, and printing to them.

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;

use local_stack::waterfall::Style;
use serde::Serialize;
use tokio::io::Interest;
use tokio::net::unix::pipe;

use crate::failure::Failure;
use crate::fold::fold;

/// Wider is harder to read across.
const MAX_WIDTH: usize = 140;
/// Narrower is no terminal.
const MIN_WIDTH: usize = 20;

/// What a stream can show.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terminal {
    pub(crate) style: Style,
    /// Whether lines can be redrawn.
    pub(crate) is_live: bool,
    /// Whether somebody reads it at that width, so that no line may be longer.
    pub(crate) is_bounded: bool,
}

impl Terminal {
    /// Detects what a stream can show, from the environment that `lookup` reads.
    pub(crate) fn of(stream: &(impl IsTerminal + AsFd), lookup: impl Fn(&str) -> Option<OsString>) -> Self {
        let size = terminal_size::terminal_size_of(stream);
        let width = size.map_or(Style::PLAIN.width, |(width, _)| width.0.into());
        Self::detect(stream.is_terminal(), width, lookup)
    }

    fn detect(is_terminal: bool, width: usize, lookup: impl Fn(&str) -> Option<OsString>) -> Self {
        let set = |name: &str| lookup(name).filter(|value| !value.is_empty());
        let is_dumb = set("TERM").is_none_or(|term| term == "dumb");
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set);
        let is_utf8 = locale.is_some_and(|locale| {
            let locale = locale.to_string_lossy().to_ascii_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        });
        let is_live = is_terminal && !is_dumb;
        // As POSIX has it, the variable comes before what the terminal says.
        let columns = set("COLUMNS").and_then(|columns| columns.to_str()?.parse::<usize>().ok());
        let seen = columns.or(is_terminal.then_some(width)).map(|width| width.clamp(MIN_WIDTH, MAX_WIDTH));
        let width = seen.unwrap_or(Style::PLAIN.width);
        // A file is read later, by something that knows UTF-8.
        let unicode = is_utf8 || !is_terminal;
        let style = Style { width, unicode, color: is_live && set("NO_COLOR").is_none() };
        Self { style, is_live, is_bounded: seen.is_some() }
    }

    /// Text as it fits there.
    pub(crate) fn fold(self, text: &str) -> String {
        if self.is_bounded { fold(text, self.style.width) } else { text.to_owned() }
    }
}

/// What both streams can show.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terminals {
    /// Results for people, or the one JSON document.
    pub(crate) out: Terminal,
    /// Progress and errors.
    pub(crate) err: Terminal,
}

/// Progress and errors, for people.
pub(crate) fn say(text: &str) {
    // A closed stderr is no error: there is no other place to report it.
    writeln!(io::stderr().lock(), "{text}").ok();
}

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

#[cfg(test)]
mod tests {
    use super::*;

    fn detect(is_terminal: bool, environment: &[(&str, &str)]) -> Terminal {
        Terminal::detect(is_terminal, 200, |name| {
            environment.iter().find(|pair| pair.0 == name).map(|pair| pair.1.into())
        })
    }

    #[test]
    fn a_capable_terminal_gets_colours_and_boxes() {
        let terminal = detect(true, &[("TERM", "xterm"), ("LANG", "en_US.UTF-8")]);
        assert_eq!(terminal.style, Style { width: MAX_WIDTH, unicode: true, color: true });
        assert!(terminal.is_live);
    }

    #[test]
    fn no_color_a_dumb_terminal_and_a_pipe_get_none() {
        let plain = detect(true, &[("TERM", "xterm"), ("LANG", "C.UTF-8"), ("NO_COLOR", "1")]);
        assert!(!plain.style.color && plain.is_live && plain.style.unicode);
        let dumb = detect(true, &[("TERM", "dumb"), ("LANG", "C.UTF-8")]);
        assert!(!dumb.style.color && !dumb.is_live);
        let pipe = detect(false, &[("TERM", "xterm")]);
        assert_eq!((pipe.style, pipe.is_live), (Style::PLAIN, false));
    }

    #[test]
    fn columns_bound_the_lines_of_terminals_and_pipes() {
        for (is_terminal, columns, expected) in [
            (true, "60", (60, true)),
            (false, "60", (60, true)),
            (true, "wide", (MAX_WIDTH, true)),
            (false, "1", (MIN_WIDTH, true)),
            (false, "", (Style::PLAIN.width, false)),
        ] {
            let terminal = detect(is_terminal, &[("TERM", "xterm"), ("COLUMNS", columns)]);
            assert_eq!((terminal.style.width, terminal.is_bounded), expected, "{is_terminal} {columns:?}");
        }
    }

    #[test]
    fn a_terminal_without_utf8_gets_ascii_by_the_strongest_variable() {
        assert!(!detect(true, &[("TERM", "xterm")]).style.unicode);
        assert!(!detect(true, &[("TERM", "xterm"), ("LC_ALL", "C"), ("LANG", "en_US.UTF-8")]).style.unicode);
        assert!(detect(true, &[("TERM", "xterm"), ("LC_ALL", ""), ("LANG", "de_DE.utf8")]).style.unicode);
    }
}
