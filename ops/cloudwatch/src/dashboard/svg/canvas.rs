//! Canvas: shapes and text as SVG.

use std::fmt::Write as _;

use super::area::Area;
use super::theme::Theme;

const FONT: &str = "'Amazon Ember','Helvetica Neue',Arial,'DejaVu Sans',sans-serif";

/// An SVG document in the making.
#[derive(Debug)]
pub struct Canvas {
    body: String,
    theme: Theme,
    panels: usize,
}

impl Canvas {
    /// An empty one.
    #[must_use]
    pub fn new(width: f64, height: f64, theme: Theme) -> Self {
        let mut canvas = Self::bare(width, height, theme);
        let ground = theme.ground();
        canvas.put(format_args!("<rect width=\"{width}\" height=\"{height}\" fill=\"{ground}\"/>\n"));
        canvas
    }

    /// One on whatever ground it is laid.
    pub(super) fn bare(width: f64, height: f64, theme: Theme) -> Self {
        let body = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} \
             {height}\" font-family=\"{FONT}\">\n"
        );
        Self { body, theme, panels: 0 }
    }

    pub(super) fn theme(&self) -> Theme {
        self.theme
    }

    /// The document.
    #[must_use]
    pub fn finish(mut self) -> String {
        self.body.push_str("</svg>\n");
        self.body
    }

    /// Begins a widget: nothing of it is drawn outside of its frame.
    pub fn panel(&mut self, area: Area) -> Area {
        self.panels += 1;
        let (clip, Area { x, y, width, height }) = (self.panels, area);
        self.put(format_args!(
            "<clipPath id=\"w{clip}\"><rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"/>\
             </clipPath>\n<g clip-path=\"url(#w{clip})\">\n"
        ));
        let (fill, stroke) = (self.theme.panel(), self.theme.border());
        self.put(format_args!(
            "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"6\" fill=\"{fill}\" \
             stroke=\"{stroke}\"/>\n",
            x + 0.5,
            y + 0.5,
            width - 1.0,
            height - 1.0
        ));
        area
    }

    /// Ends it.
    pub fn end_panel(&mut self) {
        self.body.push_str("</g>\n");
    }

    /// A filled rectangle.
    pub fn rect(&mut self, area: Area, fill: &str, opacity: f64) {
        let Area { x, y, width, height } = area;
        self.put(format_args!(
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"2\" fill=\"{}\" \
             fill-opacity=\"{opacity}\"/>\n",
            escaped(fill)
        ));
    }

    /// A straight line.
    pub fn line(&mut self, from: (f64, f64), to: (f64, f64), stroke: &str, dashed: bool) {
        let dash = if dashed { " stroke-dasharray=\"5 4\"" } else { "" };
        self.put(format_args!(
            "<line x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\" stroke=\"{}\"{dash}/>\n",
            from.0,
            from.1,
            to.0,
            to.1,
            escaped(stroke)
        ));
    }

    /// A line through points.
    pub fn polyline(&mut self, points: &[(f64, f64)], stroke: &str) {
        let (points, stroke) = (places(points), escaped(stroke));
        self.put(format_args!(
            "<polyline points=\"{points}\" fill=\"none\" stroke=\"{stroke}\" stroke-width=\"1.8\" \
             stroke-linejoin=\"round\"/>\n"
        ));
    }

    pub(super) fn polygon(&mut self, points: &[(f64, f64)], fill: &str) {
        let (points, fill) = (places(points), escaped(fill));
        self.put(format_args!("<polygon points=\"{points}\" fill=\"{fill}\" fill-opacity=\"0.75\"/>\n"));
    }

    pub(super) fn dot(&mut self, at: (f64, f64), radius: f64, fill: &str) {
        let (x, y) = at;
        self.put(format_args!(
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius}\" fill=\"{}\"/>\n",
            escaped(fill)
        ));
    }

    /// A circle that is not filled.
    pub(super) fn ring(&mut self, at: (f64, f64), radius: f64, stroke: &str) {
        let (x, y) = at;
        self.put(format_args!(
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\"/>\n",
            escaped(stroke)
        ));
    }

    /// An invisible area that holds the values drawn in it, as JSON for a script.
    pub(super) fn values(&mut self, area: Area, values: &str) {
        let Area { x, y, width, height } = area;
        self.put(format_args!(
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" fill=\"none\" \
             pointer-events=\"all\" data-values=\"{}\"/>\n",
            escaped(values)
        ));
    }

    /// An arc of a circle, as a path of `degrees` clockwise from the left.
    pub(super) fn arc(&mut self, centre: (f64, f64), radius: f64, degrees: f64, stroke: &str) {
        let angle = std::f64::consts::PI * (1.0 + degrees.clamp(0.0, 180.0) / 180.0);
        let (x, y) = (centre.0 + radius * angle.cos(), centre.1 + radius * angle.sin());
        self.put(format_args!(
            "<path d=\"M {:.1} {:.1} A {radius:.1} {radius:.1} 0 0 1 {x:.1} {y:.1}\" fill=\"none\" stroke=\"{}\" \
             stroke-width=\"14\"/>\n",
            centre.0 - radius,
            centre.1,
            escaped(stroke)
        ));
    }

    /// Text whose first letter begins at `x`; `style` is `normal`, `bold`, `middle`, `end` or `code`.
    pub fn text(&mut self, x: f64, y: f64, text: &str, size: f64, fill: &str, style: &str) {
        if text.is_empty() {
            return;
        }
        let (fill, style, text) = (escaped(fill), attributes(style), escaped(text));
        self.put(format_args!(
            "<text x=\"{x:.1}\" y=\"{y:.1}\" font-size=\"{size}\" fill=\"{fill}\"{style}>{text}</text>\n"
        ));
    }

    /// Pieces of text after each other, each with its colour and style: who draws them knows their widths best.
    pub(super) fn pieces(&mut self, x: f64, y: f64, size: f64, pieces: &[(String, &str, &str)]) {
        self.put(format_args!(
            "<text x=\"{x:.1}\" y=\"{y:.1}\" font-size=\"{size}\" xml:space=\"preserve\">"
        ));
        for (text, fill, style) in pieces {
            let (fill, style, text) = (escaped(fill), attributes(style), escaped(text));
            self.put(format_args!("<tspan fill=\"{fill}\"{style}>{text}</tspan>"));
        }
        self.body.push_str("</text>\n");
    }

    fn put(&mut self, shape: std::fmt::Arguments<'_>) {
        // Writing to a String cannot fail.
        self.body.write_fmt(shape).unwrap_or_default();
    }
}

fn places(points: &[(f64, f64)]) -> String {
    let places: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    places.join(" ")
}

/// The attributes of a style of text.
fn attributes(style: &str) -> &'static str {
    match style {
        "bold" => " font-weight=\"bold\"",
        "middle" => " text-anchor=\"middle\"",
        "end" => " text-anchor=\"end\"",
        "code" => " font-family=\"'DejaVu Sans Mono',monospace\"",
        _ => "",
    }
}

/// About how wide a character is, as a share of the font's size: those of the widest font in the list.
fn width_of_character(c: char) -> f64 {
    match c {
        'i' | 'l' | 'j' | '\'' | '|' => 0.28,
        ' ' | ',' | '.' | ':' | ';' | 'f' | 't' | 'r' | '(' | ')' | '/' | '-' | '[' | ']' | '·' => 0.39,
        'm' | 'w' | 'M' | 'W' | '%' | '@' | '…' => 0.96,
        c if c.is_uppercase() => 0.70,
        _ => 0.62,
    }
}

/// About how wide a text is.
pub(super) fn width_of(text: &str, size: f64) -> f64 {
    text.chars().map(width_of_character).sum::<f64>() * size
}

/// The text, cut to about this width.
pub(super) fn fitted(text: &str, width: f64, size: f64) -> String {
    if width_of(text, size) <= width {
        return text.to_owned();
    }
    let room = width / size - width_of_character('…');
    let mut used = 0.0;
    let fits = |c: &char| {
        used += width_of_character(*c);
        used <= room
    };
    text.chars().take_while(fits).chain(['…']).collect()
}

/// Text that means itself in XML; control characters, which XML forbids, become blanks.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c if c.is_control() || c == '\u{fffe}' || c == '\u{ffff}' => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}
