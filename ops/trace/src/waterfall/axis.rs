//! Time to columns, with long idle times cut out.

use crate::span::Span;

/// An idle time is cut when it is longer than all the work.
const CUT_FACTOR: u64 = 1;

/// Maps instants to columns.
#[derive(Debug)]
pub(super) struct Axis<'a> {
    /// Stretches of time drawn to one scale, in order.
    stretches: Vec<Stretch>,
    gaps: Vec<Gap<'a>>,
    us_per_column: f64,
    width: usize,
    /// Columns that a cut takes.
    gap_columns: usize,
}

#[derive(Debug)]
struct Stretch {
    start_us: u64,
    end_us: u64,
    column: f64,
}

/// Idle time that is not drawn.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Gap<'a> {
    pub(super) length_us: u64,
    /// The span that ended last before it.
    pub(super) after: &'a str,
    /// The span that began first after it.
    pub(super) before: &'a str,
}

/// Where a span's bar is.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Cells {
    pub(super) from: usize,
    pub(super) length: usize,
    /// Shorter than half a column.
    pub(super) sliver: bool,
}

impl<'a> Axis<'a> {
    /// An axis of `width` columns for spans in order of their begin; a cut takes `gap_columns`.
    pub(super) fn new(spans: &'a [Span], width: usize, gap_columns: usize) -> Self {
        let busy = busy(spans);
        let work_us: u64 = busy.iter().map(|(start, end, _)| end - start).sum();
        let mut stretches: Vec<Stretch> = Vec::new();
        let mut gaps = Vec::new();
        let mut after = "";
        for (start_us, end_us, last) in busy {
            let idle_us = stretches.last().map(|stretch| start_us - stretch.end_us);
            match (stretches.last_mut(), idle_us) {
                (Some(stretch), Some(idle_us)) if idle_us <= work_us * CUT_FACTOR => stretch.end_us = end_us,
                (_, idle_us) => {
                    if let Some(length_us) = idle_us {
                        let before = spans.iter().find(|span| span.start_us == start_us);
                        gaps.push(Gap { length_us, after, before: before.map_or("", |span| &span.name) });
                    }
                    stretches.push(Stretch { start_us, end_us, column: 0.0 });
                }
            }
            after = last;
        }
        Self::lay_out(stretches, gaps, width, gap_columns)
    }

    #[expect(clippy::cast_precision_loss, reason = "columns are few, microseconds need no last digit")]
    fn lay_out(mut stretches: Vec<Stretch>, gaps: Vec<Gap<'a>>, width: usize, gap_columns: usize) -> Self {
        let drawn_us: u64 = stretches.iter().map(|stretch| stretch.end_us - stretch.start_us).sum();
        let columns = width.saturating_sub(gaps.len() * gap_columns).max(1);
        let us_per_column = (drawn_us.max(1) as f64) / columns as f64;
        let mut column = 0.0;
        for stretch in &mut stretches {
            stretch.column = column;
            let length = (stretch.end_us - stretch.start_us) as f64 / us_per_column;
            // Whole columns, so that no bar of one stretch reaches into the cut behind it.
            column = (column + length).ceil() + gap_columns as f64;
        }
        Self { stretches, gaps, us_per_column, width, gap_columns }
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    pub(super) fn gaps(&self) -> impl Iterator<Item = &Gap<'a>> {
        self.gaps.iter()
    }

    /// Whether a column stands for time that was cut out.
    pub(super) fn is_gap(&self, column: usize) -> bool {
        self.gap_begins().any(|begin| (begin..begin + self.gap_columns).contains(&column))
    }

    /// The first column of each cut.
    pub(super) fn gap_begins(&self) -> impl Iterator<Item = usize> {
        let later = self.stretches.iter().skip(1);
        later.map(|stretch| whole(stretch.column).saturating_sub(self.gap_columns))
    }

    /// Where a span is drawn: at least one column, never beyond the axis.
    pub(super) fn cells(&self, span: &Span) -> Cells {
        let (start, end) = (self.column(span.start_us), self.column(span.end_us()));
        let last = self.width.saturating_sub(1);
        let from = whole(start.floor()).min(last);
        let length = whole(end.round()).saturating_sub(from).clamp(1, self.width - from);
        Cells { from, length, sliver: end - start < 0.5 }
    }

    #[expect(clippy::cast_precision_loss, reason = "columns are few, microseconds need no last digit")]
    fn column(&self, at_us: u64) -> f64 {
        let stretch = self.stretches.iter().rev().find(|stretch| stretch.start_us <= at_us);
        stretch.map_or(0.0, |stretch| {
            let into_us = at_us.min(stretch.end_us) - stretch.start_us;
            stretch.column + into_us as f64 / self.us_per_column
        })
    }
}

/// When anything was done: disjoint intervals, each with the span that ended last in it.
fn busy(spans: &[Span]) -> Vec<(u64, u64, &str)> {
    let mut busy: Vec<(u64, u64, &str)> = Vec::new();
    for span in spans {
        match busy.last_mut() {
            Some((_, end, last)) if span.start_us <= *end => {
                if span.end_us() > *end {
                    (*end, *last) = (span.end_us(), &span.name);
                }
            }
            _ => busy.push((span.start_us, span.end_us(), &span.name)),
        }
    }
    busy
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "columns are few and positive")]
fn whole(column: f64) -> usize {
    column as usize
}
