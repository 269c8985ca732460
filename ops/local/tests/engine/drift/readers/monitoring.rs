//! CloudWatch, its logs, and CloudFormation's nested stacks.

use http::Method;
use serde_json::{Map, Value, json};

use super::Within::{List, Place};
use super::{Reader, Subject};
use crate::drift::call::Call;
use crate::drift::form::{Form, last};

pub(super) const READERS: &[Reader] = &[
    Reader {
        kind: "AWS::Logs::LogGroup",
        call: |group| {
            let request = json!({"logGroupNamePrefix": group.id});
            Call::Json("logs", "Logs_20140328.DescribeLogGroups", request)
        },
        within: List("/logGroups", "logGroupName"),
        properties: &[
            ("LogGroupName", "/logGroupName", Form::Exact),
            ("RetentionInDays", "/retentionInDays", Form::Exact),
        ],
    },
    Reader {
        kind: "AWS::Logs::QueryDefinition",
        call: |_| Call::Json("logs", "Logs_20140328.DescribeQueryDefinitions", json!({})),
        within: List("/queryDefinitions", "queryDefinitionId"),
        properties: &[
            ("Name", "/name", Form::Exact),
            ("QueryString", "/queryString", Form::Exact),
            ("LogGroupNames", "/logGroupNames", Form::Exact),
        ],
    },
    Reader {
        kind: "AWS::XRay::Group",
        call: |group| {
            let request = json!({"GroupARN": group.id}).to_string();
            Call::Send("xray", Method::POST, "/GetGroup".to_owned(), request)
        },
        within: Place("/Group"),
        properties: &[
            ("GroupName", "/GroupName", Form::Exact),
            ("FilterExpression", "/FilterExpression", Form::Exact),
        ],
    },
    Reader {
        kind: "AWS::CloudWatch::Alarm",
        call: |alarm| {
            let request = json!({"AlarmNames": [alarm.id]});
            Call::Json("monitoring", "GraniteServiceVersion20100801.DescribeAlarms", request)
        },
        within: List("/MetricAlarms", "AlarmName"),
        properties: &[
            ("AlarmName", "/AlarmName", Form::Exact),
            ("AlarmDescription", "/AlarmDescription", Form::Exact),
            ("Namespace", "/Namespace", Form::Exact),
            ("MetricName", "/MetricName", Form::Exact),
            ("Dimensions", "/Dimensions", Form::Exact),
            ("Statistic", "/Statistic", Form::Exact),
            ("ExtendedStatistic", "/ExtendedStatistic", Form::Exact),
            ("Period", "/Period", Form::Exact),
            ("EvaluationPeriods", "/EvaluationPeriods", Form::Exact),
            ("DatapointsToAlarm", "/DatapointsToAlarm", Form::Exact),
            ("Threshold", "/Threshold", Form::Exact),
            ("ComparisonOperator", "/ComparisonOperator", Form::Exact),
            ("TreatMissingData", "/TreatMissingData", Form::Exact),
            ("WarmUpConfiguration", "/WarmUpConfiguration", Form::Exact),
            ("AlarmActions", "/AlarmActions", Form::Exact),
            ("OKActions", "/OKActions", Form::Exact),
        ],
    },
    Reader {
        kind: "AWS::CloudWatch::Dashboard",
        call: |dashboard| {
            let request = json!({"DashboardName": dashboard.id});
            Call::Json("monitoring", "GraniteServiceVersion20100801.GetDashboard", request)
        },
        within: Place(""),
        properties: &[
            ("DashboardName", "/DashboardArn", Form::Shape(last)),
            ("DashboardBody", "/DashboardBody", Form::Exact),
        ],
    },
    Reader {
        kind: "AWS::CloudFormation::Stack",
        call: |stack| cloudformation("DescribeStacks", stack),
        within: Place("/DescribeStacksResult/Stacks/0"),
        properties: &[("Parameters", "/Parameters", Form::Shape(parameters))],
    },
    Reader {
        kind: "AWS::CloudFormation::Stack",
        call: |stack| cloudformation("GetTemplate", stack),
        within: Place("/GetTemplateResult"),
        properties: &[("TemplateURL", "/TemplateBody", Form::Exact)],
    },
];

fn cloudformation(action: &'static str, stack: &Subject<'_>) -> Call {
    Call::Query("cloudformation", "2010-05-15", action, vec![("StackName", stack.id.to_owned())])
}

/// A list of keys and values, as the map that the template has.
fn parameters(found: &Value) -> Value {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let pairs = found.as_array().into_iter().flatten();
    let map: Map<_, _> =
        pairs.map(|pair| (text(&pair["ParameterKey"]), text(&pair["ParameterValue"]).into())).collect();
    Value::Object(map)
}
