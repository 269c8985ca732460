//! Style of text: width, colours, Unicode; and text that is safe for a terminal.

/// How text is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Columns.
    pub width: usize,
    /// Box-drawing characters and blocks; plain ASCII otherwise.
    pub unicode: bool,
    /// ANSI colours.
    pub color: bool,
}

impl Style {
    /// For files and pipes: no colours, 100 columns.
    pub const PLAIN: Self = Self { width: 100, unicode: true, color: false };
}

/// Text in an ANSI colour or weight (`32`, `1`), where the style has colours.
#[must_use]
pub fn paint(code: &str, text: &str, style: Style) -> String {
    if style.color && !text.is_empty() { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
}

/// Text without control characters and direction marks, which could steer the terminal: names, spans and messages may
/// come from anybody.
#[must_use]
pub fn clean(text: &str) -> String {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|c| if hidden(c) { '\u{fffd}' } else { c }).collect()
}

/// At most `width` characters, the last of them `ellipsis` where something was cut.
#[must_use]
pub fn fit(text: &str, width: usize, ellipsis: &str) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(width.saturating_sub(1)).collect();
    if width > 0 {
        cut.push_str(ellipsis);
    }
    cut
}
