//! `ops dlq show`: one message whole.

use std::path::Path;
use std::time::{Duration, SystemTime};

use local_stack::aws::AwsError;
use serde::Serialize;
use serde_json::{Map, Value};
use telemetry::redact_value;

use super::error::DlqError;
use super::message::Letter;
use super::output::{Row, age, safe};
use super::receive::{Judged, Walk};
use super::selection::unknown_message;
use super::target::{Lookup, Place};
use crate::cli::dlq::ShowArgs;
use crate::failure::Failure;
use crate::fold::fold_command;
use crate::signals::Signals;
use crate::terminal::{Terminal, print_json, print_text};

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
    let place = Place::find(&args.place, root, lookup).await?;
    let mut walk = Walk::new(&place, args.place.hold, usize::MAX);
    let looked = signals.guard(look(&args.id, &mut walk)).await;
    walk.end().await;
    let found = looked?.map_err(|source| DlqError::Queue { queue: place.url.clone(), source })?;
    let judged = found.map_err(|known| unknown_message(&args.id, known.iter().map(String::as_str)))?;
    let document = Document::of(&judged, &place, walk.unreadable());
    if args.json {
        print_json(&document)
    } else {
        print_text(&text(&document, &judged, &place, terminal), terminal)
    }
}

/// The message, or the ids of all others.
async fn look(id: &str, walk: &mut Walk<'_>) -> Result<Result<Judged, Vec<String>>, AwsError> {
    let mut known = Vec::new();
    while let Some(next) = walk.next().await? {
        for judged in next {
            if judged.letter.message_id == id {
                return Ok(Ok(judged));
            }
            known.push(judged.letter.message_id);
        }
    }
    Ok(Err(known))
}

impl<'a> Document<'a> {
    fn of(judged: &Judged, place: &Place, record_unreadable: Option<&'a str>) -> Self {
        let Letter { body, attributes, message_attributes, .. } = &judged.letter;
        let body = serde_json::from_str(body).unwrap_or_else(|_| Value::String(body.clone()));
        let attributes = attributes.iter().map(|(name, value)| (name.clone(), value.as_str().into()));
        let message_attributes =
            message_attributes.iter().map(|(name, value)| (name.clone(), Value::Object(value.clone())));
        Self {
            row: Row::of(judged, place, SystemTime::now()),
            means: judged.finding.cause.means(),
            next: judged.finding.cause.next(),
            attributes: without_secrets(Value::Object(attributes.collect::<Map<_, _>>())),
            message_attributes: without_secrets(Value::Object(message_attributes.collect::<Map<_, _>>())),
            body: without_secrets(body),
            record_unreadable,
        }
    }
}

fn without_secrets(mut value: Value) -> Value {
    redact_value(&mut value);
    value
}

fn text(document: &Document<'_>, judged: &Judged, place: &Place, terminal: Terminal) -> String {
    let Document { row, means, next, .. } = document;
    let mut lines = vec![format!("message   {}", row.message_id)];
    lines.push(format!("cause     {}: {means}", row.cause.name()));
    lines.extend(judged.finding.defect.as_ref().map(|defect| format!("body      {defect}")));
    let long = age(Duration::from_secs(row.age_seconds));
    let receives = row.receives;
    let sent = row.sent.as_deref().unwrap_or("at an unknown time");
    lines.push(format!("sent      {sent}, {long} ago; received {receives} times, this look included"));
    if let Some(image) = &judged.finding.image {
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
    lines.extend(log_command(judged, place).map(|command| {
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

/// How to read what the processor said about the message: by its trace, else by its own id.
fn log_command(judged: &Judged, place: &Place) -> Option<String> {
    let group = place.log_group.as_deref()?;
    let id = judged.trace_id().unwrap_or_else(|| judged.letter.message_id.clone());
    let since = judged.letter.attributes.get("SentTimestamp")?;
    Some(format!(
        "aws logs filter-log-events --log-group-name {group} --start-time {since} --filter-pattern '\"{id}\"' --query 'events[].message' --output text"
    ))
}
