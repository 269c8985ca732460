//! Calls that close gaps, each with the call that reads the property back.

use http::Method;
use serde_json::{Map, Value, json};

use super::ClosingCall;
use aws_client::xml;
use aws_client::{Aws, AwsError};

/// A resource to apply a property to.
pub(super) struct Target<'a> {
    /// The engine's APIs.
    pub(super) aws: &'a Aws,
    /// The resource's physical id.
    pub(super) id: &'a str,
    /// For a part of an API: the API's id.
    pub(super) owner: &'a str,
}

impl Target<'_> {
    /// Applies a property; answers what was wanted and what reads back, in the same form.
    pub(super) async fn apply(&self, call: ClosingCall, property: Value) -> Result<(Value, Value), AwsError> {
        match call {
            ClosingCall::BucketLifecycle => self.bucket_setting("lifecycle", lifecycle(&property)).await,
            ClosingCall::BucketVersioning => self.bucket_setting("versioning", versioning(&property)).await,
            ClosingCall::RoleBoundary => self.role_boundary(property).await,
            ClosingCall::ApiCors => {
                let path = format!("/v2/apis/{}", self.id);
                self.patch(Method::PATCH, "apigateway", &path, json!({"corsConfiguration": camel(property)}))
                    .await
            }
            ClosingCall::StageThrottling => {
                let path = format!("/v2/apis/{}/stages/{}", self.owner, self.id.replace('$', "%24"));
                let body = json!({"defaultRouteSettings": camel(property)});
                self.patch(Method::PATCH, "apigateway", &path, body).await
            }
            ClosingCall::TableRecovery => self.table_recovery(property).await,
            ClosingCall::ConsumerScaling => {
                let path = format!("/2015-03-31/event-source-mappings/{}", self.id);
                self.patch(Method::PUT, "lambda", &path, json!({"ScalingConfig": property})).await
            }
        }
    }

    /// A setting of a bucket that is one XML document.
    async fn bucket_setting(&self, setting: &str, document: String) -> Result<(Value, Value), AwsError> {
        let path = format!("/{}?{setting}", self.id);
        let wanted = xml::leaves(&document);
        self.aws.rest("s3", Method::PUT, &path, document.into_bytes(), &[]).await?;
        let found = self.aws.rest("s3", Method::GET, &path, Vec::new(), &[]).await?;
        let found = xml::leaves(&String::from_utf8_lossy(found.body()));
        Ok((json!(wanted), json!(found)))
    }

    /// A setting that is a part of a JSON document; other parts of the answer do not count.
    async fn patch(
        &self,
        method: Method,
        service: &str,
        path: &str,
        wanted: Value,
    ) -> Result<(Value, Value), AwsError> {
        let body = wanted.to_string().into_bytes();
        let json = [("content-type", "application/json")];
        self.aws.rest(service, method, path, body, &json).await?;
        let answer = self.aws.rest(service, Method::GET, path, Vec::new(), &[]).await?;
        let found = serde_json::from_slice(answer.body()).unwrap_or(Value::Null);
        let found = common(&wanted, found);
        Ok((wanted, found))
    }

    async fn role_boundary(&self, wanted: Value) -> Result<(Value, Value), AwsError> {
        let role = ("RoleName", self.id);
        let arn = wanted.as_str().unwrap_or_default();
        let params = [role, ("PermissionsBoundary", arn)];
        self.aws.query("iam", "2010-05-08", "PutRolePermissionsBoundary", &params).await?;
        let answer = self.aws.query("iam", "2010-05-08", "GetRole", &[role]).await?;
        let found = json!(xml::first(&answer, "PermissionsBoundaryArn"));
        Ok((wanted, found))
    }

    async fn table_recovery(&self, property: Value) -> Result<(Value, Value), AwsError> {
        let wanted = property.get("PointInTimeRecoveryEnabled") == Some(&Value::Bool(true));
        let update = json!({"TableName": self.id, "PointInTimeRecoverySpecification": property});
        self.aws.json("dynamodb", "DynamoDB_20120810.UpdateContinuousBackups", update).await?;
        let table = json!({"TableName": self.id});
        let answer = self.aws.json("dynamodb", "DynamoDB_20120810.DescribeContinuousBackups", table).await?;
        let status = answer.pointer(
            "/ContinuousBackupsDescription/PointInTimeRecoveryDescription/PointInTimeRecoveryStatus",
        );
        Ok((json!(wanted), json!(status == Some(&json!("ENABLED")))))
    }
}

/// The fields of `found` that `wanted` has.
fn common(wanted: &Value, found: Value) -> Value {
    match (wanted, found) {
        (Value::Object(wanted), Value::Object(mut found)) => {
            let fields = wanted.iter().filter_map(|(name, value)| {
                found.remove(name).map(|found| (name.clone(), common(value, found)))
            });
            Value::Object(fields.collect())
        }
        (_, found) => found,
    }
}

/// `CloudFormation` writes `AllowOrigins` where the API wants `allowOrigins`.
fn camel(value: Value) -> Value {
    let Value::Object(fields) = value else { return value };
    let lower = |name: String| {
        let mut letters = name.chars();
        letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
    };
    Value::Object(fields.into_iter().map(|(name, value)| (lower(name), camel(value))).collect())
}

fn versioning(property: &Value) -> String {
    let status = property.get("Status").and_then(Value::as_str).unwrap_or("Suspended");
    format!("<VersioningConfiguration><Status>{status}</Status></VersioningConfiguration>")
}

fn lifecycle(property: &Value) -> String {
    let rules = property.get("Rules").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let rules: String = rules.iter().filter_map(Value::as_object).map(rule).collect();
    format!("<LifecycleConfiguration>{rules}</LifecycleConfiguration>")
}

/// One rule; S3 gives other names to some of `CloudFormation`'s fields.
fn rule(fields: &Map<String, Value>) -> String {
    const FILTERS: [&str; 2] = ["ObjectSizeGreaterThan", "ObjectSizeLessThan"];
    let mut parts = Vec::new();
    if !fields.contains_key("Prefix") {
        let filters = FILTERS.iter().filter_map(|name| Some(element(name, fields.get(*name)?)));
        parts.push(format!("<Filter>{}</Filter>", filters.collect::<String>()));
    }
    for (name, value) in fields {
        match name.as_str() {
            name if FILTERS.contains(&name) => {}
            "Id" => parts.push(element("ID", value)),
            "ExpirationInDays" => parts.push(element("Expiration", &json!({"Days": value}))),
            "ExpiredObjectDeleteMarker" => parts.push(element("Expiration", &json!({name: value}))),
            "Transitions" => parts.extend(value.as_array().into_iter().flatten().map(transition)),
            other => parts.push(element(other, value)),
        }
    }
    format!("<Rule>{}</Rule>", parts.concat())
}

fn transition(transition: &Value) -> String {
    let mut transition = transition.clone();
    if let Some(fields) = transition.as_object_mut()
        && let Some(days) = fields.remove("TransitionInDays")
    {
        fields.insert("Days".into(), days);
    }
    element("Transition", &transition)
}

fn element(name: &str, value: &Value) -> String {
    let inner = match value {
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| element(name, value)).collect::<Vec<_>>().concat()
        }
        Value::String(text) => text.replace('&', "&amp;").replace('<', "&lt;"),
        other => other.to_string(),
    };
    format!("<{name}>{inner}</{name}>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifecycle_speaks_the_words_of_s3() {
        let property = json!({"Rules": [{
            "Id": "move", "Status": "Enabled", "ExpirationInDays": 7, "ExpiredObjectDeleteMarker": true,
            "Transitions": [{"StorageClass": "STANDARD_IA", "TransitionInDays": 30}],
        }, {"Id": "large", "Status": "Enabled", "ObjectSizeGreaterThan": "52428800"}]});
        let mut expected = vec![
            "Rule/Expiration/Days=7",
            "Rule/Expiration/ExpiredObjectDeleteMarker=true",
            "Rule/Filter=",
            "Rule/Filter/ObjectSizeGreaterThan=52428800",
            "Rule/ID=large",
            "Rule/ID=move",
            "Rule/Status=Enabled",
            "Rule/Status=Enabled",
            "Rule/Transition/Days=30",
            "Rule/Transition/StorageClass=STANDARD_IA",
        ];
        expected.sort_unstable();
        assert_eq!(xml::leaves(&lifecycle(&property)), expected);
    }

    #[test]
    fn only_the_wanted_fields_count_when_read_back() {
        let wanted = json!({"a": {"b": 1}});
        assert_eq!(common(&wanted, json!({"a": {"b": 1, "c": 2}, "d": 3})), wanted);
        assert_ne!(common(&wanted, json!({"a": {"b": "1"}})), wanted);
        assert_ne!(common(&wanted, json!({"a": {}})), wanted);
    }
}
