//! The account: who asks, whether the stack stands, and what the account allows.

use aws_client::xml;
use futures_util::FutureExt as _;
use pipeline_client::stack::StackResource;

use crate::doctor::check::{Check, CheckError, Outcome, Proof};
use crate::doctor::context::Context;

pub(super) const CREDENTIALS: Check = Check {
    name: "credentials",
    claim: "Requests signed by these credentials are answered for the account that the stack is in.",
    doc: "https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html",
    how: "STS `GetCallerIdentity`, compared with the stack's ARN",
    proof: Proof::Read,
    run: |context| credentials(context).boxed_local(),
};

async fn credentials(context: &Context) -> Result<Outcome, CheckError> {
    let answer = context.aws().query("sts", "2011-06-15", "GetCallerIdentity", &[]).await?;
    let account = xml::first(&answer, "Account").unwrap_or_default();
    let arn = xml::first(&answer, "Arn").unwrap_or_default();
    if account == context.account() {
        return Ok(Outcome::Ok(format!("{arn}, region {}", context.aws().region())));
    }
    let saw = format!("{arn} is of another account than {}", context.stack.arn);
    Ok(Outcome::failed(saw, "choose the credentials of the stack's account with AWS_PROFILE"))
}

pub(super) const RESOURCES: Check = Check {
    name: "resources",
    claim: "A stack stands once it and all its resources, nested ones too, are complete.",
    doc: "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html",
    how: "CloudFormation `DescribeStacks` and `ListStackResources`",
    proof: Proof::Read,
    run: |context| resources(context).boxed_local(),
};

async fn resources(context: &Context) -> Result<Outcome, CheckError> {
    let resources = context.resources().await?;
    Ok(complete(&context.stack.status, resources))
}

fn complete(status: &str, resources: &[StackResource]) -> Outcome {
    const GOOD: [&str; 5] = [
        "CREATE_COMPLETE",
        "UPDATE_COMPLETE",
        "IMPORT_COMPLETE",
        // Also seen on resources that a rollback of an update has left as they were.
        "UPDATE_ROLLBACK_COMPLETE",
        "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
    ];
    let mut wrong = Vec::new();
    if !GOOD.contains(&status) || status == "UPDATE_ROLLBACK_COMPLETE" {
        wrong.push(format!("the stack is {status}"));
    }
    let bad = resources.iter().filter(|resource| !GOOD.contains(&resource.status.as_str()));
    wrong.extend(bad.map(|resource| format!("{} is {}", resource.logical_id, resource.status)));
    let saw = format!("{} resources, all complete", resources.len());
    Outcome::of(&wrong, saw, "read the events: `aws cloudformation describe-stack-events --stack-name NAME`")
}

pub(super) const QUOTAS: Check = Check {
    name: "quotas",
    claim: "Functions share the account's concurrent executions: 1,000 by default, and as few as 10 in a new account.",
    doc: "https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html#understanding-concurrency-limits",
    how: "Lambda `GetAccountSettings`, compared with the parameter ProcessorMaxConcurrency and one execution for each other function",
    proof: Proof::Read,
    run: |context| quotas(context).boxed_local(),
};

async fn quotas(context: &Context) -> Result<Outcome, CheckError> {
    let settings = context.get("lambda", "/2016-08-19/account-settings/").await?;
    let limit =
        settings.pointer("/AccountLimit/UnreservedConcurrentExecutions").and_then(serde_json::Value::as_u64);
    let processors: u64 = context.parameter("ProcessorMaxConcurrency").parse().unwrap_or(0);
    let others = if context.parameter("StatusApi") == "enabled" { 3 } else { 2 };
    Ok(enough(limit.unwrap_or(0), processors + others))
}

fn enough(limit: u64, needed: u64) -> Outcome {
    if limit >= needed {
        return Outcome::Ok(format!("{limit} executions at once, {needed} are needed"));
    }
    Outcome::failed(
        format!("{limit} executions at once, {needed} are needed"),
        "ask for more at Service Quotas (Lambda, Concurrent executions), or lower ProcessorMaxConcurrency",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stack_with_a_resource_that_failed_is_not_complete() {
        let resource = |status: &str| StackResource {
            logical_id: "Queue".into(),
            physical_id: "q".into(),
            kind: "AWS::SQS::Queue".into(),
            status: status.into(),
        };
        assert_eq!(complete("CREATE_COMPLETE", &[resource("UPDATE_COMPLETE")]).status(), "ok");
        let failed = complete("UPDATE_ROLLBACK_COMPLETE", &[resource("UPDATE_FAILED")]);
        assert_eq!(failed.saw(), "the stack is UPDATE_ROLLBACK_COMPLETE; Queue is UPDATE_FAILED");
    }

    #[test]
    fn new_account_with_ten_executions_is_too_small_for_ten_processors() {
        assert_eq!(enough(1000, 12).status(), "ok");
        assert_eq!(enough(10, 12).status(), "failed");
    }
}
