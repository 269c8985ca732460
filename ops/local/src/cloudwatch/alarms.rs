//! `DescribeAlarms`, `DescribeAlarmsForMetric` and `SetAlarmState`.

use cloudwatch_model::alarm::{Alarm, Kind, MetricAlarm, Source, State, Transition};
use cloudwatch_model::{MetricId, Timestamp};
use serde::Deserialize;

use super::account::Account;
use super::definition::{described, summary};
use super::error::ApiError;
use super::metrics::{self, Dimension};
use super::pages;
use super::statistics::statistic;
use super::values::Whole;
use super::wire::{Output, members};
use crate::observe::Seen;
use crate::observe::alarms::StateSet;

/// Names of one request.
const MAX_NAMES: usize = 100;

/// The kinds of alarms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(super) enum AlarmType {
    #[serde(rename = "MetricAlarm")]
    Metric,
    #[serde(rename = "CompositeAlarm")]
    Composite,
    /// There are none of it here.
    #[serde(rename = "LogAlarm")]
    Log,
}

impl AlarmType {
    pub(super) fn of(alarm: &Alarm) -> Self {
        match alarm.kind {
            Kind::Metric(_) => Self::Metric,
            Kind::Composite(_) => Self::Composite,
        }
    }

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Metric => "MetricAlarm",
            Self::Composite => "CompositeAlarm",
            Self::Log => "LogAlarm",
        }
    }

    /// Whether a request that names these kinds asks for this one; one that names none asks for metric alarms.
    pub(super) fn is_among(self, asked: &[Self]) -> bool {
        if asked.is_empty() { self == Self::Metric } else { asked.contains(&self) }
    }
}

/// `DescribeAlarms`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeAlarms {
    #[serde(default)]
    alarm_names: Vec<String>,
    alarm_name_prefix: Option<String>,
    #[serde(default)]
    alarm_types: Vec<AlarmType>,
    children_of_alarm_name: Option<String>,
    parents_of_alarm_name: Option<String>,
    state_value: Option<String>,
    action_prefix: Option<String>,
    max_records: Option<Whole>,
    next_token: Option<String>,
}

impl DescribeAlarms {
    /// By name, metric alarms and composite ones together a page at a time.
    pub(super) fn answer(&self, seen: &Seen, account: &Account) -> Result<Output, ApiError> {
        let state = self.state_value.as_deref().map(self::state).transpose()?;
        let size = pages::size(self.max_records)?;
        let after = pages::place::<String>(self.next_token.as_deref())?;
        if self.alarm_names.len() > MAX_NAMES {
            return Err(ApiError::Validation(format!("AlarmNames has more than {MAX_NAMES} members.")));
        }
        if !self.alarm_names.is_empty() && self.alarm_name_prefix.is_some() {
            return Err(ApiError::Validation(
                "AlarmNames and AlarmNamePrefix exclude each other.".to_owned(),
            ));
        }
        let is_relative = self.children_of_alarm_name.is_some() || self.parents_of_alarm_name.is_some();
        if is_relative && self.filters() > 1 {
            let why = "ChildrenOfAlarmName and ParentsOfAlarmName go with no other parameter.";
            return Err(ApiError::Validation(why.to_owned()));
        }
        let mut found: Vec<&Alarm> =
            seen.alarms.set().iter().filter(|alarm| self.takes(alarm, seen)).collect();
        found.retain(|alarm| state.is_none_or(|state| seen.alarms.state(&alarm.name) == Some(state)));
        found.retain(|alarm| after.as_ref().is_none_or(|after| *after < alarm.name));
        found.sort_by(|one, other| one.name.cmp(&other.name));
        let is_more = found.len() > size;
        found.truncate(size);
        let next = found.last().filter(|_| is_more).map(|last| pages::token(&last.name));
        let of = |kind: AlarmType| -> Output {
            let alarms = found.iter().filter(|alarm| AlarmType::of(alarm) == kind);
            let one = if is_relative { summary } else { described };
            alarms.map(|alarm| one(alarm, seen, account)).collect()
        };
        Ok(members([
            ("MetricAlarms", Some(of(AlarmType::Metric))),
            ("CompositeAlarms", Some(of(AlarmType::Composite))),
            ("NextToken", next),
        ]))
    }

    /// How many parameters choose alarms.
    fn filters(&self) -> usize {
        let texts = [
            &self.alarm_name_prefix,
            &self.children_of_alarm_name,
            &self.parents_of_alarm_name,
            &self.state_value,
            &self.action_prefix,
        ];
        let lists = [!self.alarm_names.is_empty(), !self.alarm_types.is_empty()];
        texts.iter().filter(|text| text.is_some()).count() + lists.iter().filter(|given| **given).count()
    }

    fn takes(&self, alarm: &Alarm, seen: &Seen) -> bool {
        let looks_at = |parent: &Alarm, child: &str| match &parent.kind {
            Kind::Composite(rule) => rule.alarms().contains(&child),
            Kind::Metric(_) => false,
        };
        if let Some(parent) = &self.children_of_alarm_name {
            return seen.alarms.set().get(parent).is_some_and(|parent| looks_at(parent, &alarm.name));
        }
        if let Some(child) = &self.parents_of_alarm_name {
            return looks_at(alarm, child);
        }
        let actions = [&alarm.actions.ok, &alarm.actions.alarm, &alarm.actions.insufficient_data];
        let acts = |prefix: &str| actions.into_iter().flatten().any(|action| action.starts_with(prefix));
        AlarmType::of(alarm).is_among(&self.alarm_types)
            && (self.alarm_names.is_empty() || self.alarm_names.contains(&alarm.name))
            && self.alarm_name_prefix.as_deref().is_none_or(|prefix| alarm.name.starts_with(prefix))
            && self.action_prefix.as_deref().is_none_or(acts)
    }
}

/// `DescribeAlarmsForMetric`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeAlarmsForMetric {
    namespace: String,
    metric_name: String,
    #[serde(default)]
    dimensions: Vec<Dimension>,
    statistic: Option<String>,
    extended_statistic: Option<String>,
    period: Option<Whole>,
    unit: Option<String>,
}

impl DescribeAlarmsForMetric {
    /// The alarms on exactly this metric; those on expressions are none.
    pub(super) fn answer(self, seen: &Seen, account: &Account) -> Result<Output, ApiError> {
        let wanted = self.statistic.or(self.extended_statistic).as_deref().map(statistic).transpose()?;
        let unit = self.unit.as_deref().map(str::parse).transpose()?;
        let period = self.period.map(|Whole(seconds)| seconds);
        let metric: MetricId = metrics::id(self.namespace, self.metric_name, self.dimensions)?;
        let is_on = |alarm: &MetricAlarm| match &alarm.source {
            Source::Metric(stat) => {
                stat.metric == metric
                    && wanted.is_none_or(|wanted| wanted == stat.statistic)
                    && unit.is_none_or(|unit| stat.unit == Some(unit))
                    && period.is_none_or(|seconds| seconds == alarm.period.as_seconds())
            }
            Source::Math { .. } => false,
        };
        let found = seen.alarms.set().iter().filter(|alarm| match &alarm.kind {
            Kind::Metric(metric) => is_on(metric),
            Kind::Composite(_) => false,
        });
        Ok(members([("MetricAlarms", Some(found.map(|alarm| described(alarm, seen, account)).collect()))]))
    }
}

/// `SetAlarmState`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SetAlarmState {
    alarm_name: String,
    state_value: String,
    state_reason: String,
}

impl SetAlarmState {
    /// Sets the state until the next evaluation; what is returned has changed, and its actions are to be taken.
    pub(super) fn set(
        &self,
        seen: &mut Seen,
        at: Timestamp,
    ) -> Result<Option<(Alarm, Transition)>, ApiError> {
        let to = state(&self.state_value)?;
        match seen.alarms.set_state(&self.alarm_name, to, &self.state_reason, at) {
            StateSet::Unknown => Err(ApiError::NoAlarm(self.alarm_name.clone())),
            StateSet::Same => Ok(None),
            StateSet::Changed(changed) => Ok(Some(*changed)),
        }
    }
}

fn state(text: &str) -> Result<State, ApiError> {
    let found = State::ALL.into_iter().find(|state| state.as_str() == text);
    found.ok_or_else(|| {
        ApiError::Validation(format!("The state {text} is not one of OK, ALARM and INSUFFICIENT_DATA."))
    })
}
