//! Lists of a dashboard: states of alarms, and rows of log queries.

use super::BOLD;
use super::area::Area;
use super::canvas::{Canvas, fitted, width_of};
use crate::alarm::State;

/// The answer to a query of logs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    /// The names of the columns.
    pub columns: Vec<String>,
    /// A text for each column.
    pub rows: Vec<Vec<String>>,
}

/// The least that a pill takes, from one to the next.
const PILL_PX: f64 = 196.0;
/// The least and the most that a row of pills takes.
const PILL_ROWS_PX: (f64, f64) = (34.0, 48.0);
const ROW_PX: f64 = 24.0;
/// Where the text of a row stands, from its top.
const BASE_PX: f64 = 16.0;
const TEXT: f64 = 11.0;

/// A pill for each alarm, with its state; together they fill the widget.
pub(super) fn alarms(
    canvas: &mut Canvas,
    body: Area,
    names: &[String],
    state: &dyn Fn(&str) -> Option<State>,
) {
    let theme = canvas.theme();
    let columns =
        (1..=names.len()).take_while(|count| whole(*count) * PILL_PX <= body.width + 1.0).last().unwrap_or(1);
    let (least, most) = PILL_ROWS_PX;
    let (width, height) = (
        body.width / whole(columns),
        (body.height / whole(names.len().div_ceil(columns))).clamp(least, most),
    );
    for (index, name) in names.iter().enumerate() {
        let (x, y) = (body.x + whole(index % columns) * width, body.y + whole(index / columns) * height);
        let (color, text) = match state(name) {
            Some(State::Ok) => (theme.ok(), State::Ok.as_str()),
            Some(State::Alarm) => (theme.alarm(), State::Alarm.as_str()),
            Some(State::InsufficientData) => (theme.faint(), "insufficient data"),
            None => (theme.alarm(), "does not exist"),
        };
        let pill = Area { x, y, width: width - 8.0, height: height - 6.0 };
        let middle = y + pill.height / 2.0;
        canvas.rect(pill, color, 0.14);
        canvas.dot((x + 12.0, middle), 5.0, color);
        canvas.text(
            x + 24.0,
            middle - 2.0,
            &fitted(name, width - 40.0, TEXT * BOLD),
            TEXT,
            theme.ink(),
            "bold",
        );
        canvas.text(x + 24.0, middle + 10.0, text, 10.0, color, "normal");
    }
}

fn whole(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

/// A table of the rows, or why there are none. What does not fit is counted in its last line: on CloudWatch one scrolls to it.
pub(super) fn log(canvas: &mut Canvas, body: Area, rows: &Result<Rows, String>) {
    let theme = canvas.theme();
    let rows = match rows {
        Ok(rows) if !rows.rows.is_empty() => rows,
        Ok(_) => return canvas.text(body.x, body.y + 14.0, "No lines", TEXT, theme.faint(), "normal"),
        Err(why) => {
            let why = fitted(why, body.width, TEXT);
            return canvas.text(body.x, body.y + 14.0, &why, TEXT, theme.alarm(), "normal");
        }
    };
    let widths = widths(rows, body.width);
    let mut y = body.y;
    let all = rows.rows.len();
    let room = (1..=all + 1).take_while(|count| whole(*count) * ROW_PX <= body.height).count();
    // The heading takes a line, and the number of those that do not fit another.
    let shown = if room > all { all } else { room.saturating_sub(2) };
    let heading = std::iter::once((&rows.columns, "bold"));
    for (cells, style) in heading.chain(rows.rows.iter().take(shown).map(|row| (row, "normal"))) {
        let mut x = body.x;
        for (cell, width) in cells.iter().zip(&widths) {
            let color = if cell == "ERROR" { theme.alarm() } else { theme.ink() };
            canvas.text(x, y + BASE_PX, &fitted(cell, width - 8.0, TEXT), TEXT, color, style);
            x += width;
        }
        canvas.line((body.x, y + ROW_PX - 1.0), (body.right(), y + ROW_PX - 1.0), theme.grid(), false);
        y += ROW_PX;
    }
    if shown < all {
        let more = format!("… and {} more", all - shown);
        canvas.text(body.x, y + BASE_PX, &more, TEXT, theme.faint(), "normal");
    }
}

/// Each column as wide as its longest text, all together as wide as the widget.
fn widths(rows: &Rows, width: f64) -> Vec<f64> {
    let longest = |column: usize| {
        let cells = rows.rows.iter().filter_map(|row| row.get(column)).chain(rows.columns.get(column));
        cells.map(|cell| width_of(cell, TEXT) + 10.0).fold(40.0, f64::max).min(width / 2.0)
    };
    let wanted: Vec<f64> = (0..rows.columns.len()).map(longest).collect();
    let sum: f64 = wanted.iter().sum();
    wanted.iter().map(|own| own * width / sum.max(1.0)).collect()
}
