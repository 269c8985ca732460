//! Report of verified photos: JSON document, and table for people.

use pipeline_client::verify::{Size, StepReport, Verified};
use serde::Serialize;
use terminal::{Style, clean, fit, paint};
use trace_model::{Status, Trace};

/// One photo's way through the pipeline, in the members that checks rely on.
#[derive(Debug, Serialize)]
pub(crate) struct Photo<'a> {
    file: &'a str,
    image_id: Option<&'a str>,
    status: Option<&'a str>,
    steps: &'a [StepReport],
    thumbnail: Option<Size>,
    notifications: usize,
    trace: Option<BriefTrace<'a>>,
}

#[derive(Debug, Serialize)]
struct BriefTrace<'a> {
    trace_id: &'a str,
    spans: Vec<BriefSpan<'a>>,
}

#[derive(Debug, Serialize)]
struct BriefSpan<'a> {
    name: &'a str,
    span_id: &'a str,
    parent_span_id: Option<&'a str>,
    service: &'a str,
    start_us: u64,
    duration_us: u64,
    status: Status,
}

impl<'a> Photo<'a> {
    pub(crate) fn of(verified: &'a Verified) -> Self {
        Self {
            file: &verified.file,
            image_id: verified.image_id.as_deref(),
            status: verified.status.as_deref(),
            steps: &verified.steps,
            thumbnail: verified.thumbnail,
            notifications: verified.notifications,
            trace: verified.trace.as_ref().map(BriefTrace::of),
        }
    }
}

impl<'a> BriefTrace<'a> {
    /// `ops trace --json` has the rest. A parent outside of what was received, which is Lambda's own
    /// segment, is no parent here: the root's is null.
    fn of(trace: &'a Trace) -> Self {
        let received = |id: &&str| trace.spans.iter().any(|span| span.span_id == *id);
        let spans = trace.spans.iter().map(|span| BriefSpan {
            name: &span.name,
            span_id: &span.span_id,
            parent_span_id: span.parent_span_id.as_deref().filter(received),
            service: &span.service,
            start_us: span.start_us,
            duration_us: span.duration_us,
            status: span.status,
        });
        Self { trace_id: &trace.trace_id, spans: spans.collect() }
    }
}

/// A block for each photo, a line for each step: tick, name, what was seen, milliseconds.
pub(crate) fn table(photos: &[Verified], style: Style) -> String {
    let mut lines = Vec::new();
    for photo in photos {
        lines.push(heading(photo, style));
        lines.extend(photo.steps.iter().map(|step| line(step, style)));
        lines.push(String::new());
    }
    lines.push(verdict(photos, style));
    lines.join("\n")
}

fn heading(photo: &Verified, style: Style) -> String {
    let size = photo.thumbnail.map(|Size { width, height }| {
        format!("thumbnail {width}{}{height}", if style.unicode { " × " } else { " x " })
    });
    let facts = [photo.image_id.clone(), photo.status.clone(), size].into_iter().flatten();
    let dot = if style.unicode { " · " } else { " - " };
    let facts: Vec<String> = facts.map(|fact| clean(&fact)).collect();
    let name = paint("1", &clean(&photo.file), style);
    if facts.is_empty() { name } else { format!("{name}{dot}{}", facts.join(dot)) }
}

const NAME_WIDTH: usize = 13;
const TIME_WIDTH: usize = 10;

fn line(step: &StepReport, style: Style) -> String {
    let (mark, code) = match (step.ok, style.unicode) {
        (true, true) => ("✓", "32"),
        (false, true) => ("✗", "31"),
        (true, false) => ("+", "32"),
        (false, false) => ("!", "31"),
    };
    let (name, mut saw) = (clean(step.name), clean(&step.saw));
    let room = style.width.saturating_sub(NAME_WIDTH + TIME_WIDTH + 6).max(20);
    if step.ok {
        saw = fit(&saw, room, if style.unicode { "…" } else { "." });
    }
    let time = format!("{} ms", step.ms);
    let mark = paint(code, mark, style);
    // What went wrong is never cut; the time then stands where it can.
    let line = format!("  {mark} {name:<NAME_WIDTH$} {saw:<room$} {time:>TIME_WIDTH$}");
    if step.ok { line } else { paint("31", line.trim_end(), style) }
}

fn verdict(photos: &[Verified], style: Style) -> String {
    let good = photos.iter().filter(|photo| photo.is_ok()).count();
    let noun = if photos.len() == 1 { "photo" } else { "photos" };
    let text = format!("{good} of {} {noun} passed every step", photos.len());
    paint(if good == photos.len() { "32" } else { "31" }, &text, style)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn photo(failing: Option<&'static str>) -> Verified {
        let step = |name: &'static str, ms, saw: &str| StepReport {
            name,
            ok: failing != Some(name),
            ms,
            saw: saw.to_owned(),
        };
        let trace: Trace = serde_json::from_value(json!({
            "trace_id": "4bf9", "start_us": 1, "duration_us": 2, "status": "ok", "image_ids": ["cat"], "spans": [{
                "trace_id": "4bf9", "span_id": "00f0", "parent_span_id": "1a3bda", "name": "issue_upload_url",
                "kind": "server", "service": "s", "start_us": 1, "duration_us": 2, "status": "unset",
                "attributes": {"image.id": "cat"}, "links": [],
            }],
        }))
        .unwrap();
        Verified {
            file: "cat.jpg".to_owned(),
            image_id: Some("0193-cat".to_owned()),
            status: Some("DONE".to_owned()),
            steps: vec![
                step("login", 142, "a token for demo@example.com"),
                step("thumbnail", 7, "GET answered 403: \u{1b}[31mno"),
            ],
            thumbnail: Some(Size { width: 256, height: 171 }),
            notifications: 1,
            trace: Some(trace),
        }
    }

    const STYLE: Style = Style { width: 76, unicode: true, color: false };

    #[test]
    fn each_step_has_its_tick_its_evidence_and_its_time() {
        let expected = "\
cat.jpg · 0193-cat · DONE · thumbnail 256 × 171
  ✓ login         a token for demo@example.com                        142 ms
  ✓ thumbnail     GET answered 403: \u{fffd}[31mno                             7 ms

1 of 1 photo passed every step";
        assert_eq!(table(&[photo(None)], STYLE), expected);
    }

    #[test]
    fn a_failed_step_is_marked_and_the_verdict_counts_it() {
        let table = table(&[photo(None), photo(Some("thumbnail"))], Style { unicode: false, ..STYLE });
        assert!(table.contains("  ! thumbnail"), "{table}");
        assert!(table.ends_with("1 of 2 photos passed every step"), "{table}");
    }

    #[test]
    fn the_evidence_is_cut_to_the_width_but_a_failure_is_not() {
        let mut long = photo(Some("thumbnail"));
        for step in &mut long.steps {
            step.saw = "x".repeat(100);
        }
        let table = table(&[long], STYLE);
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(lines[1].chars().count(), STYLE.width);
        assert!(lines[2].contains(&"x".repeat(100)));
    }

    #[test]
    fn the_document_has_its_fixed_members() {
        let document = serde_json::to_value(Photo::of(&photo(None))).unwrap();
        let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(
            names(&document),
            ["file", "image_id", "notifications", "status", "steps", "thumbnail", "trace"]
        );
        assert_eq!(names(&document["steps"][0]), ["ms", "name", "ok", "saw"]);
        assert_eq!(names(&document["thumbnail"]), ["height", "width"]);
        assert_eq!(names(&document["trace"]), ["spans", "trace_id"]);
        let span = &document["trace"]["spans"][0];
        assert_eq!(
            names(span),
            ["duration_us", "name", "parent_span_id", "service", "span_id", "start_us", "status"]
        );
    }

    #[test]
    fn a_parent_that_was_not_received_is_null_so_that_the_root_is_seen() {
        let document = serde_json::to_value(Photo::of(&photo(None))).unwrap();

        assert_eq!(document["trace"]["spans"][0]["parent_span_id"], Value::Null);
    }
}
