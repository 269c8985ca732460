//! Values of metric math, and the scope in which an expression finds those that it names.

use std::collections::BTreeMap;

use crate::time::{Period, Timestamp};

/// A value or a gap for each period.
pub type Values = Vec<Option<f64>>;

/// The value of an expression.
#[derive(Clone, Debug, PartialEq)]
pub enum ExpressionValue {
    /// One number.
    Scalar(f64),
    /// One time series.
    Series(Values),
    /// Several time series.
    Array(Vec<Values>),
}

/// The series that an expression can name, all over the same periods.
#[derive(Clone, Debug)]
pub struct Scope {
    /// When each period began, oldest first.
    pub starts: Vec<Timestamp>,
    /// How long each is.
    pub period: Period,
    /// The metrics by their ids: what `METRICS()` returns.
    pub metrics: Vec<(String, Values)>,
    /// What other expressions came to, by their ids.
    pub expressions: BTreeMap<String, ExpressionValue>,
}
