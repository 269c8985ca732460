//! Requests and answers of the API, over metrics and alarms of two days.

mod alarms;
mod metrics;
mod protocols;

use cloudwatch_model::alarm::AlarmSet;
use cloudwatch_model::dashboard::Dashboard;
use cloudwatch_model::{
    Datapoint, Dimensions, Distribution, Inputs, MetricId, Resolution, Template, Timestamp, Unit,
};
use serde_json::{Value, json};

use super::account::Account;
use super::api::Request;
use super::error::ApiError;
use super::wire::Call;
use crate::deploy::DeployedDashboard;
use crate::observe::alarms::AlarmBoard;
use crate::observe::{Clock, Seen};

/// 2026-01-01.
const NOW: Timestamp = Timestamp::from_millis(1_767_225_600_000);

fn minutes(count: i64) -> Timestamp {
    NOW.plus_millis(count * 60_000)
}

fn seconds(at: Timestamp) -> i64 {
    at.as_millis() / 1000
}

/// Seconds since 1970, as answers have them.
fn epoch(at: Timestamp) -> f64 {
    f64::from(u32::try_from(seconds(at)).unwrap())
}

fn account() -> Account {
    Account { id: "123456789012".to_owned(), region: "eu-west-1".to_owned() }
}

fn datapoint(name: &str, minute: i64, value: f64, unit: Unit) -> Datapoint {
    let dimensions = Dimensions::new([("service", "a")]).unwrap();
    Datapoint {
        metric: MetricId::new("Shop", name, dimensions).unwrap(),
        timestamp: minutes(minute),
        unit,
        values: Distribution::of_values(&[value]).unwrap(),
        resolution: Resolution::Standard,
    }
}

/// `Orders` is 1 to 10 in ten minutes, `Faults` 1 in each second of them.
fn seen() -> Seen {
    let mut seen = Seen { alarms: board(), ..Seen::default() };
    for minute in 0..10_i32 {
        let orders = datapoint("Orders", minute.into(), f64::from(minute + 1), Unit::Count);
        seen.metrics.put(orders);
        if minute % 2 == 0 {
            seen.metrics.put(datapoint("Faults", minute.into(), 1.0, Unit::Count));
        }
    }
    let body = json!({"widgets": []});
    let dashboard = Dashboard::read("board", &body).unwrap();
    seen.dashboards.insert("board".to_owned(), DeployedDashboard { body: body.to_string(), dashboard });
    seen
}

fn board() -> AlarmBoard {
    let metric = json!({"Namespace": "Shop", "MetricName": "Orders", "Dimensions": [{"Name": "service", "Value": "a"}]});
    let plain = json!({
        "AlarmName": "orders-many", "AlarmDescription": "Many.", "Namespace": "Shop", "MetricName": "Orders",
        "Dimensions": [{"Name": "service", "Value": "a"}], "ExtendedStatistic": "p99", "Period": "60", "Unit": "Count",
        "EvaluationPeriods": "3", "DatapointsToAlarm": "2", "Threshold": "5.5", "TreatMissingData": "notBreaching",
        "ComparisonOperator": "GreaterThanThreshold", "AlarmActions": ["arn:aws:sns:page"],
    });
    let math = json!({
        "AlarmName": "orders-share", "EvaluationPeriods": 1, "Threshold": 1, "ActionsEnabled": false,
        "OKActions": ["arn:aws:sns:ticket"], "ComparisonOperator": "LessThanThreshold", "Metrics": [
            {"Id": "e", "Expression": "m / 2", "Label": "half"},
            {"Id": "m", "MetricStat": {"Metric": metric, "Stat": "Sum", "Period": 300}, "ReturnData": false},
        ],
    });
    let any = json!({"AlarmName": "any", "AlarmRule": "ALARM(\"orders-many\") OR ALARM(\"orders-share\")"});
    let resource = |kind: &str, properties: Value| json!({"Type": format!("AWS::CloudWatch::{kind}"), "Properties": properties});
    let resources = json!({
        "Plain": resource("Alarm", plain), "Math": resource("Alarm", math), "Any": resource("CompositeAlarm", any),
    });
    let inputs = Inputs { parameters: [].into(), region: "eu-west-1".into(), account_id: "1".into() };
    let template = Template::parse("t.json", &json!({ "Resources": resources }).to_string()).unwrap();
    let resources = template.resolve(&inputs).unwrap();
    AlarmBoard::new(AlarmSet::read(&resources).unwrap(), NOW)
}

fn call(seen: &mut Seen, operation: &str, input: Value) -> Result<Value, ApiError> {
    let call = Call { operation: operation.to_owned(), input };
    match Request::read(call)? {
        Request::Change(change) => {
            let (output, _) = change.make(seen, &Clock::default(), minutes(10))?;
            Ok(output.json())
        }
        Request::Query(query) => Ok(query.answer(seen, &account(), minutes(10))?.json()),
    }
}

/// The error of a call that is refused: its shape, its code, its sentence.
fn refused(operation: &str, input: Value) -> (&'static str, String) {
    let error = call(&mut seen(), operation, input).unwrap_err();
    (error.names().1, error.to_string())
}

/// The texts of a member of each item of a list.
fn texts(list: &Value, member: &str) -> Vec<String> {
    list.as_array().unwrap().iter().map(|item| item[member].as_str().unwrap().to_owned()).collect()
}
