//! Figures of a dashboard: single values, gauges and tables.

use super::area::Area;
use super::canvas::{Canvas, fitted, width_of};
use super::scale::{Range, short};
use super::theme::Theme;
use crate::dashboard::MetricWidget;
use crate::dashboard::data::{Plot, Plots};

/// Less than this is too narrow for a number that is read from afar.
const NUMBER_PX: f64 = 120.0;

fn last(plot: &Plot) -> Option<f64> {
    plot.values.iter().rev().flatten().next().copied()
}

fn written(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), short)
}

fn color(plot: &Plot, index: usize) -> String {
    plot.color.clone().unwrap_or_else(|| Theme::series(index).to_owned())
}

/// Equal parts of an area, side by side.
fn columns(body: Area, count: usize) -> Vec<Area> {
    let count = f64::from(u32::try_from(count.max(1)).unwrap_or(u32::MAX));
    let width = body.width / count;
    let mut columns = Vec::new();
    let mut x = body.x;
    while x + width <= body.right() + 0.5 {
        columns.push(Area { x, width, ..body });
        x += width;
    }
    columns
}

/// The last value of each line, large.
pub(super) fn numbers(canvas: &mut Canvas, body: Area, metrics: &MetricWidget, plots: &Plots) {
    let (ink, faint) = (canvas.theme().ink(), canvas.theme().faint());
    let beside =
        (1..=4_usize).rev().find(|count| columns(body, *count).iter().all(|it| it.width >= NUMBER_PX));
    let beside = beside.unwrap_or(1).min(plots.plots.len().max(1));
    let rows = plots.plots.chunks(beside);
    let count = f64::from(u32::try_from(rows.len().max(1)).unwrap_or(1));
    for (row, (chunk, index)) in rows.zip(0_u32..).enumerate() {
        let height = body.height / count;
        let part = Area { y: body.y + f64::from(index) * height, height, ..body };
        for (column, (area, plot)) in columns(part, chunk.len()).into_iter().zip(chunk).enumerate() {
            let middle = area.x + area.width / 2.0;
            let unit = Some(&metrics.left.label).filter(|unit| !unit.is_empty());
            let label = unit.map_or_else(|| plot.label.clone(), |unit| format!("{}, {unit}", plot.label));
            let label = fitted(&label, area.width - 24.0, 11.0);
            let size = (area.height * 0.36).clamp(14.0, 34.0);
            let dot = (middle - width_of(&written(last(plot)), size) / 2.0 - 12.0).max(area.x + 5.0);
            canvas.text(middle, area.y + area.height * 0.55, &written(last(plot)), size, ink, "middle");
            canvas.text(middle, area.y + area.height * 0.55 + 20.0, &label, 11.0, faint, "middle");
            canvas.dot((dot, area.y + area.height * 0.5), 4.0, &color(plot, row * beside + column));
        }
    }
}

/// The last value of each line on a dial from the axis' least to its greatest value.
pub(super) fn gauges(canvas: &mut Canvas, body: Area, metrics: &MetricWidget, plots: &Plots) {
    let (ink, faint, grid) = (canvas.theme().ink(), canvas.theme().faint(), canvas.theme().grid());
    let values = plots.plots.iter().filter_map(last);
    let range = Range::around(values, metrics.left.min.or(Some(0.0)), metrics.left.max.or(Some(100.0)));
    for (index, (area, plot)) in columns(body, plots.plots.len()).into_iter().zip(&plots.plots).enumerate() {
        let radius = (area.width / 2.6).min(area.height * 0.62);
        let centre = (area.x + area.width / 2.0, area.y + area.height * 0.78);
        canvas.arc(centre, radius, 180.0, grid);
        if let Some(value) = last(plot) {
            canvas.arc(centre, radius, 180.0 * range.share(value).clamp(0.0, 1.0), &color(plot, index));
        }
        let value = format!("{} {}", written(last(plot)), metrics.left.label);
        canvas.text(centre.0, centre.1 - 4.0, value.trim_end(), 22.0, ink, "middle");
        let label = fitted(&plot.label, area.width, 11.0);
        canvas.text(centre.0, centre.1 + 14.0, &label, 11.0, faint, "middle");
        canvas.text(centre.0 - radius, centre.1 + 14.0, &short(range.low), 10.0, faint, "middle");
        canvas.text(centre.0 + radius, centre.1 + 14.0, &short(range.high), 10.0, faint, "middle");
    }
}

/// The last value of each line in a row of its own.
pub(super) fn table(canvas: &mut Canvas, body: Area, plots: &Plots) {
    const ROW_PX: f64 = 20.0;
    let (ink, grid) = (canvas.theme().ink(), canvas.theme().grid());
    for ((index, plot), row) in plots.plots.iter().enumerate().zip(0_u32..) {
        let y = body.y + f64::from(row) * ROW_PX;
        if y + ROW_PX > body.bottom() {
            return;
        }
        canvas.dot((body.x + 5.0, y + 10.0), 4.0, &color(plot, index));
        let label = fitted(&plot.label, body.width * 0.7, 12.0);
        canvas.text(body.x + 16.0, y + 14.0, &label, 12.0, ink, "normal");
        canvas.text(body.right(), y + 14.0, &written(last(plot)), 12.0, ink, "end");
        canvas.line((body.x, y + ROW_PX - 1.0), (body.right(), y + ROW_PX - 1.0), grid, false);
    }
}
