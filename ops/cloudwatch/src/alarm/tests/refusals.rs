//! Alarms that are refused, and how the error names what is wrong.

use super::*;

#[test]
fn what_cloudwatch_refuses_or_we_do_not_evaluate_is_named_with_its_place() {
    let at = "a.json: Resources.A.Properties";
    for (change, expected) in [
        (
            json!({"ThresholdMetricId": "band"}),
            format!("{at}.ThresholdMetricId: this property is not evaluated here"),
        ),
        (json!({"Period": 90}), format!("{at}.Period is not valid")),
        (json!({"Period": null}), format!("{at}.Period must be a whole number from 1 on")),
        (
            json!({"DatapointsToAlarm": 2}),
            format!("{at}.DatapointsToAlarm: 2 are more than the 1 evaluated periods"),
        ),
        (
            json!({"EvaluationPeriods": 1441}),
            format!("{at}.EvaluationPeriods: 1441 periods of 60 s are longer than a day"),
        ),
        (
            json!({"Period": 3600, "EvaluationPeriods": 169}),
            format!("{at}.EvaluationPeriods: 169 periods of 3600 s are longer than seven days"),
        ),
        (
            json!({"WarmUpConfiguration": {"WarmUpPeriodDurationInMinutes": 2881}}),
            format!(
                "{at}.WarmUpConfiguration.WarmUpPeriodDurationInMinutes: 2881 minutes are more than two days"
            ),
        ),
        (
            json!({"ComparisonOperator": "GreaterThanUpperThreshold"}),
            format!("{at}.ComparisonOperator: the value GreaterThanUpperThreshold is not evaluated here"),
        ),
        (json!({"Threshold": "many"}), format!("{at}.Threshold must be a number")),
        (json!({"Statistic": "Median"}), format!("{at}.Statistic is not valid")),
        (
            json!({"ExtendedStatistic": "p9"}),
            format!("{at} must be given Statistic or ExtendedStatistic, and not both"),
        ),
        (
            json!({"Statistic": "p99"}),
            format!("{at}.Statistic must be of its kind: percentiles and counts are extended ones"),
        ),
        (json!({"Unit": "Pixels"}), format!("{at}.Unit is not valid")),
        (
            json!({"TreatMissingData": "none"}),
            format!("{at}.TreatMissingData: the value none is not evaluated here"),
        ),
        (json!({"AlarmActions": "arn"}), format!("{at}.AlarmActions must be a list")),
    ] {
        let error = read(&json!({"A": metric_alarm(&change)})).unwrap_err().to_string();
        assert_eq!(error, expected, "{change}");
    }
}

#[test]
fn expressions_that_cannot_be_evaluated_are_found_when_read() {
    let at = "a.json: Resources.A.Properties.Metrics";
    for (metrics, expected) in [
        (
            json!([{"Id": "e", "Expression": "SUM(a)"}, queried("a", "put", 60)]),
            format!("{at}: the expression is not evaluated"),
        ),
        (
            json!([{"Id": "e", "Expression": "SEARCH('x', 'Sum')"}, queried("a", "put", 60)]),
            format!("{at}: the expression is not evaluated"),
        ),
        (
            json!([{"Id": "e", "Expression": "a +"}]),
            format!("{at}[0].Expression: the expression is not evaluated"),
        ),
        (
            json!([{"Id": "e", "Expression": "c"}, queried("a", "put", 60)]),
            format!("{at}: an expression names an id that no other member has"),
        ),
        (
            json!([{"Id": "e", "Expression": "a + b"}, queried("a", "put", 60), queried("b", "get", 300)]),
            format!("{at}: all metrics of an alarm must have the same period"),
        ),
        (json!([queried("a", "put", 60)]), format!("{at}: exactly one member must have ReturnData")),
        (json!([{"Id": "e", "Expression": "1"}]), format!("{at}: an alarm needs a metric")),
        (
            json!([{"Id": "E", "Expression": "1"}]),
            format!("{at}[0].Id must be a word that begins with a small letter"),
        ),
        (json!([{"Id": "e"}]), format!("{at}[0] must be given MetricStat or Expression, and not both")),
        (
            json!([{"Id": "e", "Expression": "1", "AccountId": "1"}]),
            format!("{at}[0].AccountId: this property is not evaluated here"),
        ),
    ] {
        assert_eq!(read(&json!({"A": math_alarm(&metrics)})).unwrap_err().to_string(), expected, "{metrics}");
    }
}

#[test]
fn rules_must_name_alarms_that_exist_and_not_themselves() {
    let composite = |name: &str, rule: &str| json!({"Type": "AWS::CloudWatch::CompositeAlarm", "Properties": {"AlarmName": name, "AlarmRule": rule}});
    let error = |alarms: &Value| read(alarms).unwrap_err().to_string();
    assert_eq!(
        error(&json!({"A": composite("a", "ALARM(b)")})),
        "a.json: Resources.A.Properties.AlarmRule: there is no alarm `b`"
    );
    assert_eq!(
        error(&json!({"A": composite("a", "ALARM(b)"), "B": composite("b", "OK(a)")})),
        "a.json: Resources.A: the rule depends on its own alarm"
    );
    assert_eq!(
        error(&json!({"A": metric_alarm(&json!({})), "B": metric_alarm(&json!({}))})),
        "a.json: Resources.B: another alarm is called `latency` too"
    );
}
