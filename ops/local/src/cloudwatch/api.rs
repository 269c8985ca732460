//! Operations of CloudWatch's API, and what answers each.

use cloudwatch_model::Timestamp;
use cloudwatch_model::alarm::{Alarm, Transition};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::account::Account;
use super::alarms::{DescribeAlarms, DescribeAlarmsForMetric, SetAlarmState};
use super::dashboards::{GetDashboard, ListDashboards};
use super::error::ApiError;
use super::history::DescribeAlarmHistory;
use super::metric_data::GetMetricData;
use super::metrics::ListMetrics;
use super::put::PutMetricData;
use super::statistics::GetMetricStatistics;
use super::wire::{Call, Output, members};
use crate::observe::{Clock, Seen};

/// A request that is understood.
pub(crate) enum Request {
    /// Changes what is kept.
    Change(Change),
    /// Asks for what is kept.
    Query(Query),
}

/// A request that changes what is kept.
pub(crate) enum Change {
    /// Brings values.
    Values(PutMetricData),
    /// Sets a state.
    State(SetAlarmState),
}

/// A request that asks for what is kept.
pub(crate) enum Query {
    MetricData(GetMetricData),
    Statistics(GetMetricStatistics),
    Metrics(ListMetrics),
    Alarms(DescribeAlarms),
    AlarmsForMetric(DescribeAlarmsForMetric),
    History(DescribeAlarmHistory),
    Dashboard(GetDashboard),
    Dashboards(ListDashboards),
}

impl Request {
    /// Reads the members of an operation's request.
    pub(crate) fn read(call: Call) -> Result<Self, ApiError> {
        let Call { operation, input } = call;
        let query = match operation.as_str() {
            "PutMetricData" => return Ok(Self::Change(Change::Values(parsed(input)?))),
            "SetAlarmState" => return Ok(Self::Change(Change::State(parsed(input)?))),
            "GetMetricData" => Query::MetricData(parsed(input)?),
            "GetMetricStatistics" => Query::Statistics(parsed(input)?),
            "ListMetrics" => Query::Metrics(parsed(input)?),
            "DescribeAlarms" => Query::Alarms(parsed(input)?),
            "DescribeAlarmsForMetric" => Query::AlarmsForMetric(parsed(input)?),
            "DescribeAlarmHistory" => Query::History(parsed(input)?),
            "GetDashboard" => Query::Dashboard(parsed(input)?),
            "ListDashboards" => Query::Dashboards(parsed(input)?),
            _ => return Err(ApiError::Operation(operation)),
        };
        Ok(Self::Query(query))
    }
}

impl Change {
    /// Makes the change. An alarm that entered another state has actions that are still to be taken.
    pub(crate) fn make(
        self,
        seen: &mut Seen,
        clock: &Clock,
        today: Timestamp,
    ) -> Result<(Output, Option<(Alarm, Transition)>), ApiError> {
        match self {
            Self::Values(put) => Ok((put.keep(seen, clock, today)?, None)),
            Self::State(set) => Ok((members([]), set.set(seen, clock.at(today))?)),
        }
    }
}

impl Query {
    /// Answers from what is kept.
    pub(crate) fn answer(self, seen: &Seen, account: &Account, now: Timestamp) -> Result<Output, ApiError> {
        match self {
            Self::MetricData(query) => query.answer(&seen.metrics),
            Self::Statistics(query) => query.answer(seen),
            Self::Metrics(query) => query.answer(seen, now),
            Self::Alarms(query) => query.answer(seen, account),
            Self::AlarmsForMetric(query) => query.answer(seen, account),
            Self::History(query) => query.answer(seen),
            Self::Dashboard(query) => query.answer(seen, account),
            Self::Dashboards(query) => Ok(query.answer(seen, account)),
        }
    }
}

fn parsed<T: DeserializeOwned>(input: Value) -> Result<T, ApiError> {
    serde_json::from_value(input)
        .map_err(|error| ApiError::Validation(format!("The request is not valid: {error}.")))
}
