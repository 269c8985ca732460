//! Waterfall of a trace as text: the tree of its spans, each with a bar to scale.

mod axis;
mod layout;
mod paint;
#[cfg(test)]
mod tests;

use crate::span::{Node, Span, Status, Trace};
use axis::Axis;
pub use layout::{Cut, Layout, Row};
use paint::{Ink, Paint, duration};
use terminal::{Style, clean, fit};

/// Names longer than this share of the width are cut.
const LABEL_SHARE: usize = 45;
const GAP_COLUMNS: usize = 2;
const DURATION_WIDTH: usize = 8;
/// Bars shorter than this show nothing; a line may then exceed a very narrow terminal.
const MIN_BAR_WIDTH: usize = 10;

/// Draws a trace: a headline, a line a span, what failed, and where idle time was cut out.
#[must_use]
pub fn render(trace: &Trace, style: Style) -> String {
    let paint = Paint::new(style, &trace.spans);
    let nodes = trace.tree();
    let labels: Vec<Label> = nodes.iter().map(|node| Label::of(node, trace, &paint)).collect();
    let widest = labels.iter().map(Label::width).max().unwrap_or_default();
    let label_width = widest.min(style.width * LABEL_SHARE / 100).max(12);
    let bar_width = style.width.saturating_sub(label_width + DURATION_WIDTH + 5).max(MIN_BAR_WIDTH);
    let axis = Axis::new(&trace.spans, bar_width, GAP_COLUMNS);

    let mut lines = vec![headline(trace, &paint)];
    for (node, label) in nodes.iter().zip(&labels) {
        lines.push(row(node.span, label, label_width, &axis, &paint));
        lines.extend(failure(node.span, label, &paint));
    }
    lines.extend(axis.gaps().map(|gap| {
        let line = format!(
            "{} {} cut out between {} and {}",
            paint.glyphs().gap,
            duration(gap.length_us, style.unicode),
            clean(gap.after),
            clean(gap.before),
        );
        paint.ink(Ink::Faint, &line)
    }));
    lines.push(String::new());
    lines.join("\n")
}

fn headline(trace: &Trace, paint: &Paint<'_>) -> String {
    let dot = paint.glyphs().dot;
    let mut parts = vec![paint.ink(Ink::Bold, &format!("trace {}", clean(&trace.trace_id)))];
    parts.extend(trace.image_ids.iter().map(|id| format!("image {}", clean(id))));
    let count = trace.spans.len();
    parts.push(format!("{count} {}", if count == 1 { "span" } else { "spans" }));
    parts.push(duration(trace.duration_us, paint.style.unicode));
    if trace.status == Status::Error {
        parts.push(paint.ink(Ink::Bad, "failed"));
    }
    parts.join(&format!(" {dot} "))
}

/// Tree, name and service of a span, before it is fitted into its column.
struct Label {
    tree: String,
    name: String,
    /// Only where it differs from the parent's.
    service: String,
    /// What stands before lines that belong to this one.
    below: String,
}

impl Label {
    fn of(node: &Node<'_>, trace: &Trace, paint: &Paint<'_>) -> Self {
        let glyphs = paint.glyphs();
        let (mut tree, mut below) = (String::new(), String::new());
        for (depth, last) in node.last.iter().enumerate() {
            let own = depth + 1 == node.last.len();
            tree.push_str(match (own, last) {
                (true, true) => glyphs.corner,
                (true, false) => glyphs.tee,
                (false, true) => "  ",
                (false, false) => glyphs.trunk,
            });
            below.push_str(if *last { "  " } else { glyphs.trunk });
        }
        let parent = node.span.parent_span_id.as_ref();
        let parent = parent.and_then(|id| trace.spans.iter().find(|span| span.span_id == *id));
        let same = parent.is_some_and(|parent| parent.service == node.span.service);
        let service =
            if same { String::new() } else { format!(" {} {}", glyphs.dot, clean(&node.span.service)) };
        Self { tree, name: clean(&node.span.name), service, below }
    }

    fn width(&self) -> usize {
        [&self.tree, &self.name, &self.service].iter().map(|part| part.chars().count()).sum()
    }

    /// Exactly `width` columns: the service gives way first, then the end of the name.
    fn fitted(&self, width: usize, ink: Ink, paint: &Paint<'_>) -> String {
        let ellipsis = paint.glyphs().ellipsis;
        let tree = fit(&self.tree, width, ellipsis);
        let room = width.saturating_sub(tree.chars().count());
        let name = fit(&self.name, room, ellipsis);
        let room = room.saturating_sub(name.chars().count());
        let service = if self.service.chars().count() <= room { self.service.as_str() } else { "" };
        let padding = " ".repeat(room.saturating_sub(service.chars().count()));
        format!(
            "{}{}{}{padding}",
            paint.ink(Ink::Faint, &tree),
            paint.ink(ink, &name),
            paint.ink(Ink::Faint, service)
        )
    }
}

fn row(span: &Span, label: &Label, label_width: usize, axis: &Axis<'_>, paint: &Paint<'_>) -> String {
    let glyphs = paint.glyphs();
    let failed = span.status == Status::Error;
    let (name_ink, bar_ink) =
        if failed { (Ink::Bad, Ink::Bad) } else { (Ink::Plain, paint.service(&span.service)) };
    let mark = if failed { paint.ink(Ink::Bad, glyphs.failed) } else { " ".to_owned() };
    let took = duration(span.duration_us, paint.style.unicode);
    let bar = bar(axis, span, bar_ink, paint);
    let line = format!("{} {took:>DURATION_WIDTH$} {mark} {bar}", label.fitted(label_width, name_ink, paint));
    line.trim_end().to_owned()
}

fn bar(axis: &Axis<'_>, span: &Span, ink: Ink, paint: &Paint<'_>) -> String {
    let glyphs = paint.glyphs();
    let cells = axis.cells(span);
    let glyph = if cells.sliver { glyphs.sliver } else { glyphs.bar };
    let mut line = String::new();
    let mut column = 0;
    while column < axis.width() {
        if column == cells.from {
            line.push_str(&paint.ink(ink, &glyph.repeat(cells.length)));
            column += cells.length;
        } else {
            let gap = axis.is_gap(column);
            line.push_str(&if gap { paint.ink(Ink::Faint, glyphs.gap) } else { " ".to_owned() });
            column += 1;
        }
    }
    line
}

/// The status message of a failed span, under its line.
fn failure(span: &Span, label: &Label, paint: &Paint<'_>) -> Option<String> {
    let message = clean(&span.message);
    if span.status != Status::Error || message.is_empty() {
        return None;
    }
    let glyphs = paint.glyphs();
    let indent = format!("{}  {} ", label.below, glyphs.failed);
    let room = paint.style.width.saturating_sub(indent.chars().count()).max(MIN_BAR_WIDTH);
    Some(paint.ink(Ink::Bad, &format!("{indent}{}", fit(&message, room, glyphs.ellipsis))))
}
