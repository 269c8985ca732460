//! Functions: the processor that they are built for, and how long they take to start.

use std::time::{SystemTime, UNIX_EPOCH};

use futures_util::FutureExt as _;
use serde_json::{Value, json};

use crate::cloudwatch::{list, text};
use crate::doctor::check::{Check, CheckError, Outcome, Proof};
use crate::doctor::context::Context;

/// An output that names a function, and whether users wait for it.
type Function = (&'static str, bool);

/// The functions that every stack has.
const FUNCTIONS: [Function; 3] = [
    ("GenerateUploadUrlFunctionName", true),
    ("ImageProcessorFunctionName", true),
    ("S3MetricsFunctionName", false),
];
/// The function that a stack has with the parameter `StatusApi`.
const STATUS: Function = ("ImageStatusFunctionName", true);

/// The functions of the stack.
fn functions(context: &Context) -> Vec<Function> {
    let status = (context.parameter("StatusApi") == "enabled").then_some(STATUS);
    FUNCTIONS.into_iter().chain(status).collect()
}

pub(super) const ARCHITECTURE: Check = Check {
    name: "architecture",
    claim: "A function runs on the processor that its configuration names; a binary for another one fails only when it is invoked.",
    doc: "https://docs.aws.amazon.com/lambda/latest/dg/foundation-arch.html",
    how: "Lambda `GetFunctionConfiguration` of each function: architecture as the parameter has it, a runtime without a language, active",
    proof: Proof::Read,
    run: |context| architecture(context).boxed_local(),
};

async fn architecture(context: &Context) -> Result<Outcome, CheckError> {
    let wanted = context.parameter("Architecture");
    let (mut wrong, functions) = (Vec::new(), functions(context));
    for (output, _) in &functions {
        let function = context.output(output)?;
        let path = format!("/2015-03-31/functions/{function}/configuration");
        let configuration = context.get("lambda", &path).await?;
        wrong.extend(unlike(&configuration, wanted).into_iter().map(|why| format!("{function}: {why}")));
    }
    let todo =
        "build for the parameter Architecture and deploy again; the state's reason is in the Lambda console";
    Ok(Outcome::of(&wrong, format!("{} functions for {wanted}, active", functions.len()), todo))
}

fn unlike(configuration: &Value, wanted: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let architecture =
        list(configuration, "Architectures").first().and_then(Value::as_str).unwrap_or("x86_64");
    if architecture != wanted {
        wrong.push(format!("is configured for {architecture}, not {wanted}"));
    }
    if !text(configuration, "Runtime").starts_with("provided.") {
        wrong.push(format!("has the runtime {}", text(configuration, "Runtime")));
    }
    let is = |name: &str, good: &[&str]| good.contains(&text(configuration, name));
    // A function that nobody invoked for weeks is inactive, and starts again by itself.
    if !is("State", &["Active", "Inactive"]) {
        wrong.push(format!("is {} ({})", text(configuration, "State"), text(configuration, "StateReason")));
    }
    if !is("LastUpdateStatus", &["Successful", ""]) {
        wrong.push(format!("its last update is {}", text(configuration, "LastUpdateStatus")));
    }
    wrong
}

pub(super) const COLD_START: Check = Check {
    name: "cold-start",
    claim: "A report of Lambda's has `initDurationMs` when an environment was started for it; ours start within a second.",
    doc: "https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html",
    how: "CloudWatch Logs `FilterLogEvents`: the reports of the last day of the functions that users wait for",
    proof: Proof::Read,
    run: |context| cold_start(context).boxed_local(),
};

/// Longest start that a user shall wait for.
const BUDGET_MS: f64 = 1000.0;
const DAY_MS: u128 = 86_400_000;
/// So many pages of reports are read at most.
const PAGES: usize = 20;

async fn cold_start(context: &Context) -> Result<Outcome, CheckError> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let (mut reports, mut starts) = (0, Vec::new());
    for (output, _) in functions(context).into_iter().filter(|(_, is_waited_for)| *is_waited_for) {
        let group = format!("/aws/lambda/{}", context.output(output)?);
        let mut ask = json!({
            "logGroupName": group, "startTime": u64::try_from(now - DAY_MS).unwrap_or(0),
            "filterPattern": "{ $.type = \"platform.report\" }",
        });
        for _ in 0..PAGES {
            let answer = context.aws().json("logs", "Logs_20140328.FilterLogEvents", ask.clone()).await?;
            for event in list(&answer, "events") {
                let report: Value = serde_json::from_str(text(event, "message")).unwrap_or_default();
                reports += 1;
                starts.extend(report.pointer("/record/metrics/initDurationMs").and_then(Value::as_f64));
            }
            let Some(token) = answer.get("nextToken").filter(|token| token.is_string()) else { break };
            if let Some(ask) = ask.as_object_mut() {
                ask.insert("nextToken".to_owned(), token.clone());
            }
        }
    }
    Ok(quick(reports, &starts))
}

fn quick(reports: usize, starts: &[f64]) -> Outcome {
    let slowest = starts.iter().copied().fold(0.0, f64::max);
    match (reports, starts.len()) {
        (0, _) => Outcome::NotHere(
            "no function was invoked within a day; upload something, or use --upload".to_owned(),
        ),
        (reports, 0) => Outcome::NotHere(format!("none of {reports} reports has initDurationMs")),
        (_, count) if slowest <= BUDGET_MS => {
            Outcome::Ok(format!("{count} cold starts within a day, the slowest {slowest:.0} ms"))
        }
        (_, count) => Outcome::failed(
            format!("the slowest of {count} cold starts took {slowest:.0} ms"),
            "compare sizes of the binaries and ProcessorMemoryMb: Lambda gives processor time by memory",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn function_for_another_processor_or_one_that_failed_is_named() {
        let good = json!({"Architectures": ["arm64"], "Runtime": "provided.al2023", "State": "Active", "LastUpdateStatus": "Successful"});
        assert_eq!(unlike(&good, "arm64"), Vec::<String>::new());
        assert_eq!(unlike(&good, "x86_64"), ["is configured for arm64, not x86_64"]);
        let failed = json!({"Architectures": ["arm64"], "Runtime": "python3.13", "State": "Failed", "LastUpdateStatus": "Failed"});
        assert_eq!(unlike(&failed, "arm64").len(), 3);
    }

    #[test]
    fn slow_start_fails_and_reports_without_starts_show_nothing() {
        assert_eq!(quick(9, &[120.0, 80.5]).status(), "ok");
        assert_eq!(quick(9, &[120.0, 1500.0]).status(), "failed");
        assert_eq!(quick(9, &[]).status(), "not here");
        assert_eq!(quick(0, &[]).status(), "not here");
    }
}
