//! Which places of a template hold a value, and which of them a deploy makes use of.

use serde_json::Value;

/// The places below `value` that hold a value; `takes` decides which branches of a condition are followed.
///
/// A function other than `Fn::If` is one place, however much it is made of.
pub(super) fn places(value: &Value, path: &str, takes: &dyn Fn(&str, bool) -> bool) -> Vec<String> {
    match value {
        Value::Object(fields) => match fields.iter().next() {
            Some((name, Value::Array(parts))) if name == "Fn::If" => {
                let condition = parts[0].as_str().unwrap();
                let branches = [(true, &parts[1]), (false, &parts[2])];
                let followed = branches.into_iter().filter(|(holds, _)| takes(condition, *holds));
                followed.flat_map(|(holds, value)| places(value, &format!("{path}?{holds}"), takes)).collect()
            }
            Some((name, argument)) if name == "Ref" && argument == "AWS::NoValue" => Vec::new(),
            Some((name, _)) if name == "Ref" || name.starts_with("Fn::") => vec![path.to_owned()],
            _ => fields
                .iter()
                .flat_map(|(name, value)| places(value, &format!("{path}.{name}"), takes))
                .collect(),
        },
        Value::Array(items) => {
            let items = items.iter().enumerate();
            items.flat_map(|(index, item)| places(item, &format!("{path}.{index}"), takes)).collect()
        }
        _ => vec![path.to_owned()],
    }
}

#[test]
fn places_of_both_branches_are_there_and_a_deploy_takes_one() {
    let value = serde_json::json!({
        "Name": {"Fn::Sub": "${A}"},
        "Rules": [1, {"Fn::If": ["C", {"Days": 7}, {"Ref": "AWS::NoValue"}]}],
    });
    assert_eq!(places(&value, "R", &|_, _| true), ["R.Name", "R.Rules.0", "R.Rules.1?true.Days"]);
    assert_eq!(places(&value, "R", &|_, holds| !holds), ["R.Name", "R.Rules.0"]);
}
