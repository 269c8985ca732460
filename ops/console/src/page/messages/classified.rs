//! Dead letters by cause, each whole.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_client::AwsError;
use axum::response::Html;
use maud::{Markup, html};
use pipeline_client::dead_letters::cause::Cause;
use pipeline_client::dead_letters::receive::{Classified, ReceiveLoop};
use serde_json::{Value, json};
use telemetry::{redact, redact_value};

use super::moving;
use crate::app::App;
use crate::moves::{HOLD_SECONDS, Target, Way};
use crate::page::Page;
use crate::ui::{self, href};

/// More are not read at once.
const MOST: usize = 500;

pub(super) async fn look(app: App) -> Page {
    let target = Target::of(&app.source);
    let read = read(&target).await?;
    // Only where nothing was received is it a question whether there is anything.
    if read.messages.is_empty() && target.queue(&target.url).attributes().await?.messages == 0 {
        let waiting = target.queue(&target.to).attributes().await;
        return Ok(Html(super::none(&waiting).into_string()));
    }
    Ok(Html(drawn(&read).into_string()))
}

/// What was read of the queue.
pub(super) struct Read {
    pub(super) messages: Vec<Classified>,
    /// Why the images' items could not be read.
    unreadable: Option<String>,
    is_complete: bool,
}

/// Reads the queue once, and gives everything back.
pub(super) async fn read(target: &Target) -> Result<Read, AwsError> {
    let mut receive_loop = ReceiveLoop::new(target.dead_letters(), HOLD_SECONDS, MOST);
    let mut messages = Vec::new();
    let read = loop {
        match receive_loop.next().await {
            Ok(Some(received)) => messages.extend(received),
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    receive_loop.end().await;
    read?;
    let unreadable = receive_loop.unreadable().map(str::to_owned);
    Ok(Read { messages, unreadable, is_complete: receive_loop.is_complete() })
}

fn drawn(read: &Read) -> Markup {
    let mut by_cause: BTreeMap<Cause, Vec<&Classified>> = BTreeMap::new();
    for classified in &read.messages {
        by_cause.entry(classified.finding.cause).or_default().push(classified);
    }
    html! {
        @if by_cause.is_empty() {
            (ui::empty("None can be read.", html! { p { "Somebody else may be reading them: they come back within their visibility timeout." } }))
        }
        @if let Some(why) = &read.unreadable { p .problem { "The images' records could not be read, so causes are by the body alone: " (why) } }
        @if !read.is_complete { p .inset { "The first " (MOST) " are shown; there may be more." } }
        @for (cause, messages) in &by_cause {
            div .group-of {
                div .row-head .inset {
                    h3 { (cause.name()) } span .badge .idle { (messages.len()) } span .soft { (cause.means()) "." }
                }
                ul .rows .tight { @for classified in messages { li { (one(classified)) } } }
                div .inset .buttons { (buttons(*cause)) }
            }
        }
        div .inset .buttons {
            button type="button" hx-post="/messages/look" hx-target="#messages-by-cause" hx-swap="innerHTML" hx-disabled-elt="this" { "Read again" }
        }
    }
}

/// What can be done about a cause; each shows first what would be.
fn buttons(cause: Cause) -> Markup {
    let button = |way: Way, text: &str| {
        html! {
            button type="button" hx-post=(moving::address("plan", way, cause)) hx-target="#move" hx-swap="innerHTML" hx-disabled-elt="this" { (text) }
        }
    };
    html! {
        @if !cause.is_unprocessable() { (button(Way::Redrive, "Redrive these…")) }
        (button(Way::Drop, "Drop these…"))
    }
}

fn one(classified: &Classified) -> Markup {
    let message = &classified.message;
    let mut body = serde_json::from_str(&message.body)
        .unwrap_or_else(|_| Value::String(redact(&message.body).into_owned()));
    redact_value(&mut body);
    let mut attributes = json!({"SQS": message.system_attributes, "message": message.attributes});
    redact_value(&mut attributes);
    let pretty = |value: &Value| match value {
        Value::String(text) => text.clone(),
        value => serde_json::to_string_pretty(value).unwrap_or_default(),
    };
    html! {
        details id={ "message-" (message.id) } {
            summary .row-head {
                span .id { (message.id) }
                span .soft { "received " (message.receives()) " times" }
                @if let Some(sent) = message.sent() { span .row-time { "sent " (ui::time::ago(millis(sent))) } }
            }
            (ui::facts(&[
                ("Image", html! { @if let Some(id) = classified.image_id() { a .id href=(href::image(id)) { (id) } } }),
                ("Trace", html! { @if let Some(id) = classified.trace_id() { a .id href=(href::trace(&id)) { (id) } } }),
                ("Record", html! { @if let Some(item) = classified.finding.image.as_ref().and_then(|image| image.item.as_ref()) { (ui::badge(&item.status)) } }),
                ("Body", html! { @if let Some(defect) = &classified.finding.defect { (defect) } }),
            ]))
            pre .code tabindex="0" { (pretty(&body)) }
            details { summary { "Attributes" } pre .code tabindex="0" { (pretty(&attributes)) } }
        }
    }
}

/// In milliseconds since 1970.
fn millis(at: SystemTime) -> i64 {
    at.duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_millis()).ok())
        .unwrap_or_default()
}
