//! Segments of a trace, as X-Ray would have them.

use maud::{Markup, html};
use serde_json::Value;
use trace_model::Trace;
use trace_model::xray::nesting::nest;
use trace_model::xray::segment::document;
use trace_model::xray::{Document, trace_id};

use crate::ui;

pub(super) fn card(trace: &Trace) -> Markup {
    let segments = nest(trace.spans.iter().filter_map(document).collect());
    let note = html! { "trace " span .id { (trace_id(&trace.trace_id)) } };
    let list = html! {
        ul .rows {
            @for segment in &segments {
                li {
                    details id={ "segment-" (text(segment, "id")) } {
                        summary { strong { (text(segment, "name")) } " " (flags(segment)) " " span .soft { (parts(segment)) } }
                        pre .code tabindex="0" { (serde_json::to_string_pretty(segment).unwrap_or_default()) }
                    }
                }
            }
        }
    };
    ui::card("Segments", note, list)
}

fn text<'a>(segment: &'a Document, key: &str) -> &'a str {
    segment.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// What X-Ray colours a segment by.
fn flags(segment: &Document) -> Markup {
    let is = |key: &&str| segment.get(*key).and_then(Value::as_bool).unwrap_or_default();
    html! { @for flag in ["fault", "error", "throttle"].iter().filter(|key| is(key)) { span .badge .bad { (flag) } " " } }
}

fn parts(segment: &Document) -> String {
    match segment.get("subsegments").and_then(Value::as_array).map_or(0, Vec::len) {
        0 => "no subsegments".to_owned(),
        1 => "1 subsegment".to_owned(),
        count => format!("{count} subsegments"),
    }
}
