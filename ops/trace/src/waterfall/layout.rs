//! The same drawing as numbers, for a page that draws it itself.

use serde::Serialize;

use super::axis::Axis;
use crate::span::{Span, Trace};

/// Columns of the axis: parts in a thousand of the drawing's width.
const WIDTH: usize = 1000;
const GAP_COLUMNS: usize = 24;

/// Where everything is drawn.
#[derive(Debug, PartialEq, Serialize)]
pub struct Layout<'a> {
    /// The spans in order of the tree.
    pub rows: Vec<Row<'a>>,
    /// Idle times that were cut out.
    pub cuts: Vec<Cut<'a>>,
}

/// One span and its bar.
#[derive(Debug, PartialEq, Serialize)]
pub struct Row<'a> {
    /// The span.
    pub span: &'a Span,
    /// How deep in the tree.
    pub depth: usize,
    /// Where its bar begins, in thousandths.
    pub from: usize,
    /// How long its bar is, in thousandths.
    pub length: usize,
}

/// One idle time that was cut out.
#[derive(Debug, PartialEq, Serialize)]
pub struct Cut<'a> {
    /// Where the cut begins, in thousandths.
    pub from: usize,
    /// How wide it is drawn, in thousandths.
    pub length: usize,
    /// The time not shown.
    pub length_us: u64,
    /// The span that ended last before it.
    pub after: &'a str,
    /// The span that began first after it.
    pub before: &'a str,
}

impl<'a> Layout<'a> {
    /// Lays a trace out.
    #[must_use]
    pub fn of(trace: &'a Trace) -> Self {
        let axis = Axis::new(&trace.spans, WIDTH, GAP_COLUMNS);
        let rows = trace.tree().into_iter().map(|node| {
            let cells = axis.cells(node.span);
            Row { span: node.span, depth: node.last.len(), from: cells.from, length: cells.length }
        });
        let cuts = axis.gap_begins().zip(axis.gaps()).map(|(from, gap)| Cut {
            from,
            length: GAP_COLUMNS,
            length_us: gap.length_us,
            after: gap.after,
            before: gap.before,
        });
        Self { rows: rows.collect(), cuts: cuts.collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::span::tests::span;

    #[test]
    fn bars_and_cuts_share_one_axis() {
        let spans = vec![span("a", "", 0, 488), span("b", "a", 1_000_000, 488)];
        let trace = Trace::of(spans).unwrap();
        let layout = Layout::of(&trace);
        let bars: Vec<_> = layout.rows.iter().map(|row| (row.depth, row.from, row.length)).collect();
        assert_eq!(bars, [(0, 0, 488), (1, 512, 488)]);
        let cut = &layout.cuts[0];
        assert_eq!((cut.from, cut.length, cut.length_us), (488, 24, 999_512));
        assert_eq!((cut.after, cut.before), ("a", "b"));
    }
}
