//! Drawing of a dashboard as SVG, in the manner of CloudWatch's.
//!
//! - `alarm` the series of an alarm with its threshold
//! - `area`, `canvas` shapes and text as SVG
//! - `theme` colours, light and dark
//! - `scale` from values and times to places, and ticks that people read easily
//! - `chart` lines and areas over time
//! - `figures` numbers, dials and tables
//! - `lists` states of alarms, and answers of queries
//! - `prose` Markdown

mod alarm;
mod area;
mod canvas;
mod chart;
mod figures;
mod lists;
mod prose;
mod scale;
mod theme;

pub use area::Area;
pub use canvas::Canvas;
pub use lists::Rows;
pub use scale::short;
pub use theme::Theme;

use super::{Content, Dashboard, DashboardError, MetricWidget, View, Widget};
use crate::alarm::State;
use crate::store::Statistics;
use crate::time::Timestamp;

const COLUMN_PX: f64 = 52.0;
const ROW_PX: f64 = 46.0;
const GAP_PX: f64 = 8.0;
const MARGIN_PX: f64 = 12.0;
const TITLE_PX: f64 = 26.0;
/// How much wider bold text is.
const BOLD: f64 = 1.12;

/// Data sources of a drawing.
pub struct DataSources<'a> {
    /// The metrics.
    pub store: &'a dyn Statistics,
    /// The right end of the graphs.
    pub now: Timestamp,
    /// Light or dark.
    pub theme: Theme,
    /// The state of an alarm; `None` for one that does not exist.
    pub state: &'a dyn Fn(&str) -> Option<State>,
    /// The answer to a query; an error is shown in its place.
    pub logs: &'a dyn Fn(&str) -> Result<Rows, String>,
}

impl std::fmt::Debug for DataSources<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DataSources")
            .field("now", &self.now)
            .field("theme", &self.theme)
            .finish_non_exhaustive()
    }
}

impl Dashboard {
    /// The dashboard as an SVG document.
    ///
    /// # Errors
    /// An expression that is not evaluated.
    pub fn svg(&self, sources: &DataSources<'_>) -> Result<String, DashboardError> {
        let rows = self.widgets.iter().map(|widget| widget.y + widget.height).max().unwrap_or(1);
        let width = f64::from(super::COLUMNS) * COLUMN_PX + 2.0 * MARGIN_PX;
        let height = f64::from(rows) * ROW_PX + 2.0 * MARGIN_PX;
        let mut canvas = Canvas::new(width, height, sources.theme);
        for widget in &self.widgets {
            draw(&mut canvas, widget, sources, self.span_millis)?;
        }
        Ok(canvas.finish())
    }
}

fn draw(
    canvas: &mut Canvas,
    widget: &Widget,
    sources: &DataSources<'_>,
    span_millis: i64,
) -> Result<(), DashboardError> {
    let area = Area {
        x: MARGIN_PX + f64::from(widget.x) * COLUMN_PX,
        y: MARGIN_PX + f64::from(widget.y) * ROW_PX,
        width: f64::from(widget.width) * COLUMN_PX,
        height: f64::from(widget.height) * ROW_PX,
    };
    let area = area.inset(0.0, 0.0, GAP_PX, GAP_PX);
    let panel = canvas.panel(area);
    match &widget.content {
        Content::Text(markdown) => prose::draw(canvas, panel, markdown),
        Content::Alarms { title, names } => {
            let body = titled(canvas, panel, title);
            lists::alarms(canvas, body, names, sources.state);
        }
        Content::Log { title, query } => {
            let body = titled(canvas, panel, title);
            lists::log(canvas, body, &(sources.logs)(query));
        }
        Content::Metrics(metrics) => {
            let body = titled(canvas, panel, &metrics.title);
            draw_metrics(canvas, body, metrics, sources, span_millis)?;
        }
    }
    canvas.end_panel();
    Ok(())
}

fn titled(canvas: &mut Canvas, panel: Area, title: &str) -> Area {
    let ink = canvas.theme().ink();
    let title = canvas::fitted(title, panel.width - 20.0, 13.0 * BOLD);
    canvas.text(panel.x + 10.0, panel.y + 19.0, &title, 13.0, ink, "bold");
    panel.inset(10.0, TITLE_PX, 10.0, 8.0)
}

fn draw_metrics(
    canvas: &mut Canvas,
    body: Area,
    metrics: &MetricWidget,
    sources: &DataSources<'_>,
    span_millis: i64,
) -> Result<(), DashboardError> {
    let plots = metrics.plots(sources.store, sources.now, span_millis)?;
    match metrics.view {
        View::TimeSeries => drop(chart::draw(canvas, body, metrics, &plots)),
        View::SingleValue => figures::numbers(canvas, body, metrics, &plots),
        View::Gauge => figures::gauges(canvas, body, metrics, &plots),
        View::Table => figures::table(canvas, body, &plots),
    }
    Ok(())
}
