//! One image whole: item, versions, trace, log lines, mail.

use aws_client::{AwsError, xml};
use axum::extract::Path;
use axum::http::{Method, StatusCode};
use axum::response::Html;
use contract::item::Record;
use contract::time::unix_millis;
use local_stack::observe::logs::LogFilter;
use local_stack::observe::news::Topic;
use maud::{Markup, html};
use trace_model::Trace;
use trace_model::waterfall::Layout;
use url::form_urlencoded::Serializer;

use super::picture::is_shown;
use super::status;
use crate::app::App;
use crate::catalogue;
use crate::layout::{Head, page};
use crate::page::{Page, Problem};
use crate::ui::{self, Column, href};

/// The newest lines that are shown.
const LINES: usize = 200;

pub(super) async fn show(app: App, Path(id): Path<String>) -> Page {
    let image = catalogue::one(&app.source, &id).await?;
    let trace = app.source.observer.trace_of_image(&id);
    if image.is_none() && trace.is_none() {
        let what = "No upload had this id: no item of the table has it, and no trace names it.";
        return Err(Problem::new(StatusCode::NOT_FOUND, "No such image", what));
    }
    let versions = match &image {
        Some(image) => versions(&app, &image.original_key).await?,
        None => Vec::new(),
    };
    let content = ui::live(
        "image",
        &[Topic::Traces, Topic::Logs, Topic::Mail],
        html! {
            div .stack {
                @match &image {
                    Some(image) => { (pictures(image)) (item(&app, image)) }
                    None => { (ui::card("Item", html! {}, waiting())) }
                }
                @if !versions.is_empty() { (versions_card(&versions)) }
                @if let Some(trace) = &trace { (trace_card(trace)) }
                (log_lines(&app, &id))
                (mail(&app, &id))
            }
        },
    );
    let head = Head { at: "/images", title: "Image", lead: &id };
    Ok(Html(page(&app, head, content).into_string()))
}

fn waiting() -> Markup {
    ui::empty(
        "A URL was issued, and nothing was claimed yet.",
        html! {
            p { "The item appears once the processor has received the upload. A URL that nobody uses leaves nothing but its trace." }
        },
    )
}

/// Before and after.
pub(in crate::page) fn pictures(image: &Record) -> Markup {
    html! {
        div .compare {
            figure .card {
                div .frame {
                    @if is_shown(image.content_type.as_deref()) {
                        img src=(href::original(&image.image_id)) alt="The original" width=[image.width] height=[image.height];
                    } @else {
                        p .soft { "A browser does not show " (image.content_type.as_deref().unwrap_or("this file")) "." }
                    }
                }
                figcaption { "Original" span .soft { (size(image.width, image.height, image.bytes)) } }
            }
            figure .card {
                div .frame {
                    @if image.processed_key.is_some() {
                        img src=(href::thumbnail(&image.image_id)) alt="The thumbnail"
                            width=[image.thumbnail_width] height=[image.thumbnail_height];
                    } @else if let Some(message) = &image.message {
                        p { (message) }
                    } @else {
                        p .soft { "No thumbnail yet." }
                    }
                }
                figcaption { "Thumbnail" span .soft { (size(image.thumbnail_width, image.thumbnail_height, image.thumbnail_bytes)) } }
            }
        }
    }
}

fn size(width: Option<u64>, height: Option<u64>, bytes: Option<u64>) -> String {
    let pixels = width.zip(height).map(|(width, height)| format!("{width} × {height}"));
    let parts: Vec<String> = pixels.into_iter().chain(bytes.map(ui::format::bytes)).collect();
    parts.join(" · ")
}

fn item(app: &App, image: &Record) -> Markup {
    let text = |text: &Option<String>| html! { @if let Some(text) = text { (text) } };
    let id = |text: &Option<String>| html! { @if let Some(text) = text { (ui::id(text)) } };
    let at = |text: &Option<String>| html! { @if let Some(at) = text.as_deref().and_then(unix_millis) { (ui::time::ago(at)) } };
    let user = html! { @if let Some(user) = &image.user_id { a href=(format!("/images?q={user}")) { (ui::id(user)) } } };
    let notified = html! { @if let Some(notified) = image.notified { @if notified { "published" } @else { "not yet" } } };
    ui::card(
        "Item",
        html! { "as the table has it" },
        ui::facts(&[
            ("Status", ui::badge(&status(&app.source.observer, image))),
            ("Reason", text(&image.reason)),
            ("Message", text(&image.message)),
            ("User", user),
            ("Original", ui::id(&image.original_key)),
            ("Thumbnail", id(&image.processed_key)),
            ("Other thumbnails", html! { @for key in &image.other_thumbnails { div { (ui::id(key)) } } }),
            ("Type by content", text(&image.content_type)),
            ("Entity tag", id(&image.e_tag)),
            ("Sequencer", ui::id(&image.sequencer)),
            ("Uploaded", at(&image.uploaded_at)),
            ("Decided", at(&image.processed_at)),
            ("Notification", notified),
            (
                "Trace",
                html! { @if let Some(trace) = &image.trace_id { a href=(href::trace(trace)) { (ui::id(trace)) } } },
            ),
        ]),
    )
}

/// One version of the original: id, latest or not, when, size, entity tag.
type Version = [String; 5];

async fn versions(app: &App, key: &str) -> Result<Vec<Version>, AwsError> {
    let query =
        Serializer::new(String::new()).append_pair("prefix", key).append_pair("versions", "").finish();
    let path = format!("/{}?{}", app.output("OriginalBucketName"), query);
    let answer = app.source.aws.rest("s3", Method::GET, &path, Vec::new(), &[]).await?;
    let text = String::from_utf8_lossy(answer.body()).into_owned();
    let tags = ["VersionId", "IsLatest", "LastModified", "Size", "ETag"];
    // Other members of the answer have no version.
    let versions = xml::members(&text, "ListVersionsResult", tags);
    Ok(versions.into_iter().filter(|[id, ..]| !id.is_empty()).collect())
}

fn versions_card(versions: &[Version]) -> Markup {
    let rows = html! {
        @for [id, latest, at, size, tag] in versions {
            tr {
                td { (ui::id(id)) @if latest == "true" { " " span .badge .idle { "latest" } } }
                td { (ui::id(tag.trim_matches('"'))) }
                td .number { @if let Ok(size) = size.parse() { (ui::format::bytes(size)) } }
                td { @if let Some(at) = unix_millis(at) { (ui::time::ago(at)) } }
            }
        }
    };
    let columns =
        [Column::Text("Version"), Column::Text("Entity tag"), Column::Number("Size"), Column::Text("Stored")];
    ui::card("Versions of the original", html! {}, ui::table("Versions of the original", &columns, rows))
}

/// The upload's steps; the whole of the trace is a page of its own.
fn trace_card(trace: &Trace) -> Markup {
    let layout = Layout::of(trace);
    let note = html! { (ui::format::duration(trace.duration_us)) " · " a href=(href::trace(&trace.trace_id)) { "open the trace" } };
    ui::card(
        "Trace",
        note,
        html! {
            ol .steps {
                @for row in layout.rows.iter().filter(|row| row.depth < 3) {
                    li .failed[row.span.status == trace_model::Status::Error] {
                        span .step-name data-depth=(row.depth) { (row.span.name) }
                        span .number .soft { (ui::format::duration(row.span.duration_us)) }
                        svg viewBox="0 0 1000 12" preserveAspectRatio="none" aria-hidden="true" {
                            rect .bar x=(row.from) y="2" width=(row.length.max(3)) height="8" rx="2" {}
                        }
                    }
                }
            }
        },
    )
}

fn log_lines(app: &App, id: &str) -> Markup {
    let filter = LogFilter { image_id: Some(id.to_owned()), ..LogFilter::default() };
    let lines = app.source.observer.logs(&filter, LINES);
    let rows = html! {
        @for line in &lines {
            tr {
                td { (ui::time::ago(line.timestamp_ms)) }
                td { (ui::badge(line.level.as_deref().unwrap_or("-"))) }
                td .fill { details { summary { (line.message) } pre .json { (serde_json::to_string_pretty(&line.fields).unwrap_or_default()) } } }
            }
        }
    };
    let columns = [Column::Text("Written"), Column::Text("Level"), Column::Text("Message")];
    ui::card(
        "Log lines",
        html! { "that mention it" },
        if lines.is_empty() {
            ui::empty(
                "No line mentions this image.",
                html! { p { "Functions log what goes wrong; what goes well is in the trace." } },
            )
        } else {
            ui::table("Log lines that mention this image", &columns, rows)
        },
    )
}

fn mail(app: &App, id: &str) -> Markup {
    let mail = app.source.observer.mail(Some(id));
    ui::card(
        "Mail",
        html! { "what subscribers were sent" },
        html! {
            @if mail.is_empty() { (ui::empty("No notification yet.", html! { p { "One is published when the image is DONE or FAILED." } })) }
            @for mail in &mail {
                details .mail {
                    summary { (mail.subject) @if let Some(at) = unix_millis(&mail.published_at) { " " span .soft { (ui::time::ago(at)) } } }
                    pre .json { (mail.body) }
                }
            }
        },
    )
}
