//! Where text goes: what the terminal can show, and the two streams.

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;

use local_stack::waterfall::Style;
use serde::Serialize;

use crate::failure::Failure;

/// Wider is harder to read across.
const MAX_WIDTH: usize = 140;

/// What a stream can show.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terminal {
    pub(crate) style: Style,
    /// Whether lines can be redrawn.
    pub(crate) is_live: bool,
}

impl Terminal {
    /// Judges a stream, by the environment that `lookup` knows.
    pub(crate) fn of(stream: &(impl IsTerminal + AsFd), lookup: impl Fn(&str) -> Option<OsString>) -> Self {
        let size = terminal_size::terminal_size_of(stream);
        let width = size.map_or(Style::PLAIN.width, |(width, _)| width.0.into());
        Self::judge(stream.is_terminal(), width, lookup)
    }

    fn judge(is_terminal: bool, width: usize, lookup: impl Fn(&str) -> Option<OsString>) -> Self {
        let set = |name: &str| lookup(name).filter(|value| !value.is_empty());
        let is_dumb = set("TERM").is_none_or(|term| term == "dumb");
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set);
        let is_utf8 = locale.is_some_and(|locale| {
            let locale = locale.to_string_lossy().to_ascii_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        });
        let is_live = is_terminal && !is_dumb;
        let width = if is_terminal { width.min(MAX_WIDTH) } else { Style::PLAIN.width };
        // A file is read later, by something that knows UTF-8.
        let unicode = is_utf8 || !is_terminal;
        Self { style: Style { width, unicode, color: is_live && set("NO_COLOR").is_none() }, is_live }
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
    // A closed stderr leaves nobody to tell.
    writeln!(io::stderr().lock(), "{text}").ok();
}

/// A result for people.
///
/// # Errors
/// When stdout is closed or full.
pub(crate) fn print_text(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{text}").and_then(|()| stdout.flush()).map_err(Failure::Output)
}

/// The one JSON document of stdout, in one line.
///
/// # Errors
/// When stdout is closed or full.
pub(crate) fn print_json(document: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string(document).map_err(|source| Failure::Output(source.into()))?;
    print_text(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(is_terminal: bool, environment: &[(&str, &str)]) -> Terminal {
        Terminal::judge(is_terminal, 200, |name| {
            environment.iter().find(|pair| pair.0 == name).map(|pair| pair.1.into())
        })
    }

    #[test]
    fn a_capable_terminal_gets_colours_and_boxes() {
        let terminal = judge(true, &[("TERM", "xterm"), ("LANG", "en_US.UTF-8")]);
        assert_eq!(terminal.style, Style { width: MAX_WIDTH, unicode: true, color: true });
        assert!(terminal.is_live);
    }

    #[test]
    fn no_color_a_dumb_terminal_and_a_pipe_get_none() {
        let plain = judge(true, &[("TERM", "xterm"), ("LANG", "C.UTF-8"), ("NO_COLOR", "1")]);
        assert!(!plain.style.color && plain.is_live && plain.style.unicode);
        let dumb = judge(true, &[("TERM", "dumb"), ("LANG", "C.UTF-8")]);
        assert!(!dumb.style.color && !dumb.is_live);
        let pipe = judge(false, &[("TERM", "xterm")]);
        assert_eq!((pipe.style, pipe.is_live), (Style::PLAIN, false));
    }

    #[test]
    fn a_terminal_without_utf8_gets_ascii_by_the_strongest_variable() {
        assert!(!judge(true, &[("TERM", "xterm")]).style.unicode);
        assert!(!judge(true, &[("TERM", "xterm"), ("LC_ALL", "C"), ("LANG", "en_US.UTF-8")]).style.unicode);
        assert!(judge(true, &[("TERM", "xterm"), ("LC_ALL", ""), ("LANG", "de_DE.utf8")]).style.unicode);
    }
}
