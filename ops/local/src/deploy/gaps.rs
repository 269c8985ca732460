//! Gaps: the one list of what the engine makes of template.yaml otherwise than AWS does.

/// How a gap is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// The property is applied again by this API call, and read back.
    Call(ClosingCall),
    /// A module of ours supplies what the engine does not find out: what that is, and which module.
    Supplied(&'static str, &'static str),
    /// No API closes it; the reason states what that means here.
    None(&'static str),
}

/// The calls that close gaps; each is one arm in `reconcile`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClosingCall {
    /// S3 `PutBucketLifecycleConfiguration`.
    BucketLifecycle,
    /// S3 `PutBucketVersioning`.
    BucketVersioning,
    /// IAM `PutRolePermissionsBoundary`.
    RoleBoundary,
    /// API Gateway `UpdateApi`.
    ApiCors,
    /// API Gateway `UpdateStage`.
    StageThrottling,
    /// `DynamoDB` `UpdateContinuousBackups`.
    TableRecovery,
    /// Lambda `UpdateEventSourceMapping`.
    ConsumerScaling,
}

/// One difference between the engine and AWS.
#[derive(Clone, Copy, Debug)]
pub struct Gap {
    /// The type of the resource.
    pub kind: &'static str,
    /// The property concerned.
    pub property: &'static str,
    /// What the engine does with it.
    pub engine: &'static str,
    /// What is done about it.
    pub remedy: Remedy,
}

/// What it means that the engine knows only alarms on one metric.
const LEFT_OUT: &str = "`MathAlarms=disabled` keeps the alarms from it, and `ops up` evaluates them itself";

/// The module that completes the engine's policy evaluation.
const CONDITIONS: &str = "`engine/conditions.py`";

/// Every gap that template.yaml meets, found by reading each property back after a deploy.
pub const GAPS: [Gap; 19] = [
    Gap {
        kind: "AWS::S3::Bucket",
        property: "LifecycleConfiguration",
        engine: "drops it",
        remedy: Remedy::Call(ClosingCall::BucketLifecycle),
    },
    Gap {
        kind: "AWS::S3::Bucket",
        property: "VersioningConfiguration",
        engine: "drops `Suspended`, applies `Enabled`",
        remedy: Remedy::Call(ClosingCall::BucketVersioning),
    },
    Gap {
        kind: "AWS::IAM::Role",
        property: "PermissionsBoundary",
        engine: "drops it",
        remedy: Remedy::Call(ClosingCall::RoleBoundary),
    },
    Gap {
        kind: "AWS::ApiGatewayV2::Api",
        property: "CorsConfiguration",
        engine: "keeps it under keys that it does not read: no CORS headers, preflight answers 403",
        remedy: Remedy::Call(ClosingCall::ApiCors),
    },
    Gap {
        kind: "AWS::ApiGatewayV2::Stage",
        property: "DefaultRouteSettings",
        engine: "keeps it under keys that it does not read: no throttling",
        remedy: Remedy::Call(ClosingCall::StageThrottling),
    },
    Gap {
        kind: "AWS::DynamoDB::Table",
        property: "PointInTimeRecoverySpecification",
        engine: "drops it",
        remedy: Remedy::Call(ClosingCall::TableRecovery),
    },
    Gap {
        kind: "AWS::Lambda::EventSourceMapping",
        property: "ScalingConfig",
        engine: "keeps a number given by a parameter as text, on which its poller fails: no message is delivered",
        remedy: Remedy::Call(ClosingCall::ConsumerScaling),
    },
    Gap {
        kind: "AWS::ApiGatewayV2::Stage",
        property: "AccessLogSettings",
        engine: "keeps it and never writes a line",
        remedy: Remedy::Supplied("the lines", "`engine/access_log.py`"),
    },
    Gap {
        kind: "AWS::Cognito::IdentityPoolPrincipalTag",
        property: "PrincipalTags",
        engine: "keeps it, puts no tag into sessions, and fills no variable of a policy",
        remedy: Remedy::Supplied("the tags and the variables", CONDITIONS),
    },
    Gap {
        kind: "AWS::IAM::Role",
        property: "Policies",
        engine: "knows no `cloudwatch:namespace`, and takes a log group for what a new log stream is",
        remedy: Remedy::Supplied("the key and the stream", CONDITIONS),
    },
    Gap {
        kind: "AWS::S3::BucketPolicy",
        property: "PolicyDocument",
        engine: "sees plain HTTP, which the policy refuses",
        remedy: Remedy::Supplied("that TLS ends in front of it", "`engine/addresses.py`"),
    },
    Gap {
        kind: "AWS::S3::BucketPolicy",
        property: "PolicyDocument",
        engine: "knows no `s3:authType` and no `s3:signatureAge`",
        remedy: Remedy::Supplied("the keys", "`engine/s3_signatures.py`"),
    },
    Gap {
        kind: "AWS::Cognito::IdentityPool",
        property: "CognitoIdentityProviders",
        engine: "keeps `ServerSideTokenCheck` and asks no user pool",
        remedy: Remedy::Supplied("the check", "`engine/tokens.py`"),
    },
    Gap {
        kind: "AWS::Cognito::IdentityPool",
        property: "AllowUnauthenticatedIdentities",
        engine: "keeps it, and gives everybody an identity",
        remedy: Remedy::Supplied("the refusal", "`engine/tokens.py`"),
    },
    Gap {
        kind: "AWS::CloudWatch::Alarm",
        property: "WarmUpConfiguration",
        engine: "drops it",
        remedy: Remedy::Supplied("the warm-up", "`ops up`"),
    },
    Gap {
        kind: "AWS::CloudWatch::Alarm",
        property: "Metrics",
        engine: "refuses the whole template",
        remedy: Remedy::None(LEFT_OUT),
    },
    Gap {
        kind: "AWS::CloudWatch::CompositeAlarm",
        property: "AlarmRule",
        engine: "refuses the whole template",
        remedy: Remedy::None(LEFT_OUT),
    },
    Gap {
        kind: "AWS::Logs::QueryDefinition",
        property: "QueryString",
        engine: "refuses the whole template, and leaves out what it does not understand of a query",
        remedy: Remedy::Supplied(
            "the type, and the answers of `ops` to queries",
            "`engine/saved_queries.py`",
        ),
    },
    Gap {
        kind: "AWS::XRay::Group",
        property: "FilterExpression",
        engine: "refuses the whole template",
        remedy: Remedy::Supplied("the type", "`engine/xray_groups.py`"),
    },
];

impl ClosingCall {
    /// The API call, as its documentation names it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::BucketLifecycle => "S3 `PutBucketLifecycleConfiguration`",
            Self::BucketVersioning => "S3 `PutBucketVersioning`",
            Self::RoleBoundary => "IAM `PutRolePermissionsBoundary`",
            Self::ApiCors => "API Gateway `UpdateApi`",
            Self::StageThrottling => "API Gateway `UpdateStage`",
            Self::TableRecovery => "DynamoDB `UpdateContinuousBackups`",
            Self::ConsumerScaling => "Lambda `UpdateEventSourceMapping`",
        }
    }
}

/// The list as a Markdown table.
#[must_use]
pub fn markdown() -> String {
    let row = |Gap { kind, property, engine, remedy }: &Gap| {
        let remedy = match remedy {
            Remedy::Call(call) => format!("applied by {}, read back", call.name()),
            Remedy::Supplied(what, who) => format!("{who} supplies {what}"),
            Remedy::None(means) => format!("nothing: {means}"),
        };
        format!("| {kind} | {property} | {engine} | {remedy} |")
    };
    let head = "| resource type | property | the engine | what is done |\n|---|---|---|---|".to_owned();
    let lines: Vec<String> = std::iter::once(head).chain(GAPS.iter().map(row)).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn document_holds_the_very_table() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/local-engine-gaps.md");
        let document = std::fs::read_to_string(path).unwrap();
        assert!(
            document.contains(&markdown()),
            "put this table into docs/local-engine-gaps.md:\n{}",
            markdown()
        );
    }
}
