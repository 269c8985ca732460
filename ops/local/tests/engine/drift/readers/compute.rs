//! Lambda and what starts it.

use serde_json::{Value, json};

use super::Reader;
use super::Within::{List, Place};
use crate::drift::call::Call;
use crate::drift::form::{Form, last};

pub(super) const READERS: &[Reader] = &[
    Reader {
        kind: "AWS::Lambda::Function",
        call: |function| Call::Get("lambda", format!("/2015-03-31/functions/{}", function.id)),
        within: Place(""),
        properties: &[
            ("FunctionName", "/Configuration/FunctionName", Form::Exact),
            ("Description", "/Configuration/Description", Form::Exact),
            ("Code", "/Configuration/CodeSha256", Form::Exact),
            ("Runtime", "/Configuration/Runtime", Form::Exact),
            ("Handler", "/Configuration/Handler", Form::Exact),
            ("Architectures", "/Configuration/Architectures", Form::Exact),
            ("Role", "/Configuration/Role", Form::Exact),
            ("MemorySize", "/Configuration/MemorySize", Form::Exact),
            ("Timeout", "/Configuration/Timeout", Form::Exact),
            ("Environment", "/Configuration/Environment", Form::Text),
            ("TracingConfig", "/Configuration/TracingConfig", Form::Exact),
            ("LoggingConfig", "/Configuration/LoggingConfig", Form::Exact),
            ("Tags", "/Tags", Form::Shape(tags)),
        ],
    },
    Reader {
        kind: "AWS::Lambda::EventSourceMapping",
        call: |mapping| Call::Get("lambda", format!("/2015-03-31/event-source-mappings/{}", mapping.id)),
        within: Place(""),
        properties: &[
            ("EventSourceArn", "/EventSourceArn", Form::Exact),
            ("FunctionName", "/FunctionArn", Form::Shape(last)),
            ("BatchSize", "/BatchSize", Form::Exact),
            ("FunctionResponseTypes", "/FunctionResponseTypes", Form::Exact),
            ("ScalingConfig", "/ScalingConfig", Form::Exact),
        ],
    },
    Reader {
        kind: "AWS::Lambda::EventInvokeConfig",
        call: |config| {
            let (function, qualifier) =
                (config.text("FunctionName"), config.text("Qualifier").replace('$', "%24"));
            let path = format!("/2019-09-25/functions/{function}/event-invoke-config?Qualifier={qualifier}");
            Call::Get("lambda", path)
        },
        within: Place(""),
        properties: &[
            ("FunctionName", "/FunctionArn", Form::Shape(|arn| part(arn, 6))),
            ("Qualifier", "/FunctionArn", Form::Shape(|arn| part(arn, 7))),
            ("MaximumEventAgeInSeconds", "/MaximumEventAgeInSeconds", Form::Exact),
            ("MaximumRetryAttempts", "/MaximumRetryAttempts", Form::Exact),
            ("DestinationConfig", "/DestinationConfig", Form::Exact),
        ],
    },
    Reader {
        kind: "AWS::Lambda::Permission",
        call: |permission| {
            Call::Get("lambda", format!("/2015-03-31/functions/{}/policy", permission.text("FunctionName")))
        },
        within: List("/Policy/Statement", "Sid"),
        properties: &[
            ("Action", "/Action", Form::Exact),
            ("FunctionName", "/Resource", Form::Shape(last)),
            ("Principal", "/Principal/Service", Form::Exact),
            ("SourceArn", "/Condition/ArnLike/AWS:SourceArn", Form::Exact),
        ],
    },
    Reader {
        kind: "AWS::Events::Rule",
        call: |rule| Call::Json("events", "AWSEvents.DescribeRule", json!({"Name": rule.id})),
        within: Place(""),
        properties: &[
            ("Name", "/Name", Form::Exact),
            ("Description", "/Description", Form::Exact),
            ("ScheduleExpression", "/ScheduleExpression", Form::Exact),
        ],
    },
    Reader {
        kind: "AWS::Events::Rule",
        call: |rule| Call::Json("events", "AWSEvents.ListTargetsByRule", json!({"Rule": rule.id})),
        within: Place(""),
        properties: &[("Targets", "/Targets", Form::Exact)],
    },
];

/// Tags of the template's own; CloudFormation adds `aws:` ones.
fn tags(found: &Value) -> Value {
    let own = found.as_object().into_iter().flatten().filter(|(key, _)| !key.starts_with("aws:"));
    own.map(|(key, value)| json!({"Key": key, "Value": value})).collect()
}

/// A part of an ARN, counted from 0.
fn part(arn: &Value, index: usize) -> Value {
    arn.as_str().and_then(|arn| arn.split(':').nth(index)).map_or(Value::Null, Value::from)
}
