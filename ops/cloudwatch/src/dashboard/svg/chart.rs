//! Charts of a dashboard: lines and areas over time.

use serde_json::{Value, json};

use super::area::Area;
use super::canvas::{Canvas, fitted, width_of};
use super::scale::{Range, clock, short, times};
use super::theme::Theme;
use crate::dashboard::data::{Plot, Plots};
use crate::dashboard::{Axis, MetricWidget};
use crate::math::Values;

const AXIS_PX: f64 = 40.0;
const TIME_PX: f64 = 16.0;
const LEGEND_ROW_PX: f64 = 14.0;
const SMALL: f64 = 10.0;

/// Draws a chart, and returns where its lines are and the scale of the axis on the left.
pub(super) fn draw(canvas: &mut Canvas, body: Area, metrics: &MetricWidget, plots: &Plots) -> (Area, Range) {
    let colors: Vec<String> = plots
        .plots
        .iter()
        .enumerate()
        .map(|(index, plot)| plot.color.clone().unwrap_or_else(|| Theme::series(index).to_owned()))
        .collect();
    let legend = legend(&plots.plots, &colors, body.width, body.height);
    let has_right = plots.plots.iter().any(|plot| plot.on_right);
    let legend_px = LEGEND_ROW_PX * legend.last().map_or(0.0, |entry| entry.row + 1.0);
    let frame = body.inset(AXIS_PX, 6.0, if has_right { AXIS_PX } else { 4.0 }, TIME_PX + legend_px);
    draw_legend(canvas, &legend, body.x, body.bottom() - legend_px);

    let stacked = if metrics.stacked { stacked(&plots.plots) } else { Vec::new() };
    let drawn = if metrics.stacked { stacked.as_slice() } else { &[] };
    let fixed = metrics.annotations.iter().map(|annotation| annotation.value);
    let lines = plots.plots.iter().filter(|plot| !plot.on_right || metrics.stacked);
    let values = lines.map(|plot| &plot.values).chain(drawn).flatten().flatten().copied();
    let left = Range::around(values.chain(fixed), metrics.left.min, metrics.left.max);
    let on_right = plots.plots.iter().filter(|plot| plot.on_right).flat_map(|plot| &plot.values);
    let right = Range::around(on_right.flatten().copied(), metrics.right.min, metrics.right.max);

    axis(canvas, frame, left, &metrics.left, false);
    if has_right {
        axis(canvas, frame, right, &metrics.right, true);
    }
    time_axis(canvas, frame, plots);
    if plots.plots.iter().all(|plot| plot.values.iter().all(Option::is_none)) {
        let faint = canvas.theme().faint();
        let (x, y) = (frame.x + frame.width / 2.0, frame.y + frame.height / 2.0);
        canvas.text(x, y, "No data available", 12.0, faint, "middle");
    }
    if metrics.stacked {
        areas(canvas, frame, left, &stacked, &colors);
    } else {
        for (plot, color) in plots.plots.iter().zip(&colors) {
            line(canvas, frame, if plot.on_right { right } else { left }, &plot.values, color);
        }
    }
    for annotation in &metrics.annotations {
        let color = annotation.color.as_deref().unwrap_or("#d62728");
        let y = frame.bottom() - left.share(annotation.value).clamp(0.0, 1.0) * frame.height;
        canvas.line((frame.x, y), (frame.right(), y), color, true);
        let label = fitted(&annotation.label, frame.width / 2.0, SMALL);
        canvas.text(frame.right() - 3.0, (y - 3.0).max(frame.y + 8.0), &label, SMALL, color, "end");
    }
    if canvas.theme() == Theme::Page {
        canvas.values(frame, &data(plots, &colors));
    }
    (frame, left)
}

/// When each period began in milliseconds, and the text of each value in it.
fn data(plots: &Plots, colors: &[String]) -> String {
    let starts: Vec<i64> = plots.starts.iter().map(|start| start.as_millis()).collect();
    let line = |(plot, color): (&Plot, &String)| {
        let values: Vec<Option<String>> = plot.values.iter().map(|value| value.map(short)).collect();
        json!({ "label": plot.label, "color": color, "values": values })
    };
    let lines: Vec<Value> = plots.plots.iter().zip(colors).map(line).collect();
    json!({ "starts": starts, "lines": lines }).to_string()
}

/// Each series on the sum of those before it; where any has a value, a gap is zero.
fn stacked(plots: &[Plot]) -> Vec<Values> {
    let instants = plots.first().map_or(0, |plot| plot.values.len());
    let mut sums: Values = vec![None; instants];
    let mut layers = vec![sums.clone()];
    for plot in plots {
        for (index, sum) in sums.iter_mut().enumerate() {
            let any = plots.iter().any(|plot| plot.values.get(index).copied().flatten().is_some());
            let value = plot.values.get(index).copied().flatten();
            *sum = any.then(|| sum.unwrap_or(0.0) + value.unwrap_or(0.0));
        }
        layers.push(sums.clone());
    }
    if let (Some(base), true) = (layers.first_mut(), instants > 0) {
        base.clone_from(&sums.iter().map(|sum| sum.map(|_| 0.0)).collect());
    }
    layers
}

/// Runs of neighbouring values, as places.
fn runs(frame: Area, range: Range, values: &Values) -> Vec<Vec<(f64, f64)>> {
    let mut runs: Vec<Vec<(f64, f64)>> = vec![Vec::new()];
    for (index, value) in values.iter().enumerate() {
        match (value, runs.last_mut()) {
            (Some(value), Some(run)) => {
                run.push((x_of(frame, index, values.len()), y_of(frame, range, *value)));
            }
            (None, Some(run)) if !run.is_empty() => runs.push(Vec::new()),
            _ => {}
        }
    }
    runs
}

pub(super) fn x_of(frame: Area, index: usize, count: usize) -> f64 {
    let place = |number: usize| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
    frame.x + frame.width * place(index) / place(count.saturating_sub(1).max(1))
}

pub(super) fn y_of(frame: Area, range: Range, value: f64) -> f64 {
    frame.bottom() - range.share(value).clamp(-0.02, 1.02) * frame.height
}

/// Runs of fewer values have a dot at each: a line of some pixels is hard to see.
const FEW: usize = 4;

fn line(canvas: &mut Canvas, frame: Area, range: Range, values: &Values, color: &str) {
    for run in runs(frame, range, values) {
        if run.len() > 1 {
            canvas.polyline(&run, color);
        }
        if run.len() < FEW {
            for point in run {
                canvas.dot(point, 3.0, color);
            }
        }
    }
}

fn areas(canvas: &mut Canvas, frame: Area, range: Range, layers: &[Values], colors: &[String]) {
    for (pair, color) in layers.windows(2).zip(colors) {
        let [below, above] = pair else { continue };
        for (lower, upper) in runs(frame, range, below).into_iter().zip(runs(frame, range, above)) {
            match (lower.as_slice(), upper.as_slice()) {
                ([bottom], [top]) => {
                    let height = bottom.1 - top.1;
                    canvas.rect(Area { x: top.0 - 3.0, y: top.1, width: 6.0, height }, color, 0.75);
                }
                (_, [_, _, ..]) => {
                    let outline: Vec<(f64, f64)> = upper.into_iter().chain(lower.into_iter().rev()).collect();
                    canvas.polygon(&outline, color);
                }
                _ => {}
            }
        }
    }
}

fn axis(canvas: &mut Canvas, frame: Area, range: Range, axis: &Axis, on_right: bool) {
    let (faint, grid) = (canvas.theme().faint(), canvas.theme().grid());
    for tick in range.ticks(4) {
        let y = y_of(frame, range, tick);
        if !on_right {
            canvas.line((frame.x, y), (frame.right(), y), grid, false);
        }
        let (x, style) = if on_right { (frame.right() + 4.0, "normal") } else { (frame.x - 4.0, "end") };
        canvas.text(x, y + 3.5, &short(tick), SMALL, faint, style);
    }
    let (x, style) = if on_right { (frame.right() + AXIS_PX, "end") } else { (frame.x - AXIS_PX, "normal") };
    canvas.text(x, frame.y - 1.0, &axis.label, SMALL, faint, style);
}

fn time_axis(canvas: &mut Canvas, frame: Area, plots: &Plots) {
    let (Some(first), Some(last)) = (plots.starts.first(), plots.starts.last()) else { return };
    let (faint, grid) = (canvas.theme().faint(), canvas.theme().border());
    canvas.line((frame.x, frame.bottom()), (frame.right(), frame.bottom()), grid, false);
    #[expect(clippy::cast_possible_truncation, reason = "a width on the canvas")]
    let count = (frame.width / 70.0).max(1.0) as i64;
    #[expect(clippy::cast_precision_loss, reason = "spans are far below 2^53 ms")]
    let span = (last.as_millis() - first.as_millis()).max(1) as f64;
    for tick in times(*first, *last, count) {
        #[expect(clippy::cast_precision_loss, reason = "spans are far below 2^53 ms")]
        let x = frame.x + frame.width * (tick.as_millis() - first.as_millis()) as f64 / span;
        canvas.text(x, frame.bottom() + 12.0, &clock(tick), SMALL, faint, "middle");
    }
}

struct Entry {
    text: String,
    color: String,
    x: f64,
    row: f64,
}

/// Labels in rows, as many as fit into a third of the widget.
fn legend(plots: &[Plot], colors: &[String], width: f64, height: f64) -> Vec<Entry> {
    let (mut x, mut row) = (0.0, 0.0);
    let mut entries = Vec::new();
    for (plot, color) in plots.iter().zip(colors) {
        let text = fitted(&plot.label, width - 16.0, SMALL);
        let own = width_of(&text, SMALL) + 22.0;
        if x > 0.0 && x + own > width {
            (x, row) = (0.0, row + 1.0);
        }
        if (row + 1.0) * LEGEND_ROW_PX > height / 3.0 {
            break;
        }
        entries.push(Entry { text, color: color.clone(), x, row });
        x += own;
    }
    entries
}

fn draw_legend(canvas: &mut Canvas, entries: &[Entry], x: f64, y: f64) {
    let ink = canvas.theme().ink();
    for entry in entries {
        let (x, y) = (x + entry.x, y + entry.row * LEGEND_ROW_PX);
        canvas.rect(Area { x, y: y + 3.0, width: 8.0, height: 8.0 }, &entry.color, 1.0);
        canvas.text(x + 12.0, y + 11.0, &entry.text, SMALL, ink, "normal");
    }
}
