use serde_json::json;

use super::*;

fn template(document: &Value) -> Template {
    Template::parse("alarms/x.json", &document.to_string()).unwrap()
}

fn inputs(parameters: &[(&str, &str)]) -> Inputs {
    let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Inputs {
        parameters: parameters.collect(),
        region: "ap-northeast-1".to_owned(),
        account_id: "123456789012".to_owned(),
    }
}

/// What property `P` of the only resource comes to.
fn resolved(value: &Value) -> Result<Option<Value>, TemplateError> {
    let document = json!({
        "Parameters": {
            "Prefix": {"Type": "String"},
            "Side": {"Type": "Number", "Default": 5},
            "Rate": {"Type": "String", "Default": "slow", "AllowedValues": ["slow", "fast"]},
        },
        "Conditions": {
            "Fast": {"Fn::Equals": [{"Ref": "Rate"}, "fast"]},
            "Slow": {"Fn::Not": [{"Condition": "Fast"}]},
            "Both": {"Fn::And": [{"Condition": "Slow"}, {"Fn::Equals": ["1", 1]}]},
            "One": {"Fn::Or": [{"Condition": "Fast"}, {"Condition": "Slow"}]},
            "Loop": {"Fn::Not": [{"Condition": "Loop"}]},
        },
        "Resources": {
            "Alarm": {
                "Type": "AWS::CloudWatch::Alarm",
                "Properties": {"AlarmName": {"Fn::Sub": "${Prefix}dlq"}, "P": value},
            },
            "Absent": {"Type": "AWS::CloudWatch::Alarm", "Condition": "Fast"},
        },
    });
    let mut resources = template(&document).resolve(&inputs(&[("Prefix", "dev-")]))?;
    assert_eq!(resources.len(), 1, "a resource whose condition does not hold is absent");
    Ok(resources.remove(0).properties.remove("P"))
}

fn comes_to(value: &Value, expected: &Value) {
    assert_eq!(resolved(value).unwrap().as_ref(), Some(expected), "{value}");
}

#[test]
fn references_and_substitutions_give_what_cloudformation_gives() {
    comes_to(&json!({"Ref": "Side"}), &json!("5"));
    comes_to(&json!({"Ref": "Alarm"}), &json!("dev-dlq"));
    comes_to(
        &json!({"Fn::Sub": "${Prefix}a ${!literal} ${AWS::Region} $"}),
        &json!("dev-a ${literal} ap-northeast-1 $"),
    );
    let arn = "arn:aws:cloudwatch:ap-northeast-1:123456789012:alarm:dev-dlq";
    comes_to(&json!({"Fn::Sub": "${Alarm.Arn}"}), &json!(arn));
    comes_to(&json!({"Fn::GetAtt": ["Alarm", "Arn"]}), &json!(arn));
    comes_to(&json!({"Fn::ToJsonString": {"a": [{"Ref": "Side"}]}}), &json!(r#"{"a":["5"]}"#));
}

#[test]
fn conditions_choose_and_no_value_leaves_out() {
    let choose = |condition: &str| json!({"Fn::If": [condition, "yes", "no"]});
    for (condition, chosen) in [("Fast", "no"), ("Slow", "yes"), ("Both", "yes"), ("One", "yes")] {
        comes_to(&choose(condition), &json!(chosen));
    }
    comes_to(&json!([1, {"Ref": "AWS::NoValue"}, {"a": {"Ref": "AWS::NoValue"}}]), &json!([1, {}]));
    assert_eq!(resolved(&json!({"Ref": "AWS::NoValue"})).unwrap(), None);
}

#[test]
fn what_is_not_understood_is_refused_by_file_and_place() {
    let error = |value: &Value| resolved(value).unwrap_err().to_string();
    let at = "alarms/x.json: Resources.Alarm.Properties.P";
    assert_eq!(
        error(&json!([{"Fn::Join": ["", []]}])),
        format!("{at}[0].Fn::Join: the function Fn::Join in this form is not understood here")
    );
    assert_eq!(
        error(&json!({"Ref": "Nobody"})),
        format!("{at}.Ref: there is no parameter or resource `Nobody`")
    );
    assert_eq!(error(&json!({"Fn::Sub": "${Prefix"})), format!("{at}.Fn::Sub must be closed by a brace"));
    assert_eq!(
        error(&json!({"Fn::GetAtt": ["Alarm", "Colour"]})),
        format!("{at}.Fn::GetAtt: the attribute Colour of AWS::CloudWatch::Alarm is not understood here")
    );
    assert_eq!(
        error(&json!({"Fn::If": ["Loop", 1, 2]})),
        "alarms/x.json: Conditions.Loop: the reference leads back to itself"
    );
    assert_eq!(
        error(&json!({"Fn::If": ["Nothing", 1, 2]})),
        format!("{at}.Fn::If: there is no condition `Nothing`")
    );
}

#[test]
fn an_alarm_that_refers_to_its_own_name_is_refused() {
    let document = json!({"Resources": {"A": {
        "Type": "AWS::CloudWatch::Alarm", "Properties": {"AlarmName": {"Ref": "A"}},
    }}});
    let error = template(&document).resolve(&inputs(&[])).unwrap_err();
    assert!(matches!(error, TemplateError::Circular { .. }), "{error}");
}

#[test]
fn parameters_are_checked_as_cloudformation_does() {
    let document = json!({"Parameters": {
        "Rate": {"Type": "String", "AllowedValues": ["slow", "fast"]},
    }});
    let error = |given: &[(&str, &str)]| template(&document).resolve(&inputs(given)).unwrap_err().to_string();
    assert_eq!(
        error(&[]),
        "alarms/x.json: Parameters.Rate: the parameter has no default and was given no value"
    );
    assert_eq!(error(&[("Rate", "odd")]), "alarms/x.json: Parameters.Rate: the value `odd` is not allowed");
    assert_eq!(
        error(&[("Rate", "slow"), ("Pace", "1")]),
        "alarms/x.json: Parameters: there is no parameter `Pace`"
    );
}

#[test]
fn sections_that_would_change_the_meaning_are_refused() {
    let error = Template::parse("a.json", r#"{"Mappings": {}}"#).unwrap_err().to_string();
    assert_eq!(error, "a.json: Mappings: this section is not understood here");
    assert_eq!(Template::parse("a.json", "[]").unwrap_err().to_string(), "a.json must be an object");
}
