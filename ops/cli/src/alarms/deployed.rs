//! Alarms of a deployed stack: their states as CloudWatch evaluated them, in the shape that the console has too.

use pipeline_client::stack::DeployedStack;
use serde_json::{Map, Value, json};

use crate::cloudwatch::alarms::{described, models, names, resource};
use crate::cloudwatch::{CloudWatchError, call, list as items, text, time};

/// How many changes of a state are shown.
const HISTORY: usize = 20;

/// Every alarm of the stack with its state.
pub(super) async fn list(stack: &DeployedStack) -> Result<Value, CloudWatchError> {
    let resources = stack.resources().await?;
    let alarms = described(&stack.aws, &names(&resources)).await?;
    Ok(json!({ "alarms": alarms.iter().map(summary).collect::<Vec<_>>() }))
}

/// One alarm whole; `error` where the stack has none of this name.
pub(super) async fn explain(stack: &DeployedStack, name: &str) -> Result<Value, CloudWatchError> {
    let resources = stack.resources().await?;
    let names = names(&resources);
    if !names.contains(&name) {
        return Ok(json!({"error": "no alarm of this name"}));
    }
    let all = described(&stack.aws, &names).await?;
    let Some(alarm) = all.iter().find(|alarm| text(alarm, "AlarmName") == name) else {
        return Ok(json!({"error": "no alarm of this name"}));
    };
    let ask = json!({
        "AlarmName": name, "AlarmTypes": ["MetricAlarm", "CompositeAlarm"], "HistoryItemType": "StateUpdate",
        "MaxRecords": HISTORY, "ScanBy": "TimestampDescending",
    });
    let history = call(&stack.aws, "DescribeAlarmHistory", ask).await?;
    let history = items(&history, "AlarmHistoryItems").iter().rev().map(|item| transition(name, item));
    let mut answer = summary(alarm);
    answer.insert("history".to_owned(), history.collect());
    let model = models(&all)?;
    let definition = model.get(name).map(cloudwatch_model::Alarm::definition);
    answer.insert("definition".to_owned(), definition.unwrap_or_default());
    answer.insert("now".to_owned(), now(alarm, &all, &model));
    Ok(answer.into())
}

fn now(alarm: &Value, all: &[Value], model: &cloudwatch_model::AlarmSet) -> Value {
    if resource(alarm).kind != "AWS::CloudWatch::CompositeAlarm" {
        return json!({"because": text(alarm, "StateReason")});
    }
    let below = model.closure(text(alarm, "AlarmName"));
    let states = all.iter().filter(|other| *other != alarm && below.get(text(other, "AlarmName")).is_some());
    let states = states.map(|other| (text(other, "AlarmName").to_owned(), text(other, "StateValue").into()));
    json!({"because": text(alarm, "StateReason"), "states": states.collect::<Map<String, Value>>()})
}

fn summary(alarm: &Value) -> Map<String, Value> {
    let description = text(alarm, "AlarmDescription");
    // The description is what an alarm has of its severity and its runbook on AWS.
    let severity = description.strip_prefix('[').and_then(|rest| rest.split_once(']')).map(|it| it.0);
    let runbook = description.split_once("Runbook: ").map(|it| it.1.trim());
    let summary = json!({
        "name": text(alarm, "AlarmName"),
        "state": text(alarm, "StateValue"),
        "since": time(alarm, "StateUpdatedTimestamp"),
        "reason": text(alarm, "StateReason"),
        "severity": severity.unwrap_or_default(),
        "runbook": runbook.unwrap_or_default(),
        "description": description,
        "kind": if alarm.get("AlarmRule").is_some() { "composite" } else { "metric" },
    });
    summary.as_object().cloned().unwrap_or_default()
}

fn transition(name: &str, item: &Value) -> Value {
    let data: Value = serde_json::from_str(text(item, "HistoryData")).unwrap_or_default();
    let state = |of: &str| data.pointer(&format!("/{of}/stateValue")).and_then(Value::as_str).unwrap_or("?");
    let reason = data.pointer("/newState/stateReason").and_then(Value::as_str);
    json!({
        "alarm": name, "at": time(item, "Timestamp"), "from": state("oldState"), "to": state("newState"),
        "reason": reason.unwrap_or_else(|| text(item, "HistorySummary")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn severity_and_runbook_are_read_from_the_description() {
        let alarm = json!({
            "AlarmName": "dlq", "StateValue": "OK", "StateUpdatedTimestamp": 0.5,
            "AlarmDescription": "[page] Uploads failed. Runbook: https://example.com/dlq.md",
        });
        let summary = summary(&alarm);
        assert_eq!(
            (&summary["severity"], &summary["runbook"]),
            (&json!("page"), &json!("https://example.com/dlq.md"))
        );
        assert_eq!(summary["since"], "1970-01-01T00:00:00.5Z");
    }

    #[test]
    fn change_of_a_state_is_read_from_the_data_of_the_history() {
        let data = json!({"oldState": {"stateValue": "OK"}, "newState": {"stateValue": "ALARM", "stateReason": "r"}});
        let item = json!({"Timestamp": 0, "HistorySummary": "s", "HistoryData": data.to_string()});
        let expected =
            json!({"alarm": "a", "at": "1970-01-01T00:00:00Z", "from": "OK", "to": "ALARM", "reason": "r"});
        assert_eq!(transition("a", &item), expected);
    }
}
