//! CloudWatch as a pure library: metrics, alarms, metric math and dashboards, without AWS, clock or async.
//!
//! Reading order:
//! - [`id`] which metric: namespace, name, dimensions
//! - [`time`] instants and the periods they are gathered in
//! - [`datapoint`] values reported for a metric at an instant, and the limits they must keep
//! - [`emf`] a log line in Embedded Metric Format becomes datapoints
//! - [`statistic`] what can be asked about the values of a period
//! - [`store`] datapoints in, one [`Series`] of a statistic out
//! - [`template`] a CloudFormation template, resolved
//! - [`math`] expressions over series
//! - [`alarm`] alarms over metrics and over each other
//! - [`dashboard`] dashboards, drawn
//! - [`scenario`] unit tests of alarms, written as files

pub mod alarm;
pub mod dashboard;
pub mod datapoint;
pub mod emf;
pub mod fields;
pub mod id;
pub mod location;
pub mod math;
pub mod scenario;
pub mod statistic;
pub mod store;
pub mod template;
pub mod time;

pub use alarm::{Alarm, AlarmError, AlarmSet, Evaluator, State, Transition};
pub use datapoint::{Datapoint, Distribution, InvalidDatapoint, Resolution, Unit};
pub use id::{Dimensions, InvalidId, MetricId};
pub use location::Location;
pub use statistic::{Statistic, UnknownStatistic};
pub use store::{MetricStore, Point, Query, Series, Statistics};
pub use template::{Inputs, Resource, Template, TemplateError};
pub use time::{InvalidPeriod, Period, Timestamp};
