//! Stream: whether stdout or stderr is a terminal, and its width, colours and Unicode.

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;

use crate::fold::fold;
use crate::style::Style;

/// Wider is harder to read across.
const MAX_WIDTH: usize = 140;
/// Narrower is no terminal.
const MIN_WIDTH: usize = 20;

/// What a stream can show.
#[derive(Clone, Copy, Debug)]
pub struct Terminal {
    /// How text is drawn there.
    pub style: Style,
    /// Whether lines can be redrawn.
    pub is_live: bool,
    /// Whether somebody reads it at that width, so that no line may be longer.
    pub is_bounded: bool,
}

impl Terminal {
    /// Detects what a stream can show, from the environment that `lookup` reads.
    pub fn of(stream: &(impl IsTerminal + AsFd), lookup: impl Fn(&str) -> Option<OsString>) -> Self {
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
        // As POSIX has it, the variable comes before what the terminal reports.
        let columns = set("COLUMNS").and_then(|columns| columns.to_str()?.parse::<usize>().ok());
        let seen = columns.or(is_terminal.then_some(width)).map(|width| width.clamp(MIN_WIDTH, MAX_WIDTH));
        let width = seen.unwrap_or(Style::PLAIN.width);
        // A file is read later, by something that knows UTF-8.
        let unicode = is_utf8 || !is_terminal;
        let style = Style { width, unicode, color: is_live && set("NO_COLOR").is_none() };
        Self { style, is_live, is_bounded: seen.is_some() }
    }

    /// Text as it fits there.
    #[must_use]
    pub fn fold(self, text: &str) -> String {
        if self.is_bounded { fold(text, self.style.width) } else { text.to_owned() }
    }
}

/// What both streams can show.
#[derive(Clone, Copy, Debug)]
pub struct Terminals {
    /// Results for people, or the one JSON document.
    pub out: Terminal,
    /// Progress and errors.
    pub err: Terminal,
}

/// Prints progress or an error to stderr, for people.
pub fn print_err(text: &str) {
    // A closed stderr is no error: there is no other place to report it.
    writeln!(io::stderr().lock(), "{text}").ok();
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
