//! Dashboards: deployed as the repository states them, and such that they can be drawn here.

use cloudwatch_model::dashboard::Dashboard;
use futures_util::FutureExt as _;
use serde_json::{Value, json};

use super::templates::{DASHBOARDS, resolved};
use crate::cloudwatch::{call, text};
use crate::doctor::check::{Check, CheckError, Outcome, Proof};
use crate::doctor::context::Context;

pub(super) const BODIES: Check = Check {
    name: "dashboard-bodies",
    claim: "CloudWatch keeps a dashboard's body as it was put, and draws it from there.",
    doc: "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetDashboard.html",
    how: "CloudWatch `GetDashboard`, compared with `dashboards/` of this repository under the stack's parameters",
    proof: Proof::Read,
    run: |context| bodies(context).boxed_local(),
};

async fn bodies(context: &Context) -> Result<Outcome, CheckError> {
    let mut wrong = Vec::new();
    let mut count = 0;
    for resource in resolved(context, &DASHBOARDS).await? {
        if resource.kind != "AWS::CloudWatch::Dashboard" {
            continue;
        }
        count += 1;
        let property = |name| resource.properties.get(name).and_then(Value::as_str).unwrap_or_default();
        let name = property("DashboardName");
        let answer = match call(context.aws(), "GetDashboard", json!({"DashboardName": name})).await {
            Err(error) if error.code().is_some_and(|code| code.contains("NotFound")) => {
                wrong.push(format!("{name} is not there"));
                continue;
            }
            answer => answer?,
        };
        wrong.extend(unlike(name, property("DashboardBody"), text(&answer, "DashboardBody")));
    }
    let todo = "somebody changed them by hand, or this is another version of the repository: deploy again";
    Ok(Outcome::of(&wrong, format!("{count} dashboards as stated, and drawn here"), todo))
}

fn unlike(name: &str, stated: &str, shown: &str) -> Option<String> {
    let read = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
    let shown = read(shown);
    if let Err(error) = Dashboard::read(name, &shown) {
        return Some(aws_client::chain(&error));
    }
    (shown != read(stated)).then(|| format!("{name} has another body"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn body_that_differs_or_is_none_is_named() {
        let stated = r#"{"widgets": []}"#;
        assert_eq!(unlike("d", stated, r#"{ "widgets":[] }"#), None);
        assert_eq!(
            unlike("d", stated, r#"{"widgets": [], "start": "-PT1H"}"#).unwrap(),
            "d has another body"
        );
        assert!(unlike("d", stated, "").is_some());
    }
}
