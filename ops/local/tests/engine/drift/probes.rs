//! Gaps that reading back cannot show, because the engine keeps the property and does not heed it.

use http::Method;
use local_stack::deploy::Gap;
use serde_json::json;

use super::{DEPLOYABLE, deploy, try_deploy};
use crate::lab::{Lab, root};

/// Whether the engine still does not heed the property; `false` where there is no probe.
pub(super) async fn shows(gap: &Gap) -> bool {
    match (gap.kind, gap.property) {
        ("AWS::ApiGatewayV2::Stage", "AccessLogSettings") => access_is_not_logged().await,
        ("AWS::CloudWatch::Alarm", "Metrics") => math_is_refused().await,
        ("AWS::CloudWatch::CompositeAlarm", "AlarmRule") => composite_is_refused().await,
        _ => false,
    }
}

async fn access_is_not_logged() -> bool {
    let lab = Lab::start().await;
    let deployed = deploy(&lab, &[DEPLOYABLE]).await;
    let path = format!("/_aws/execute-api/{}/$default/generate-upload-url", deployed.outputs["ApiId"]);
    // Twice, because a line could be written after its answer.
    for _ in 0..2 {
        let refused = lab.aws().rest("execute-api", Method::POST, &path, Vec::new(), &[]).await.unwrap_err();
        assert!(refused.to_string().contains("401"), "{refused}");
    }
    let group = json!({"logGroupName": deployed.outputs["ApiLogGroupName"]});
    let streams = lab.aws().json("logs", "Logs_20140328.DescribeLogStreams", group).await.unwrap();
    lab.stop().await;
    streams["logStreams"].as_array().unwrap().is_empty()
}

async fn math_is_refused() -> bool {
    let lab = Lab::start().await;
    let refused = try_deploy(&lab, &root().join("template.yaml"), &[("MathAlarms", "enabled")]).await;
    lab.stop().await;
    refused.is_err_and(|error| error.to_string().contains("Metrics (metric math) is not supported"))
}

async fn composite_is_refused() -> bool {
    let lab = Lab::start().await;
    let template = lab.directory().join("composite.json");
    let composite = json!({
        "Transform": "AWS::Serverless-2016-10-31",
        "Resources": {"Any": {
            "Type": "AWS::CloudWatch::CompositeAlarm",
            "Properties": {"AlarmName": "any", "AlarmRule": "TRUE"}
        }}
    });
    std::fs::write(&template, composite.to_string()).unwrap();
    let refused = try_deploy(&lab, &template, &[]).await;
    lab.stop().await;
    refused.is_err_and(|error| {
        format!("{error:?}").contains("Unrecognized resource types: [AWS::CloudWatch::CompositeAlarm]")
    })
}
