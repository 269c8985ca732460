//! Waterfall of a trace: a bar for each span, the idle times cut out and named, and what is known of each span below it.

use local_stack::observe::logs::LogLine;
use maud::{Markup, html};
use serde_json::Value;
use trace_model::waterfall::{Cut, Layout, Row};
use trace_model::{Span, Status, Trace};

use crate::ui::{self, href};

/// Deeper spans are not moved further to the right.
const DEEPEST: usize = 5;

pub(super) fn card(trace: &Trace, lines: &[LogLine]) -> Markup {
    let layout = Layout::of(trace);
    let of_span = |span: &Span| -> Vec<&LogLine> {
        lines.iter().filter(|line| span_id(line) == Some(&span.span_id)).collect()
    };
    let has_span = |line: &&LogLine| trace.spans.iter().any(|span| span_id(line) == Some(&span.span_id));
    let others: Vec<&LogLine> = lines.iter().filter(|line| !has_span(line)).collect();
    let mut cuts: Vec<&Cut<'_>> = layout.cuts.iter().collect();
    let rows = html! {
        ol .waterfall {
            @for row in &layout.rows {
                @let before = cuts.iter().position(|cut| cut.before == row.span.name);
                @if let Some(cut) = before.map(|index| cuts.remove(index)) { (gap(cut)) }
                (span_row(trace, row, &layout.cuts, &of_span(row.span)))
            }
        }
    };
    html! {
        (ui::card("Waterfall", html! { "press a span for its attributes, links and log lines" }, rows))
        @if !others.is_empty() {
            (ui::card("Other log lines of this trace", html! {}, html! { div .inset { (log_lines(&others)) } }))
        }
    }
}

fn span_id(line: &LogLine) -> Option<&str> {
    line.fields.get("span_id").and_then(Value::as_str)
}

fn gap(cut: &Cut<'_>) -> Markup {
    html! {
        li .gap {
            span .soft { (ui::format::duration(cut.length_us)) " of waiting between " (cut.after) " and " (cut.before) ", not to scale" }
        }
    }
}

fn span_row(trace: &Trace, row: &Row<'_>, cuts: &[Cut<'_>], lines: &[&LogLine]) -> Markup {
    let span = row.span;
    let after = span.start_us.saturating_sub(trace.start_us);
    html! {
        li {
            details id={ "span-" (span.span_id) } .failed[span.status == Status::Error] {
                summary .span-row {
                    span .span-name data-depth=(row.depth.min(DEEPEST)) {
                        (span.name)
                        @if !lines.is_empty() { " " span .badge .busy { (lines.len()) @if lines.len() == 1 { " line" } @else { " lines" } } }
                    }
                    span .number .soft { (ui::format::duration(span.duration_us)) }
                    svg viewBox="0 0 1000 16" preserveAspectRatio="none" aria-hidden="true" {
                        @for cut in cuts { rect .cut x=(cut.from) y="0" width=(cut.length) height="16" {} }
                        rect .bar x=(row.from) y="3" width=(row.length.max(3)) height="10" rx="2" {}
                    }
                }
                div .span-facts {
                    @if !span.message.is_empty() { p .bad-text { (span.message) } }
                    (ui::facts(&[
                        ("Service", html! { (span.service) }),
                        ("Kind", html! { (format!("{:?}", span.kind).to_lowercase()) }),
                        ("Begins after", html! { (ui::format::duration(after)) }),
                        ("Span id", ui::id(&span.span_id)),
                        ("Links", links(span)),
                    ]))
                    @if !span.attributes.is_empty() { h3 { "Attributes" } (attributes(span)) }
                    @if !lines.is_empty() { h3 { "Log lines" } (log_lines(lines)) }
                }
            }
        }
    }
}

fn links(span: &Span) -> Markup {
    html! { @for link in &span.links { div { a .id href=(href::trace(&link.trace_id)) { (link.trace_id) } " " span .soft .mono { (link.span_id) } } } }
}

fn attributes(span: &Span) -> Markup {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    html! { dl .facts .plain { @for (name, value) in &span.attributes { dt { (name) } dd .mono { (text(value)) } } } }
}

fn log_lines(lines: &[&LogLine]) -> Markup {
    html! {
        ul .lines {
            @for line in lines {
                li {
                    details {
                        summary { (ui::badge(line.level.as_deref().unwrap_or("-"))) " " (line.message) " " (ui::time::ago(line.timestamp_ms)) }
                        // The message stands above already.
                        pre .json { (rest(line)) }
                    }
                }
            }
        }
    }
}

fn rest(line: &LogLine) -> String {
    let mut fields = line.fields.clone();
    fields.remove("message");
    serde_json::to_string_pretty(&fields).unwrap_or_default()
}
