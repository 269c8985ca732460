//! Alarms: definitions, states and history; dashboards.

use serde_json::{Value, json};

use super::{call, epoch, refused, seconds, seen, texts};
use crate::cloudwatch::tests::minutes;

fn described(request: Value) -> Value {
    call(&mut seen(), "DescribeAlarms", request).unwrap()
}

#[test]
fn an_alarm_is_described_as_the_template_states_it_with_its_state() {
    let answer = described(json!({"AlarmTypes": ["MetricAlarm", "CompositeAlarm"]}));
    let begun = epoch(minutes(0));
    let unchecked = json!("Unchecked: Initial alarm creation");
    assert_eq!(
        answer["MetricAlarms"][0],
        json!({
            "AlarmName": "orders-many", "AlarmArn": "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:orders-many",
            "AlarmDescription": "Many.", "Namespace": "Shop", "MetricName": "Orders", "ExtendedStatistic": "p99",
            "Dimensions": [{"Name": "service", "Value": "a"}], "Period": 60, "Unit": "Count", "EvaluationPeriods": 3,
            "DatapointsToAlarm": 2, "Threshold": 5.5, "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "notBreaching", "ActionsEnabled": true, "AlarmActions": ["arn:aws:sns:page"],
            "OKActions": [], "InsufficientDataActions": [], "StateValue": "INSUFFICIENT_DATA",
            "StateReason": unchecked, "StateUpdatedTimestamp": begun, "StateTransitionedTimestamp": begun,
            "AlarmConfigurationUpdatedTimestamp": begun,
        })
    );
    let math = &answer["MetricAlarms"][1];
    assert_eq!(
        (&math["ActionsEnabled"], &math["OKActions"]),
        (&json!(false), &json!(["arn:aws:sns:ticket"]))
    );
    assert_eq!(texts(&math["Metrics"], "Id"), ["m", "e"]);
    assert_eq!(
        math["Metrics"][1],
        json!({"Id": "e", "Label": "half", "Expression": "m / 2", "ReturnData": true})
    );
    let stat = &math["Metrics"][0]["MetricStat"];
    assert_eq!(
        (&stat["Period"], &stat["Stat"], &math["Metrics"][0]["ReturnData"]),
        (&json!(300), &json!("Sum"), &json!(false))
    );
    let composite = &answer["CompositeAlarms"][0];
    assert_eq!(composite["AlarmRule"], "ALARM(\"orders-many\") OR ALARM(\"orders-share\")");
}

#[test]
fn alarms_are_chosen_by_each_of_the_parameters() {
    let all = json!(["CompositeAlarm", "MetricAlarm"]);
    for (request, expected) in [
        (json!({}), &["orders-many", "orders-share"][..]),
        (json!({"AlarmTypes": all}), &["orders-many", "orders-share", "any"]),
        (json!({"AlarmTypes": ["LogAlarm"]}), &[]),
        (
            json!({"AlarmNames": ["any", "orders-many", "unheard"], "AlarmTypes": all}),
            &["orders-many", "any"],
        ),
        (json!({"AlarmNamePrefix": "orders-s"}), &["orders-share"]),
        (json!({"StateValue": "OK"}), &[]),
        (json!({"StateValue": "INSUFFICIENT_DATA"}), &["orders-many", "orders-share"]),
        (json!({"ActionPrefix": "arn:aws:sns:tick"}), &["orders-share"]),
        (json!({"ChildrenOfAlarmName": "any"}), &["orders-many", "orders-share"]),
        (json!({"ParentsOfAlarmName": "orders-many"}), &["any"]),
    ] {
        let answer = described(request.clone());
        let found =
            [texts(&answer["MetricAlarms"], "AlarmName"), texts(&answer["CompositeAlarms"], "AlarmName")];
        assert_eq!(found.concat(), expected, "{request}");
    }
    for (request, expected) in [
        (json!({"AlarmNames": ["a"], "AlarmNamePrefix": "a"}), "exclude each other"),
        (json!({"ChildrenOfAlarmName": "any", "StateValue": "OK"}), "no other parameter"),
        (json!({"StateValue": "RED"}), "RED"),
        (json!({"MaxRecords": 101}), "1 to 100"),
        (json!({"AlarmNames": vec!["a"; 101]}), "more than 100"),
        (json!({"AlarmTypes": ["Bell"]}), "Bell"),
    ] {
        let (shape, message) = refused("DescribeAlarms", request);
        assert_eq!(shape, "ValidationError");
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn pages_hold_metric_and_composite_alarms_together_by_name() {
    let (mut names, mut token) = (Vec::new(), Value::Null);
    loop {
        let all = ["MetricAlarm", "CompositeAlarm"];
        let page = described(json!({"MaxRecords": 1, "NextToken": token, "AlarmTypes": all}));
        names.extend(texts(&page["MetricAlarms"], "AlarmName"));
        names.extend(texts(&page["CompositeAlarms"], "AlarmName"));
        token = page["NextToken"].clone();
        if token.is_null() {
            break;
        }
    }
    assert_eq!(names, ["any", "orders-many", "orders-share"]);
    assert_eq!(refused("DescribeAlarms", json!({"NextToken": "?"})).0, "InvalidNextToken");
}

#[test]
fn alarms_of_a_metric_are_those_on_exactly_it() {
    let of = |more: Value| {
        let mut request = json!({
            "Namespace": "Shop", "MetricName": "Orders", "Dimensions": [{"Name": "service", "Value": "a"}],
        });
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        texts(&call(&mut seen(), "DescribeAlarmsForMetric", request).unwrap()["MetricAlarms"], "AlarmName")
    };
    assert_eq!(of(json!({})), ["orders-many"]);
    assert_eq!(of(json!({"ExtendedStatistic": "p99", "Period": 60, "Unit": "Count"})), ["orders-many"]);
    for other in [json!({"Dimensions": []}), json!({"Statistic": "Sum"}), json!({"Period": 300})] {
        assert_eq!(of(other), [""; 0]);
    }
}

#[test]
fn a_state_that_is_set_stays_until_it_is_evaluated_and_is_history() {
    let mut seen = seen();
    let set = |seen: &mut _, to: &str, why: &str| {
        let request = json!({"AlarmName": "orders-many", "StateValue": to, "StateReason": why});
        call(seen, "SetAlarmState", request)
    };
    set(&mut seen, "ALARM", "a drill").unwrap();
    set(&mut seen, "ALARM", "the drill goes on").unwrap();
    let alarm = call(&mut seen, "DescribeAlarms", json!({"StateValue": "ALARM"})).unwrap();
    assert_eq!(texts(&alarm["MetricAlarms"], "StateReason"), ["the drill goes on"]);
    assert_eq!(alarm["MetricAlarms"][0]["StateTransitionedTimestamp"], epoch(minutes(10)));
    set(&mut seen, "OK", "over").unwrap();

    let history = |seen: &mut _, request: Value| call(seen, "DescribeAlarmHistory", request).unwrap();
    let changes = json!({"HistoryItemType": "StateUpdate"});
    let items = history(&mut seen, changes)["AlarmHistoryItems"].clone();
    let expected = ["Alarm updated from ALARM to OK", "Alarm updated from INSUFFICIENT_DATA to ALARM"];
    assert_eq!(texts(&items, "HistorySummary"), expected);
    let data: Value = serde_json::from_str(items[0]["HistoryData"].as_str().unwrap()).unwrap();
    let new = json!({"stateValue": "OK", "stateReason": "over"});
    assert_eq!((&data["oldState"]["stateValue"], &data["newState"]), (&json!("ALARM"), &new));

    let (mut summaries, mut token) = (Vec::new(), Value::Null);
    loop {
        let request = json!({"MaxRecords": 2, "ScanBy": "TimestampAscending", "NextToken": token});
        let page = history(&mut seen, request);
        summaries.extend(texts(&page["AlarmHistoryItems"], "HistoryItemType"));
        token = page["NextToken"].clone();
        if token.is_null() {
            break;
        }
    }
    let [creation, change] = ["ConfigurationUpdate", "StateUpdate"];
    assert_eq!(summaries, [creation, creation, change, change], "composite alarms are another type");
    let later = json!({"StartDate": seconds(minutes(1)), "EndDate": seconds(minutes(20)), "AlarmName": "orders-many"});
    assert_eq!(history(&mut seen, later)["AlarmHistoryItems"].as_array().unwrap().len(), 2);
    let unknown = json!({"AlarmName": "none", "StateValue": "OK", "StateReason": "r"});
    assert_eq!(refused("SetAlarmState", unknown).0, "ResourceNotFound");
}

#[test]
fn dashboards_are_listed_with_their_size_and_other_operations_refused_by_name() {
    let answer = call(&mut seen(), "ListDashboards", json!({"DashboardNamePrefix": "bo"})).unwrap();
    let entry = &answer["DashboardEntries"][0];
    assert_eq!((&entry["DashboardName"], &entry["Size"]), (&json!("board"), &json!(14)));
    assert_eq!(entry["DashboardArn"], "arn:aws:cloudwatch::123456789012:dashboard/board");
    let none = call(&mut seen(), "ListDashboards", json!({"DashboardNamePrefix": "x"})).unwrap();
    assert_eq!(none["DashboardEntries"], json!([]));
    let (shape, message) = refused("PutMetricAlarm", json!({}));
    assert_eq!(shape, "UnknownOperationException");
    assert_eq!(message, "CloudWatch's PutMetricAlarm is not answered by the local stack");
}
