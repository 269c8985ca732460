//! S3 and DynamoDB.

use serde_json::{Value, json};

use super::Within::Place;
use super::{Reader, Subject};
use crate::drift::call::Call;
use crate::drift::form::{Form, words};

pub(super) const READERS: &[Reader] = &[
    Reader {
        kind: "AWS::S3::Bucket",
        call: |bucket| Call::Get("s3", format!("/{}?list-type=2&encoding-type=url&max-keys=1", bucket.id)),
        within: Place(""),
        properties: &[("BucketName", "/Name", Form::Exact)],
    },
    Reader {
        kind: "AWS::S3::Bucket",
        call: |bucket| Call::Get("s3", format!("/{}?publicAccessBlock", bucket.id)),
        within: Place(""),
        properties: &[("PublicAccessBlockConfiguration", "", Form::Text)],
    },
    Reader {
        kind: "AWS::S3::Bucket",
        call: |bucket| Call::Get("s3", format!("/{}?ownershipControls", bucket.id)),
        within: Place(""),
        properties: &[("OwnershipControls", "", Form::Words(&[("Rule", "Rules[]")]))],
    },
    Reader {
        kind: "AWS::S3::Bucket",
        call: |bucket| Call::Get("s3", format!("/{}?encryption", bucket.id)),
        within: Place(""),
        properties: &[("BucketEncryption", "", Form::Words(ENCRYPTION))],
    },
    Reader {
        kind: "AWS::S3::Bucket",
        call: |bucket| Call::Get("s3", format!("/{}?versioning", bucket.id)),
        within: Place(""),
        properties: &[("VersioningConfiguration", "", Form::Text)],
    },
    Reader {
        kind: "AWS::S3::Bucket",
        call: |bucket| Call::Get("s3", format!("/{}?cors", bucket.id)),
        within: Place(""),
        properties: &[("CorsConfiguration", "", Form::Words(CORS))],
    },
    Reader {
        kind: "AWS::S3::Bucket",
        call: |bucket| Call::Get("s3", format!("/{}?lifecycle", bucket.id)),
        within: Place(""),
        properties: &[("LifecycleConfiguration", "", Form::Shape(lifecycle))],
    },
    Reader {
        kind: "AWS::S3::Bucket",
        call: |bucket| Call::Get("s3", format!("/{}?notification", bucket.id)),
        within: Place(""),
        properties: &[("NotificationConfiguration", "", Form::Words(NOTIFICATION))],
    },
    Reader {
        kind: "AWS::S3::BucketPolicy",
        call: |policy| Call::Get("s3", format!("/{}?policy", policy.text("Bucket"))),
        within: Place(""),
        properties: &[("Bucket", "", Form::Address), ("PolicyDocument", "", Form::Document)],
    },
    Reader {
        kind: "AWS::DynamoDB::Table",
        call: |table| table_call("DynamoDB_20120810.DescribeTable", table),
        within: Place("/Table"),
        properties: &[
            ("TableName", "/TableName", Form::Exact),
            ("BillingMode", "/BillingModeSummary/BillingMode", Form::Exact),
            ("AttributeDefinitions", "/AttributeDefinitions", Form::Exact),
            ("KeySchema", "/KeySchema", Form::Exact),
        ],
    },
    Reader {
        kind: "AWS::DynamoDB::Table",
        call: |table| table_call("DynamoDB_20120810.DescribeContinuousBackups", table),
        within: Place("/ContinuousBackupsDescription/PointInTimeRecoveryDescription"),
        properties: &[(
            "PointInTimeRecoverySpecification",
            "/PointInTimeRecoveryStatus",
            Form::Shape(|status| json!({"PointInTimeRecoveryEnabled": status == "ENABLED"})),
        )],
    },
];

const ENCRYPTION: &[(&str, &str)] = &[
    ("Rule", "ServerSideEncryptionConfiguration[]"),
    ("ApplyServerSideEncryptionByDefault", "ServerSideEncryptionByDefault"),
    ("BucketKeyEnabled", ""),
];

const CORS: &[(&str, &str)] = &[
    ("CORSRule", "CorsRules[]"),
    ("AllowedHeader", "AllowedHeaders[]"),
    ("AllowedMethod", "AllowedMethods[]"),
    ("AllowedOrigin", "AllowedOrigins[]"),
    ("ExposeHeader", "ExposedHeaders[]"),
    ("MaxAgeSeconds", "MaxAge"),
];

const NOTIFICATION: &[(&str, &str)] =
    &[("QueueConfiguration", "QueueConfigurations[]"), ("FilterRule", "Rules[]"), ("Id", "")];

const LIFECYCLE: &[(&str, &str)] = &[("Rule", "Rules[]"), ("ID", "Id"), ("Transition", "Transitions[]")];

/// S3 has `Expiration: {Days}` where the template has `ExpirationInDays`, and sizes in a filter.
fn lifecycle(found: &Value) -> Value {
    let mut found = words(found, LIFECYCLE);
    for rule in found["Rules"].as_array_mut().into_iter().flatten() {
        let rule = rule.as_object_mut().unwrap();
        if let Some(Value::Object(filter)) = rule.remove("Filter") {
            rule.extend(filter);
        }
        if let Some(Value::Object(expiration)) = rule.remove("Expiration") {
            let named = |name| if name == "Days" { "ExpirationInDays".to_owned() } else { name };
            rule.extend(expiration.into_iter().map(|(name, value)| (named(name), value)));
        }
        for transition in rule.get_mut("Transitions").and_then(Value::as_array_mut).into_iter().flatten() {
            *transition = words(transition, &[("Days", "TransitionInDays")]);
        }
    }
    found
}

fn table_call(target: &'static str, table: &Subject<'_>) -> Call {
    Call::Json("dynamodb", target, json!({"TableName": table.id}))
}
