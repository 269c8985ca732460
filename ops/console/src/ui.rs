//! What pages are made of. All text goes through the template, which escapes it: names, keys and log lines are untrusted.
#![expect(
    clippy::needless_pass_by_value,
    reason = "markup is made where it is handed over: `ui::card(title, html! {}, html! {…})`"
)]

pub(crate) mod format;
pub(crate) mod href;
pub(crate) mod markdown;
pub(crate) mod range;
pub(crate) mod time;

use local_stack::observe::news::Topic;
use maud::{Markup, html};

/// How often a part is made anew that grows.
const GROWING: &str = "every 300ms";

/// A part of the page that is made anew whenever one of the topics changes: its page is asked for again, and this part taken.
///
/// Within it, focus and opened details stay. Ids must be unique on the page.
pub(crate) fn live(id: &str, topics: &[Topic], content: Markup) -> Markup {
    live_while(false, id, topics, content)
}

/// The same, made anew by itself as well while there is more to come of which there is no news.
pub(crate) fn live_while(grows: bool, id: &str, topics: &[Topic], content: Markup) -> Markup {
    let mut trigger: Vec<String> =
        topics.iter().map(|topic| format!("news:{} from:body", topic.name())).collect();
    trigger.extend(grows.then(|| GROWING.to_owned()));
    html! {
        div id=(id) hx-get="" hx-select={ "#" (id) } hx-trigger=(trigger.join(", ")) hx-swap="morph:outerHTML"
            hx-target="this" hx-sync="this:queue last" hx-disinherit="*" { (content) }
    }
}

/// The state of anything, in its colour.
pub(crate) fn badge(state: &str) -> Markup {
    let tone = match state {
        "OK" | "DONE" => "good",
        "ALARM" | "FAILED" | "STALLED" | "DEAD LETTER" | "ERROR" => "bad",
        "PROCESSING" | "RETRYING" | "WARN" => "busy",
        _ => "idle",
    };
    let text = if state == "INSUFFICIENT_DATA" { "NO DATA" } else { state };
    html! { span .badge .(tone) { (text) } }
}

/// A titled part of a page; the note stands beside the title.
pub(crate) fn card(title: &str, note: Markup, content: Markup) -> Markup {
    html! {
        section .card {
            div .card-head { h2 { (title) } @if !note.0.is_empty() { p .note { (note) } } }
            (content)
        }
    }
}

/// How a column stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Column<'a> {
    /// Words.
    Text(&'a str),
    /// Numbers, to the right.
    Number(&'a str),
}

/// Rows, each a `tr`; `caption` is for readers that do not see it. It scrolls by itself where it is too wide.
pub(crate) fn table(caption: &str, columns: &[Column<'_>], rows: Markup) -> Markup {
    html! {
        div .scroll tabindex="0" role="region" aria-label=(caption) {
            table {
                caption .unseen { (caption) }
                thead { tr { @for column in columns {
                    @match column {
                        Column::Text(name) => th scope="col" { (name) },
                        Column::Number(name) => th .number scope="col" { (name) },
                    }
                } } }
                tbody { (rows) }
            }
        }
    }
}

/// What stands where nothing is yet: what would be here, and how it comes.
pub(crate) fn empty(title: &str, how: Markup) -> Markup {
    html! { div .empty { p .empty-title { (title) } (how) } }
}

/// Names and what they are.
pub(crate) fn facts(facts: &[(&str, Markup)]) -> Markup {
    html! { dl .facts { @for (name, value) in facts { @if !value.0.is_empty() { dt { (name) } dd { (value) } } } } }
}

/// A command for a terminal, with a button that copies it.
pub(crate) fn command(text: &str) -> Markup {
    command_with(text, html! {})
}

/// The same, with another button before that.
pub(crate) fn command_with(text: &str, button: Markup) -> Markup {
    html! {
        div .command {
            pre tabindex="0" { code { (text) } }
            (button)
            button .copy type="button" data-copy=(text) { "Copy" }
        }
    }
}

/// An id that is too long to be read, whole for who selects or hears it.
pub(crate) fn id(text: &str) -> Markup {
    html! { span .id { (text) } }
}
