//! Text widgets of a dashboard: the Markdown that ours use, which is headings, bold, code and links.

use super::area::Area;
use super::canvas::{Canvas, width_of};
use super::theme::Theme;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    Plain,
    Bold,
    Code,
    Link,
}

impl Style {
    /// The colour, and the name of the style.
    const fn drawn(self, theme: Theme) -> (&'static str, &'static str) {
        match self {
            Self::Plain => (theme.ink(), "normal"),
            Self::Bold => (theme.ink(), "bold"),
            Self::Code => (theme.faint(), "code"),
            Self::Link => (theme.link(), "normal"),
        }
    }
}

/// What an empty line between paragraphs takes.
const BETWEEN_PX: f64 = 8.0;

pub(super) fn draw(canvas: &mut Canvas, panel: Area, markdown: &str) {
    let mut y = panel.y + 6.0;
    for line in markdown.lines() {
        let level = line.chars().take_while(|c| *c == '#').count();
        let (size, base) = match level {
            0 if line.is_empty() => {
                y += BETWEEN_PX;
                continue;
            }
            0 => (13.0, Style::Plain),
            1 => (22.0, Style::Bold),
            _ => (16.0, Style::Bold),
        };
        y = paragraph(canvas, panel, y, line.trim_start_matches('#').trim(), size, base);
    }
}

/// Draws words until the line is full, then on the next; returns where the paragraph ends.
fn paragraph(canvas: &mut Canvas, panel: Area, top: f64, text: &str, size: f64, base: Style) -> f64 {
    let (height, room) = (size * 1.45, panel.width - 24.0);
    let (mut width, mut y) = (0.0, top + height * 0.85);
    let mut line: Vec<(String, &str, &str)> = Vec::new();
    for (piece, style) in pieces(text, base) {
        let (color, name) = style.drawn(canvas.theme());
        for word in piece.split_inclusive(' ') {
            let own = width_of(word, size);
            if width > 0.0 && width + own > room {
                canvas.pieces(panel.x + 12.0, y, size, &std::mem::take(&mut line));
                (width, y) = (0.0, y + height);
            }
            width += own;
            match line.last_mut().filter(|last| (last.1, last.2) == (color, name)) {
                Some((before, ..)) => before.push_str(word),
                None => line.push((word.to_owned(), color, name)),
            }
        }
    }
    if !line.is_empty() {
        canvas.pieces(panel.x + 12.0, y, size, &line);
    }
    y + height * 0.3
}

/// The text in pieces of one style each, without the marks.
fn pieces(text: &str, base: Style) -> Vec<(String, Style)> {
    let mut pieces: Vec<(String, Style)> = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let found = marked(rest, "**", "**", Style::Bold)
            .or_else(|| marked(rest, "`", "`", Style::Code))
            .or_else(|| link(rest));
        if let Some((inside, style, length)) = found {
            pieces.push((std::mem::take(&mut plain), base));
            pieces.push((inside.to_owned(), style));
            rest = rest.get(length..).unwrap_or_default();
        } else {
            plain.push(first);
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
        }
    }
    pieces.push((plain, base));
    pieces.retain(|(text, _)| !text.is_empty());
    pieces
}

fn marked<'a>(text: &'a str, open: &str, close: &str, style: Style) -> Option<(&'a str, Style, usize)> {
    let inside = text.strip_prefix(open)?;
    let end = inside.find(close).filter(|end| *end > 0)?;
    Some((inside.get(..end)?, style, open.len() + end + close.len()))
}

/// `[text](address)`; the address is not shown.
fn link(text: &str) -> Option<(&str, Style, usize)> {
    let (label, rest) = text.strip_prefix('[')?.split_once("](")?;
    let end = rest.find(')')?;
    Some((label, Style::Link, 1 + label.len() + 2 + end + 1))
}
