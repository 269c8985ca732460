//! `ops dlq show`: one message in full.

use std::path::Path;
use std::time::{Duration, SystemTime};

use aws_client::AwsError;
use serde::Serialize;
use serde_json::{Map, Value};
use telemetry::redact_value;
use terminal::{Terminal, fold_command};

use super::error::DlqError;
use super::output::{Row, age, safe};
use super::selection::unknown_message;
use super::target::{Lookup, Target};
use crate::cli::dlq::ShowArgs;
use crate::failure::Failure;
use crate::print::{print_json, print_text};
use crate::signals::Signals;
use pipeline_client::dead_letters::receive::{Classified, ReceiveLoop};
use pipeline_client::queue::Message;

/// What `show --json` prints.
#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    row: Row,
    means: &'static str,
    next: &'static str,
    attributes: Value,
    message_attributes: Value,
    body: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    record_unreadable: Option<&'a str>,
}

/// Prints the message.
///
/// # Errors
/// No such queue, or no such message in it.
pub(super) async fn run(
    args: ShowArgs,
    root: &Path,
    terminal: Terminal,
    lookup: Lookup<'_>,
) -> Result<(), Failure> {
    let mut signals = Signals::listen().map_err(Failure::Runtime)?;
    let target = Target::find(&args.target, root, lookup).await?;
    let mut receive_loop = ReceiveLoop::new(target.dead_letters(), args.target.hold, usize::MAX);
    let looked = signals.guard(look(&args.id, &mut receive_loop)).await;
    receive_loop.end().await;
    let found = looked?.map_err(|source| DlqError::Queue { queue: target.url.clone(), source })?;
    let classified = found.map_err(|known| unknown_message(&args.id, known.iter().map(String::as_str)))?;
    let document = Document::of(&classified, &target, receive_loop.unreadable());
    if args.json {
        print_json(&document)
    } else {
        print_text(&text(&document, &classified, &target, terminal), terminal)
    }
}

/// The message, or the ids of all others.
async fn look(
    id: &str,
    receive_loop: &mut ReceiveLoop<'_>,
) -> Result<Result<Classified, Vec<String>>, AwsError> {
    let mut known = Vec::new();
    while let Some(next) = receive_loop.next().await? {
        for classified in next {
            if classified.message.id == id {
                return Ok(Ok(classified));
            }
            known.push(classified.message.id);
        }
    }
    Ok(Err(known))
}

impl<'a> Document<'a> {
    fn of(classified: &Classified, target: &Target, record_unreadable: Option<&'a str>) -> Self {
        let Message { body, system_attributes, attributes, .. } = &classified.message;
        let body = serde_json::from_str(body).unwrap_or_else(|_| Value::String(body.clone()));
        let system_attributes =
            system_attributes.iter().map(|(name, value)| (name.clone(), value.as_str().into()));
        let attributes = attributes.iter().map(|(name, value)| (name.clone(), Value::Object(value.clone())));
        Self {
            row: Row::of(classified, target, SystemTime::now()),
            means: classified.finding.cause.means(),
            next: classified.finding.cause.next(),
            attributes: without_secrets(Value::Object(system_attributes.collect::<Map<_, _>>())),
            message_attributes: without_secrets(Value::Object(attributes.collect::<Map<_, _>>())),
            body: without_secrets(body),
            record_unreadable,
        }
    }
}

fn without_secrets(mut value: Value) -> Value {
    redact_value(&mut value);
    value
}

fn text(document: &Document<'_>, classified: &Classified, target: &Target, terminal: Terminal) -> String {
    let Document { row, means, next, .. } = document;
    let mut lines = vec![format!("message   {}", row.message_id)];
    lines.push(format!("cause     {}: {means}", row.cause.name()));
    lines.extend(classified.finding.defect.as_ref().map(|defect| format!("body      {defect}")));
    let long = age(Duration::from_secs(row.age_seconds));
    let receives = row.receives;
    let sent = row.sent.as_deref().unwrap_or("at an unknown time");
    lines.push(format!("sent      {sent}, {long} ago; received {receives} times, this look included"));
    if let Some(image) = &classified.finding.image {
        lines.push(format!("image     {}", image.id));
        lines.push(format!("original  {}", safe(&image.key)));
        let record = match (&image.item, document.record_unreadable) {
            (Some(item), _) => match &item.reason {
                Some(reason) => format!("{}, {reason}", item.status),
                None => item.status.clone(),
            },
            (None, Some(why)) => format!("not read: {why}"),
            (None, None) => "none".to_owned(),
        };
        lines.push(format!("record    {record}"));
    }
    if let Some(trace) = &row.trace {
        lines.push(format!("trace     {trace}"));
    }
    lines.push(format!("next      {next}"));
    lines.extend(log_command(classified, target).map(|command| {
        let line = format!("log       {command}");
        if terminal.is_bounded { fold_command(&line, terminal.style.width) } else { line }
    }));
    for (title, attributes) in
        [("attributes of SQS", &document.attributes), ("message attributes", &document.message_attributes)]
    {
        let members = attributes.as_object().filter(|members| !members.is_empty());
        let Some(members) = members else { continue };
        lines.push(format!("\n{title}"));
        lines.extend(members.iter().map(|(name, value)| {
            let value = value.get("StringValue").unwrap_or(value);
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            format!("  {}: {}", safe(name), safe(&text))
        }));
    }
    lines.push("\nbody".to_owned());
    lines.extend(pretty(&document.body).lines().map(safe));
    lines.join("\n")
}

fn pretty(body: &Value) -> String {
    match body {
        Value::String(text) => text.clone(),
        body => serde_json::to_string_pretty(body).unwrap_or_default(),
    }
}

/// The AWS CLI command that finds the processor's log lines for the message: by its trace id, else by its own id.
fn log_command(classified: &Classified, target: &Target) -> Option<String> {
    let group = target.log_group.as_deref()?;
    let id = classified.trace_id().unwrap_or_else(|| classified.message.id.clone());
    let since = classified.message.system_attributes.get("SentTimestamp")?;
    Some(format!(
        "aws logs filter-log-events --log-group-name {group} --start-time {since} --filter-pattern '\"{id}\"' --query 'events[].message' --output text"
    ))
}
