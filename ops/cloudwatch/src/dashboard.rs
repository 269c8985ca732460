//! Dashboards: the widgets of a `DashboardBody`, the data that they ask for, and a drawing of them.
//!
//! - [`read`](self) a `DashboardBody` becomes widgets; what is not drawn here is refused with its place
//! - [`data`] the series of a widget
//! - [`svg`] the drawing

pub mod data;
mod read;
pub mod svg;
#[cfg(test)]
mod tests;

use crate::alarm::MetricStat;
use crate::fields::FieldError;
use crate::location::Location;
use crate::math::{Expression, MathError};
use crate::time::Period;

/// Columns of the grid that widgets are laid on.
pub const COLUMNS: u32 = 24;

/// A dashboard as its body states it.
#[derive(Clone, Debug)]
pub struct Dashboard {
    /// How far it looks back, in milliseconds.
    pub span_millis: i64,
    /// What is on it.
    pub widgets: Vec<Widget>,
}

/// A rectangle of the grid with something in it.
#[derive(Clone, Debug)]
pub struct Widget {
    /// Columns from the left.
    pub x: u32,
    /// Rows from the top.
    pub y: u32,
    /// In columns.
    pub width: u32,
    /// In rows.
    pub height: u32,
    /// What is in it.
    pub content: Content,
}

/// What a widget shows.
#[derive(Clone, Debug)]
pub enum Content {
    /// Text in Markdown.
    Text(String),
    /// The states of alarms.
    Alarms {
        /// What stands above.
        title: String,
        /// Their names.
        names: Vec<String>,
    },
    /// The answer to a query of logs.
    Log {
        /// What stands above.
        title: String,
        /// The query.
        query: String,
    },
    /// Metrics.
    Metrics(Box<MetricWidget>),
}

/// A widget that draws metrics.
#[derive(Clone, Debug)]
pub struct MetricWidget {
    /// What stands above.
    pub title: String,
    /// How they are drawn.
    pub view: View,
    /// Whether lines are laid upon each other.
    pub stacked: bool,
    /// Over which periods.
    pub period: Period,
    /// What is drawn, and what expressions need.
    pub lines: Vec<Line>,
    /// The axis on the left.
    pub left: Axis,
    /// The axis on the right.
    pub right: Axis,
    /// Lines at fixed values of the left axis.
    pub annotations: Vec<Annotation>,
    /// Where it stands.
    pub location: Location,
}

/// How metrics are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// Over time.
    TimeSeries,
    /// The last value of each as a number.
    SingleValue,
    /// The last value of each on a dial.
    Gauge,
    /// The last value of each in a row.
    Table,
}

/// A metric or expression of a widget.
#[derive(Clone, Debug)]
pub struct Line {
    /// What expressions call it.
    pub id: String,
    /// What the legend calls it.
    pub label: String,
    /// Its colour, if it has one of its own.
    pub color: Option<String>,
    /// Whether its values belong to the axis on the right.
    pub on_right: bool,
    /// Whether it is drawn.
    pub visible: bool,
    /// What it is.
    pub of: Drawn,
}

/// What a line is made of.
#[derive(Clone, Debug)]
pub enum Drawn {
    /// A statistic of a metric.
    Metric(MetricStat),
    /// An expression over the widget's other lines.
    Expression(Expression),
}

/// An axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Axis {
    /// The unit.
    pub label: String,
    /// Where it begins, if that is fixed.
    pub min: Option<f64>,
    /// Where it ends, if that is fixed.
    pub max: Option<f64>,
}

/// A line at a fixed value.
#[derive(Clone, Debug, PartialEq)]
pub struct Annotation {
    /// What is written at it.
    pub label: String,
    /// Where.
    pub value: f64,
    /// Its colour, if it has one of its own.
    pub color: Option<String>,
}

/// Why a dashboard is not drawn.
#[derive(Debug, thiserror::Error)]
pub enum DashboardError {
    /// A member that is absent, of another shape, or not drawn here.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// A value that CloudWatch refuses.
    #[error("{location} is not valid")]
    Invalid {
        /// Where.
        location: Location,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// An expression that is not evaluated.
    #[error("{location}: the expression `{id}` is not evaluated")]
    Math {
        /// Which widget.
        location: Location,
        /// Which expression.
        id: String,
        /// Why not.
        source: MathError,
    },
}
