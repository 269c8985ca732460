//! Changes made on the engine behind the template's back, one or more for each service.

use http::Method;
use local_stack::deploy::Deployed;
use serde_json::{Value, json};

use super::call::Call;

/// A change: the call that makes it, and what a comparison must name.
type Change = fn(&Deployed) -> (Call, Named);

/// The resource, the property, what the template states, what the engine reports.
pub(super) type Named = (&'static str, &'static str, Value, Value);

/// The changes; each is to a property of its own.
pub(super) const CHANGES: &[Change] = &[
    |stack| {
        let enabled = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
        let path = format!("/{}?versioning", id(stack, "OriginalBucket"));
        (
            Call::Send("s3", Method::PUT, path, enabled.to_owned()),
            ("OriginalBucket", "VersioningConfiguration.Status", json!("Suspended"), json!("Enabled")),
        )
    },
    |stack| {
        let less = "<PublicAccessBlockConfiguration><BlockPublicAcls>false</BlockPublicAcls>\
            <IgnorePublicAcls>true</IgnorePublicAcls><BlockPublicPolicy>true</BlockPublicPolicy>\
            <RestrictPublicBuckets>true</RestrictPublicBuckets></PublicAccessBlockConfiguration>";
        let path = format!("/{}?publicAccessBlock", id(stack, "ProcessedBucket"));
        let property = "PublicAccessBlockConfiguration.BlockPublicAcls";
        (
            Call::Send("s3", Method::PUT, path, less.to_owned()),
            ("ProcessedBucket", property, json!("true"), json!("false")),
        )
    },
    |stack| {
        let attributes = json!({"VisibilityTimeout": "7"});
        let request = json!({"QueueUrl": id(stack, "ProcessingQueue"), "Attributes": attributes});
        (
            Call::Json("sqs", "AmazonSQS.SetQueueAttributes", request),
            ("ProcessingQueue", "VisibilityTimeout", json!("180"), json!("7")),
        )
    },
    |stack| {
        let off = json!({"PointInTimeRecoveryEnabled": false});
        let table = id(stack, "MetadataTable");
        let request = json!({"TableName": table, "PointInTimeRecoverySpecification": off});
        let property = "PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled";
        (
            Call::Json("dynamodb", "DynamoDB_20120810.UpdateContinuousBackups", request),
            ("MetadataTable", property, json!("true"), json!("false")),
        )
    },
    |stack| {
        let subscription = stack.resources["PageSubscription"].physical_id.clone();
        (
            Call::Query("sns", "2010-03-31", "Unsubscribe", vec![("SubscriptionArn", subscription)]),
            ("PageSubscription", "Endpoint", json!("pages@example.com"), Value::Null),
        )
    },
    |stack| {
        let path = format!("/2015-03-31/functions/{}/configuration", id(stack, "S3MetricsFunction"));
        (
            Call::Send("lambda", Method::PUT, path, json!({"MemorySize": 128}).to_string()),
            ("S3MetricsFunction", "MemorySize", json!(256), json!(128)),
        )
    },
    |stack| {
        let path =
            format!("/2015-03-31/event-source-mappings/{}", id(stack, "ImageProcessorFunctionUploads"));
        (
            Call::Send("lambda", Method::PUT, path, json!({"BatchSize": 1}).to_string()),
            ("ImageProcessorFunctionUploads", "BatchSize", json!(5), json!(1)),
        )
    },
    |stack| {
        let request = json!({"logGroupName": id(stack, "HttpApiLogGroup"), "retentionInDays": 1});
        (
            Call::Json("logs", "Logs_20140328.PutRetentionPolicy", request),
            ("HttpApiLogGroup", "RetentionInDays", json!(30), json!(1)),
        )
    },
    |stack| {
        let role = ("RoleName", id(stack, "S3MetricsRole").to_owned());
        (
            Call::Query("iam", "2010-05-08", "DeleteRolePermissionsBoundary", vec![role]),
            ("S3MetricsRole", "PermissionsBoundary", json!(id(stack, "FunctionBoundary")), Value::Null),
        )
    },
    |stack| {
        let role = ("RoleName", id(stack, "AuthenticatedRole").to_owned());
        let name = ("PolicyName", "own-folder".to_owned());
        let action = json!(["s3:PutObject", "s3:GetObject"]);
        let statement =
            json!({"Sid": "UsedToReachOwnFolder", "Effect": "Allow", "Action": action, "Resource": "*"});
        let policy = json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
        let policy = ("PolicyDocument", policy);
        let folder =
            "arn:aws:s3:::image-upload-000000000000-ap-northeast-1/user-uploads/${aws:PrincipalTag/sub}/*";
        let property = "Policies.PolicyDocument.Statement.Resource";
        (
            Call::Query("iam", "2010-05-08", "PutRolePolicy", vec![role, name, policy]),
            ("AuthenticatedRole", property, json!(folder), json!("*")),
        )
    },
    |stack| {
        let pool = id(stack, "UserPool");
        let request = json!({"UserPoolId": pool, "MfaConfiguration": "OFF"});
        (
            Call::Json("cognito-idp", "AWSCognitoIdentityProviderService.SetUserPoolMfaConfig", request),
            ("UserPool", "MfaConfiguration", json!("OPTIONAL"), json!("OFF")),
        )
    },
    |stack| {
        let provider = format!("cognito-idp.ap-northeast-1.amazonaws.com/{}", id(stack, "UserPool"));
        let request = json!({
            "IdentityPoolId": id(stack, "IdentityPool"), "IdentityProviderName": provider,
            "UseDefaults": false, "PrincipalTags": {"sub": "email"},
        });
        (
            Call::Json("cognito-identity", "AWSCognitoIdentityService.SetPrincipalTagAttributeMap", request),
            ("IdentityPoolPrincipalTags", "PrincipalTags.sub", json!("sub"), json!("email")),
        )
    },
    |stack| {
        let route = id(stack, "GenerateUploadUrlRoute").rsplit('/').next().unwrap_or_default();
        let path = format!("/v2/apis/{}/routes/{route}", id(stack, "HttpApi"));
        let open = json!({"authorizationType": "NONE"}).to_string();
        (
            Call::Send("apigateway", Method::PATCH, path, open),
            ("GenerateUploadUrlRoute", "AuthorizationType", json!("JWT"), json!("NONE")),
        )
    },
    |stack| {
        let rule = id(stack, "S3MetricsFunctionSchedule");
        let schedule = "rate(9 minutes)";
        let request =
            json!({"Name": rule, "ScheduleExpression": schedule, "Description": "Measures the buckets."});
        (
            Call::Json("events", "AWSEvents.PutRule", request),
            ("S3MetricsFunctionSchedule", "ScheduleExpression", json!("rate(5 minutes)"), json!(schedule)),
        )
    },
];

fn id<'a>(stack: &'a Deployed, resource: &str) -> &'a str {
    &stack.resources[resource].physical_id
}
