//! Gaps that reading back cannot show, because the engine keeps the property and does not heed it.

use http::Method;
use local_stack::deploy::Gap;
use serde_json::json;

use super::{deploy, sessions};
use crate::lab::Lab;

/// Whether the engine still does not heed the property; `false` where there is no probe.
pub(super) async fn shows(gap: &Gap) -> bool {
    match (gap.kind, gap.property) {
        ("AWS::S3::BucketPolicy", "PolicyDocument") => plain_http_is_let_in().await,
        ("AWS::ApiGatewayV2::Stage", "AccessLogSettings") => access_is_not_logged().await,
        ("AWS::Cognito::IdentityPoolPrincipalTag", "PrincipalTags") => !sessions::carry_the_tag().await,
        _ => false,
    }
}

/// The policy denies everything that does not come by TLS.
async fn plain_http_is_let_in() -> bool {
    let lab = Lab::start().await;
    let deployed = deploy(&lab, &[]).await;
    let path = format!("/{}?list-type=2", deployed.outputs["OriginalBucketName"]);
    let listed = lab.aws().rest("s3", Method::GET, &path, Vec::new(), &[]).await;
    lab.stop().await;
    listed.is_ok()
}

async fn access_is_not_logged() -> bool {
    let lab = Lab::start().await;
    let deployed = deploy(&lab, &[]).await;
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
