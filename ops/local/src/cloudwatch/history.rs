//! `DescribeAlarmHistory`: states that alarms entered, and actions that were taken.

use cloudwatch_model::alarm::{State, Transition};
use serde::Deserialize;
use serde_json::json;

use super::alarms::AlarmType;
use super::error::ApiError;
use super::pages;
use super::values::{Instant, Whole};
use super::wire::{Output, members};
use crate::observe::alarms::{Action, Entry, Event};
use crate::observe::{Seen, rfc3339};

/// The request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeAlarmHistory {
    alarm_name: Option<String>,
    #[serde(default)]
    alarm_types: Vec<AlarmType>,
    history_item_type: Option<ItemType>,
    start_date: Option<Instant>,
    end_date: Option<Instant>,
    max_records: Option<Whole>,
    next_token: Option<String>,
    #[serde(default)]
    scan_by: ScanBy,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
enum ItemType {
    ConfigurationUpdate,
    StateUpdate,
    Action,
    /// There are no contributors here.
    AlarmContributorStateUpdate,
    AlarmContributorAction,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
enum ScanBy {
    #[default]
    TimestampDescending,
    TimestampAscending,
}

impl DescribeAlarmHistory {
    /// The newest first, unless asked otherwise.
    pub(super) fn answer(&self, seen: &Seen) -> Result<Output, ApiError> {
        let size = pages::size(self.max_records)?;
        let after = pages::place::<u64>(self.next_token.as_deref())?;
        let is_ascending = self.scan_by == ScanBy::TimestampAscending;
        let mut found: Vec<(&Entry, AlarmType)> = seen
            .alarms
            .entries()
            .filter_map(|entry| {
                let kind = AlarmType::of(seen.alarms.set().get(&entry.alarm)?);
                self.takes(entry, kind).then_some((entry, kind))
            })
            .collect();
        if !is_ascending {
            found.reverse();
        }
        found.retain(|(entry, _)| {
            after.is_none_or(|after| if is_ascending { entry.number > after } else { entry.number < after })
        });
        let is_more = found.len() > size;
        found.truncate(size);
        let next = found.last().filter(|_| is_more).map(|(last, _)| pages::token(&last.number));
        let items = found.into_iter().map(|(entry, kind)| item(entry, kind));
        Ok(members([("AlarmHistoryItems", Some(items.collect())), ("NextToken", next)]))
    }

    fn takes(&self, entry: &Entry, kind: AlarmType) -> bool {
        kind.is_among(&self.alarm_types)
            && self.alarm_name.as_ref().is_none_or(|name| *name == entry.alarm)
            && self.history_item_type.is_none_or(|wanted| wanted == ItemType::of(&entry.event))
            && self.start_date.is_none_or(|Instant(from)| from <= entry.at)
            && self.end_date.is_none_or(|Instant(until)| entry.at <= until)
    }
}

impl ItemType {
    fn of(event: &Event) -> Self {
        match event {
            Event::Created => Self::ConfigurationUpdate,
            Event::Changed(_) => Self::StateUpdate,
            Event::Acted(_) => Self::Action,
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::ConfigurationUpdate => "ConfigurationUpdate",
            Self::StateUpdate => "StateUpdate",
            Self::Action => "Action",
            Self::AlarmContributorStateUpdate => "AlarmContributorStateUpdate",
            Self::AlarmContributorAction => "AlarmContributorAction",
        }
    }
}

fn item(entry: &Entry, kind: AlarmType) -> Output {
    let Entry { alarm, at, event, .. } = entry;
    let (summary, data) = match event {
        Event::Created => (format!("Alarm \"{alarm}\" created"), json!({"type": "Create", "version": "1.0"})),
        Event::Changed(transition) => changed(transition),
        Event::Acted(action) => acted(action, &rfc3339(*at)),
    };
    members([
        ("AlarmName", Some(alarm.as_str().into())),
        ("AlarmType", Some(kind.as_str().into())),
        ("Timestamp", Some((*at).into())),
        ("HistoryItemType", Some(ItemType::of(event).as_str().into())),
        ("HistorySummary", Some(summary.into())),
        ("HistoryData", Some(data.to_string().into())),
    ])
}

fn changed(transition: &Transition) -> (String, serde_json::Value) {
    let Transition { from, to, reason, .. } = transition;
    let state = |state: &State| json!({"stateValue": state.as_str()});
    let mut new = state(to);
    if let Some(members) = new.as_object_mut() {
        members.insert("stateReason".to_owned(), reason.as_str().into());
    }
    let data = json!({"version": "1.0", "oldState": state(from), "newState": new});
    (format!("Alarm updated from {from} to {to}"), data)
}

fn acted(action: &Action, at: &str) -> (String, serde_json::Value) {
    let Action { topic, message, to, failure } = action;
    let (summary, state) = match failure {
        None => (format!("Successfully executed action {topic}"), "Succeeded"),
        Some(why) => (format!("Failed to execute action {topic}. Received error: \"{why}\""), "Failed"),
    };
    let data = json!({
        "actionState": state, "stateUpdateTimestamp": at, "notificationResource": topic, "stateValue": to.as_str(),
        "publishedMessage": message, "error": failure,
    });
    (summary, data)
}
