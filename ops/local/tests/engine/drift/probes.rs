//! Gaps that reading back cannot show, because the engine keeps the property and does not heed it.

use local_stack::deploy::Gap;
use serde_json::json;

use super::try_deploy;
use crate::lab::{Lab, root};

/// Whether the engine still does not heed the property; `false` where there is no probe.
pub(super) async fn shows(gap: &Gap) -> bool {
    match (gap.kind, gap.property) {
        ("AWS::CloudWatch::Alarm", "Metrics") => math_is_refused().await,
        ("AWS::CloudWatch::CompositeAlarm", "AlarmRule") => composite_is_refused().await,
        _ => false,
    }
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
