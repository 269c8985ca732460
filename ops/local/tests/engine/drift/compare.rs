//! Each property of each resource of a stack, as the template states it and as the engine reports it.

use std::collections::BTreeSet;
use std::fmt;

use aws_client::Aws;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use local_stack::deploy::{Deployed, GAPS, Gap};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::coverage::places;
use super::readers::{READERS, Subject};

/// A property that reads back otherwise than the template states it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Drift {
    /// The logical id; with that of its nested stack before it.
    pub(super) resource: String,
    /// The resource's type.
    pub(super) kind: String,
    /// The property, down to the part that differs: `LoggingConfig.LogFormat`.
    pub(super) property: String,
    /// What the template states.
    pub(super) wanted: Value,
    /// What the engine reports.
    pub(super) found: Value,
}

/// What a comparison of a whole stack came to.
#[derive(Clone, Debug, Default)]
pub(super) struct Comparison {
    /// What differs.
    pub(super) drifts: Vec<Drift>,
    /// The places of the template that hold a value.
    pub(super) stated: BTreeSet<String>,
    /// Those of them that were compared.
    pub(super) compared: BTreeSet<String>,
    /// Properties that nothing reads, as `no reader for AWS::X.Y`.
    pub(super) unread: BTreeSet<String>,
}

impl Drift {
    /// The gap that this is a case of.
    pub(super) fn gap(&self) -> Option<&'static Gap> {
        GAPS.iter().find(|gap| {
            let below = self.property.strip_prefix(gap.property);
            gap.kind == self.kind && below.is_some_and(|below| below.is_empty() || below.starts_with('.'))
        })
    }
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { resource, kind, property, wanted, found } = self;
        write!(f, "{resource} ({kind}) {property}: the template states {wanted}, the engine reports {found}")
    }
}

/// Compares a stack and the stacks in it.
pub(super) async fn compare(aws: &Aws, deployed: &Deployed) -> Comparison {
    let mut comparison = Comparison::default();
    let mut stacks = vec![(String::new(), deployed.clone())];
    while let Some((prefix, stack)) = stacks.pop() {
        for (id, resource) in &stack.resources {
            if resource.kind == "AWS::CloudFormation::Stack" {
                let nested = Deployed::describe(aws, &resource.physical_id).await.unwrap();
                stacks.push((format!("{prefix}{id}/"), nested));
            }
        }
        for (id, resource) in stack.template["Resources"].as_object().unwrap() {
            let condition = resource.get("Condition").and_then(Value::as_str);
            let is_wanted = condition.is_none_or(|name| stack.condition(name).unwrap());
            let place = format!("{prefix}{id}");
            comparison.stated.extend(places(&resource["Properties"], &place, &|_, _| true));
            if is_wanted {
                resource_of(aws, &stack, id, &place, &mut comparison).await;
            } else {
                assert!(!stack.resources.contains_key(id), "{place} is there against its condition");
            }
        }
    }
    comparison
}

/// Compares one resource.
async fn resource_of(aws: &Aws, stack: &Deployed, id: &str, place: &str, comparison: &mut Comparison) {
    let stated = &stack.template["Resources"][id];
    let kind = stated["Type"].as_str().unwrap();
    let mut properties = Map::new();
    for (name, _) in stated["Properties"].as_object().into_iter().flatten() {
        if let Some(wanted) = stack.property(id, name).unwrap() {
            properties.insert(name.clone(), artefact(aws, name, wanted).await);
        }
    }
    let physical_id = stack.resources.get(id).map(|resource| resource.physical_id.as_str());
    let subject = Subject { id: physical_id.unwrap_or_default(), properties: &properties };
    let mut unread: BTreeSet<_> = properties.keys().map(String::as_str).collect();
    for reader in READERS.iter().copied().flatten().filter(|reader| reader.kind == kind) {
        let stated = reader.properties.iter().filter_map(|row| Some((row, properties.get(row.0)?)));
        let mut stated = stated.peekable();
        if stated.peek().is_none() {
            continue;
        }
        let answer = reader.read(aws, &subject).await;
        for ((name, at, form), wanted) in stated {
            let (wanted, found) = form.meet(wanted, answer.pointer(at).unwrap_or(&Value::Null));
            differences(name, &wanted, &found, &mut |property, wanted, found| {
                let (wanted, found) = (wanted.clone(), found.clone());
                let (resource, kind, property) = (place.to_owned(), kind.to_owned(), property.to_owned());
                comparison.drifts.push(Drift { resource, kind, property, wanted, found });
            });
            let takes = |condition: &str, branch| stack.condition(condition).unwrap() == branch;
            let of_template = &stack.template["Resources"][id]["Properties"][name];
            comparison.compared.extend(places(of_template, &format!("{place}.{name}"), &takes));
            unread.remove(name);
        }
    }
    comparison.unread.extend(unread.into_iter().map(|name| format!("no reader for {kind}.{name}")));
}

/// Where the template names what was uploaded, what counts is that very thing: code by its hash, a template by its text.
async fn artefact(aws: &Aws, property: &str, wanted: Value) -> Value {
    let path = match property {
        "Code" => format!("/{}/{}", wanted["S3Bucket"].as_str().unwrap(), wanted["S3Key"].as_str().unwrap()),
        "TemplateURL" => wanted.as_str().unwrap().trim_start_matches(aws.endpoint()).to_owned(),
        _ => return wanted,
    };
    let answer = aws.rest("s3", Method::GET, &path, Vec::new(), &[]).await.unwrap();
    match property {
        "Code" => STANDARD.encode(Sha256::digest(answer.body())).into(),
        _ => String::from_utf8_lossy(answer.body()).into(),
    }
}

/// Reports each part of a property that differs; what only the engine has differs too.
fn differences(path: &str, wanted: &Value, found: &Value, report: &mut dyn FnMut(&str, &Value, &Value)) {
    match (wanted, found) {
        (Value::Object(wanted), Value::Object(found)) => {
            let names: BTreeSet<&String> = wanted.keys().chain(found.keys()).collect();
            for name in names {
                let of = |side: &Map<String, Value>| side.get(name).cloned().unwrap_or_default();
                differences(&format!("{path}.{name}"), &of(wanted), &of(found), report);
            }
        }
        (Value::Array(wanted), Value::Array(found)) if wanted.len() == found.len() => {
            for (index, (wanted, found)) in wanted.iter().zip(found).enumerate() {
                differences(&format!("{path}.{index}"), wanted, found, report);
            }
        }
        (Value::Number(wanted), Value::Number(found)) if wanted.as_f64() == found.as_f64() => {}
        (wanted, found) if wanted == found => {}
        (wanted, found) => report(path, wanted, found),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn drift(property: &str) -> Drift {
        let (resource, kind) = ("Api/Stage".to_owned(), "AWS::ApiGatewayV2::Stage".to_owned());
        Drift { resource, kind, property: property.to_owned(), wanted: json!(1), found: json!("1") }
    }

    #[test]
    fn drift_names_resource_property_wanted_and_found() {
        let message =
            "Api/Stage (AWS::ApiGatewayV2::Stage) A.B: the template states 1, the engine reports \"1\"";
        assert_eq!(drift("A.B").to_string(), message);
    }

    #[test]
    fn gap_covers_its_property_and_what_is_below_it_and_nothing_else() {
        assert!(drift("DefaultRouteSettings").gap().is_some());
        assert!(drift("DefaultRouteSettings.throttlingRateLimit").gap().is_some());
        assert!(drift("DefaultRouteSettingsOfOthers").gap().is_none());
        assert!(Drift { kind: "AWS::X::Y".into(), ..drift("DefaultRouteSettings") }.gap().is_none());
    }

    #[test]
    fn differences_are_reported_where_they_are_on_either_side() {
        let mut reported = Vec::new();
        let (wanted, found) =
            (json!({"a": [1, {"b": 2}], "c": 0.0}), json!({"a": [1, {"b": 3}], "c": 0, "d": 4}));
        differences("P", &wanted, &found, &mut |path, wanted, found| {
            reported.push(format!("{path} {wanted} {found}"));
        });
        assert_eq!(reported, ["P.a.1.b 2 3", "P.d null 4"]);
    }
}
