//! Images: all that was uploaded, as thumbnails, found by id, user, status, reason and time.

mod filter;
mod one;
mod picture;

use std::time::SystemTime;

use axum::Router;
use axum::extract::Query;
use axum::response::Html;
use axum::routing::get;
use contract::item::{Record, Status};
use contract::time::unix_millis;
use local_stack::console::status_without_result;
use local_stack::observe::Observer;
use local_stack::observe::news::Topic;
use maud::{Markup, html};

use super::Page;
use crate::app::{App, Base};
use crate::catalogue::{Extent, Images};
use crate::layout::{Head, page};
use crate::ui::{self, href};
use filter::Filter;
pub(super) use one::pictures;

/// How many are on a page.
const PAGE: usize = 60;

pub(super) fn routes() -> Router<Base> {
    Router::new()
        .route("/images", get(show))
        .route("/images/{id}", get(one::show))
        .route("/thumbnails/{id}", get(picture::thumbnail))
        .route("/originals/{id}", get(picture::original))
}

async fn show(app: App, Query(filter): Query<Filter>) -> Page {
    let Images { all, extent } = app.catalogue.images(&app.source).await?;
    let found: Vec<&Record> = all.iter().map(AsRef::as_ref).filter(|it| filter.takes(it)).collect();
    let pages = found.len().div_ceil(PAGE).max(1);
    let number = filter.page.clamp(1, pages);
    let shown = found.iter().skip((number - 1) * PAGE).take(PAGE);
    let reasons = filter::reasons(&all);
    let parts = html! {
        p .found role="status" { (counted(found.len(), (!filter.is_empty()).then_some(all.len()), &extent)) }
        @if let Extent::Unreadable(why) = &extent { p .problem { "The table cannot be read: " (why) } }
        @if found.is_empty() { (none(all.is_empty(), &extent)) }
        @else {
            ul .grid { @for image in shown { li { (tile(&app.source.observer, image)) } } }
            // How many pages there are is not known before how many images there are.
            @if extent.has_pages() { (pager(&filter, number, pages)) }
        }
    };
    let content = html! {
        (filter.form(&reasons))
        (ui::live_while(extent.grows(), "images", &[Topic::Traces, Topic::Mail], parts))
    };
    let head = Head {
        at: "/images",
        title: "Images",
        lead: "Every upload that the processor has seen, newest first.",
    };
    Ok(Html(page(&app, head, content).into_string()))
}

/// How many were found, of how many where that is not all; a number is a total only where the whole table is known.
fn counted(found: usize, all: Option<usize>, extent: &Extent) -> Markup {
    let images = html! {
        (ui::format::count(found as u64)) @if found == 1 { " image" } @else { " images" }
        @if let Some(all) = all { " of " (ui::format::count(all as u64)) }
    };
    html! {
        @match extent {
            Extent::Whole => (images),
            Extent::Capped => { (images) "; the table holds more than is searched" },
            Extent::Reading => { "Reading the table: " (images) " so far" },
            Extent::ReadingAgain => { (images) "; reading the table again" },
            Extent::Unreadable(_) => { (images) " known" },
        }
    }
}

/// What stands in place of the grid.
fn none(is_table_empty: bool, extent: &Extent) -> Markup {
    if extent.is_partial() {
        return html! { div .card { (ui::empty("None so far.", html! { p { "Not all images of the table are known yet." } })) } };
    }
    if !is_table_empty {
        let all = html! { p { a href="/images" { "Show all images" } } };
        return html! { div .card { (ui::empty("No image is like that.", all)) } };
    }
    let how = html! {
        p { "An image is listed once the processor has claimed it. " a href="/upload" { "Upload a photo" } " or send some:" }
        (ui::command("cargo run -- upload FILE"))
    };
    html! { div .card { (ui::empty("No images yet.", how)) } }
}

/// One image as it stands in a grid.
pub(super) fn tile(observer: &Observer, image: &Record) -> Markup {
    let status = status(observer, image);
    html! {
        a .tile href=(href::image(&image.image_id)) {
            span .picture {
                @if image.processed_key.is_some() {
                    img src=(href::thumbnail(&image.image_id)) alt="" loading="lazy"
                        width=[image.thumbnail_width] height=[image.thumbnail_height];
                } @else {
                    span .no-picture { (image.reason.as_deref().unwrap_or("No thumbnail yet")) }
                }
            }
            span .tile-facts {
                (ui::badge(&status))
                @if let Some(at) = image.uploaded_at.as_deref().and_then(unix_millis) { (ui::time::ago(at)) }
            }
            span .unseen { "Image " (image.image_id) }
        }
    }
}

/// The item's status, or what an upload without a result is really at.
pub(super) fn status(observer: &Observer, image: &Record) -> String {
    if image.status != Status::Processing.name() {
        return image.status.clone();
    }
    let by_id = || image.trace_id.as_ref().and_then(|id| observer.trace(id));
    let trace = observer.trace_of_image(&image.image_id).or_else(by_id);
    status_without_result(observer, trace.as_ref(), image.claimed_until, SystemTime::now()).to_owned()
}

fn pager(filter: &Filter, number: usize, pages: usize) -> Markup {
    html! {
        @if pages > 1 {
            nav .pager aria-label="Pages of images" {
                @if number > 1 { a .button rel="prev" href=(filter.at(number - 1)) { "Newer" } }
                span { "Page " (number) " of " (pages) }
                @if number < pages { a .button rel="next" href=(filter.at(number + 1)) { "Older" } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::tests::{Harness, answered, seen};

    fn item(number: usize, status: &str) -> Value {
        let text = |text: &str| json!({"S": text});
        let number = format!("{number:05}");
        json!({
            "imageId": text(&number), "status": text(status), "originalS3Key": text(&format!("user-uploads/anna/{number}.jpg")),
            "userId": text("anna"), "uploadedAt": text(&format!("2026-11-29T00:00:00.{number}Z")),
            "processedS3Key": text(&format!("processed/{number}.jpg")),
        })
    }

    async fn with(items: Vec<Value>) -> Harness {
        Harness::of(seen(), &answered(json!({"Items": items})).await)
    }

    #[tokio::test]
    async fn of_ten_thousand_images_the_newest_are_on_the_first_page_and_the_oldest_on_the_last() {
        let harness = with((0..10_000).map(|number| item(number, "DONE")).collect()).await;
        let first = harness.page("/images").await;
        assert!(first.contains("10,000 images") && first.contains("Page 1 of 167"), "{first}");
        assert_eq!(first.matches("class=\"tile\"").count(), PAGE);
        assert!(first.contains("/thumbnails/09999") && !first.contains("/thumbnails/09939"));
        let last = harness.page("/images?page=167").await;
        assert!(
            last.contains("/thumbnails/00000") && last.matches("class=\"tile\"").count() == 10_000 % PAGE,
            "{last}"
        );
    }

    #[tokio::test]
    async fn a_search_shows_what_it_found_of_how_many_and_keeps_the_form_filled_in() {
        let harness =
            with((0..9).map(|number| item(number, if number == 4 { "FAILED" } else { "DONE" })).collect())
                .await;
        let page = harness.page("/images?status=FAILED&q=anna").await;
        assert!(
            page.contains("1 image of 9")
                && page.contains("/images/00004")
                && !page.contains("/images/00005"),
            "{page}"
        );
        assert!(page.contains("value=\"anna\"") && page.contains("value=\"FAILED\" selected"), "{page}");
        let none = harness.page("/images?q=%3Cscript%3E").await;
        assert!(none.contains("No image is like that") && !none.contains("<script>"), "{none}");
    }

    #[test]
    fn a_number_is_stated_as_a_total_only_where_it_is_one() {
        let text = |extent| counted(1_000, Some(3_000), &extent).into_string();
        assert_eq!(text(Extent::Whole), "1,000 images of 3,000");
        assert_eq!(text(Extent::Capped), "1,000 images of 3,000; the table holds more than is searched");
        assert_eq!(text(Extent::Reading), "Reading the table: 1,000 images of 3,000 so far");
        assert_eq!(text(Extent::ReadingAgain), "1,000 images of 3,000; reading the table again");
        assert_eq!(text(Extent::Unreadable(String::new())), "1,000 images of 3,000 known");
    }

    #[tokio::test]
    async fn an_image_that_nobody_knows_is_a_page_that_says_so() {
        let harness = Harness::of(seen(), &answered(json!({})).await);
        let (status, page) = harness.get("/images/dog").await;
        assert!(status == 404 && page.contains("No such image"), "{page}");
        // Of this one there is a trace, and no item yet.
        assert!(harness.page("/images/cat").await.contains("A URL was issued"));
    }
}
