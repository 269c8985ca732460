//! Alarms of a stack as CloudWatch has them.

use aws_client::{Aws, AwsError};
use cloudwatch_model::alarm::AlarmSet;
use cloudwatch_model::{Location, Resource};
use pipeline_client::stack::StackResource;
use serde_json::{Map, Value, json};

use super::{CloudWatchError, call, list, text};

/// `DescribeAlarms` takes at most this many names, and answers at most so many alarms.
const BATCH: usize = 100;
/// What of `DescribeAlarms` is a property of the template.
const PROPERTIES: [&str; 21] = [
    "AlarmName",
    "AlarmDescription",
    "ActionsEnabled",
    "OKActions",
    "AlarmActions",
    "InsufficientDataActions",
    "MetricName",
    "Namespace",
    "Statistic",
    "ExtendedStatistic",
    "Dimensions",
    "Period",
    "Unit",
    "EvaluationPeriods",
    "DatapointsToAlarm",
    "Threshold",
    "ComparisonOperator",
    "TreatMissingData",
    "EvaluateLowSampleCountPercentile",
    "Metrics",
    "WarmUpConfiguration",
];
const RULE: &str = "AlarmRule";

/// The names of the stack's alarms, as CloudFormation knows them.
pub(crate) fn names(resources: &[StackResource]) -> Vec<&str> {
    let alarms = resources.iter().filter(|resource| {
        matches!(resource.kind.as_str(), "AWS::CloudWatch::Alarm" | "AWS::CloudWatch::CompositeAlarm")
    });
    // A reference to an alarm is its name, to a composite one its ARN.
    alarms.map(|alarm| alarm.physical_id.rsplit(":alarm:").next().unwrap_or(&alarm.physical_id)).collect()
}

/// Alarms by name; those that do not exist are left out.
pub(crate) async fn described(aws: &Aws, names: &[&str]) -> Result<Vec<Value>, AwsError> {
    let mut alarms = Vec::new();
    for names in names.chunks(BATCH) {
        let ask = json!({
            "AlarmNames": names, "AlarmTypes": ["MetricAlarm", "CompositeAlarm"], "MaxRecords": BATCH,
        });
        let answer = call(aws, "DescribeAlarms", ask).await?;
        alarms
            .extend(["MetricAlarms", "CompositeAlarms"].iter().flat_map(|kind| list(&answer, kind)).cloned());
    }
    alarms.sort_by(|one, other| text(one, "AlarmName").cmp(text(other, "AlarmName")));
    Ok(alarms)
}

/// The model of an alarm that `DescribeAlarms` shows.
pub(crate) fn resource(described: &Value) -> Resource {
    let name = text(described, "AlarmName");
    let rule = described.get(RULE).filter(|rule| !is_nothing(rule));
    let is_extended = described.get("ExtendedStatistic").is_some_and(|it| !is_nothing(it));
    // An alarm has one of both; an engine may show the other one's default too.
    let is_default = |property: &str| is_extended && property == "Statistic";
    let known =
        |property: &str| (PROPERTIES.contains(&property) || property == RULE) && !is_default(property);
    let properties = described.as_object().into_iter().flatten();
    let properties = properties.filter(|(property, value)| known(property) && !is_nothing(value));
    let properties: Map<String, Value> =
        properties.map(|(property, value)| (property.clone(), without_nothing(value))).collect();
    let kind = if rule.is_some() { "AWS::CloudWatch::CompositeAlarm" } else { "AWS::CloudWatch::Alarm" };
    Resource {
        id: name.to_owned(),
        kind: kind.to_owned(),
        properties,
        metadata: Map::new(),
        location: Location::file(name),
    }
}

/// The model of all the alarms, which composite ones among them need.
pub(crate) fn models(described: &[Value]) -> Result<AlarmSet, CloudWatchError> {
    let resources: Vec<Resource> = described.iter().map(resource).collect();
    Ok(AlarmSet::read(&resources)?)
}

/// APIs show what is not set as null, or as empty.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

fn without_nothing(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(without_nothing).collect(),
        Value::Object(members) => {
            let members = members.iter().filter(|(_, value)| !is_nothing(value));
            Value::Object(members.map(|(name, value)| (name.clone(), without_nothing(value))).collect())
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alarm_is_read_as_cloudwatch_shows_it_with_members_that_are_not_set() {
        let described = json!({
            "AlarmName": "a", "AlarmArn": "arn", "AlarmDescription": "d", "ActionsEnabled": true, "OKActions": [],
            "StateValue": "OK", "StateUpdatedTimestamp": 1.0, "MetricName": null, "Dimensions": [],
            "EvaluationPeriods": 3, "Threshold": 1.0, "ComparisonOperator": "GreaterThanThreshold",
            "Metrics": [
                {"Id": "e", "Expression": "m * 2", "ReturnData": true, "Period": null},
                {"Id": "m", "ReturnData": false, "Expression": null, "MetricStat": {
                    "Metric": {"Namespace": "N", "MetricName": "M", "Dimensions": []}, "Period": 60, "Stat": "Sum", "Unit": null,
                }},
            ],
        });
        let set = models(&[described]).unwrap();
        let definition = set.get("a").unwrap().definition();
        assert_eq!(definition["metrics"], json!(["Sum of N M"]));
        assert_eq!((&definition["threshold"], &definition["expression"]), (&json!(1.0), &json!(true)));
    }

    #[test]
    fn composite_alarms_are_named_by_their_arn_in_cloudformation() {
        let resource = |kind: &str, id: &str| StackResource {
            logical_id: "L".into(),
            physical_id: id.into(),
            kind: kind.into(),
            status: String::new(),
        };
        let resources = [
            resource("AWS::CloudWatch::Alarm", "a"),
            resource("AWS::CloudWatch::CompositeAlarm", "arn:aws:cloudwatch:r:1:alarm:b"),
            resource("AWS::S3::Bucket", "c"),
        ];
        assert_eq!(names(&resources), ["a", "b"]);
    }
}
