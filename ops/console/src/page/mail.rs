//! Mail: what the topics sent to their subscribers.

use axum::Router;
use axum::extract::Query;
use axum::response::Html;
use axum::routing::get;
use contract::time::unix_millis;
use local_stack::observe::mail::Mail;
use local_stack::observe::news::Topic;
use maud::{Markup, html};
use serde::Deserialize;

use super::Page;
use crate::app::{App, Base};
use crate::layout::{Head, page};
use crate::ui::{self, href};

/// How many are shown.
const SHOWN: usize = 200;

pub(super) fn routes() -> Router<Base> {
    Router::new().route("/mail", get(show))
}

#[derive(Debug, Default, Deserialize)]
struct Filter {
    /// About this image only.
    image: Option<String>,
}

async fn show(app: App, Query(filter): Query<Filter>) -> Page {
    let image = filter.image.as_deref().map(str::trim).filter(|id| !id.is_empty());
    let mail = app.source.observer.mail(image);
    let list = html! {
        div .card {
            @if mail.is_empty() { (nothing(image)) }
            @else { ul .rows .inbox { @for mail in mail.iter().rev().take(SHOWN) { li { (entry(mail)) } } } }
        }
    };
    let content = html! {
        form .filter role="search" action="/mail" {
            label .wide { "Image id" input type="search" name="image" value=(image.unwrap_or_default()) autocomplete="off"; }
            div .buttons {
                button .primary type="submit" { "Search" }
                @if image.is_some() { a .button href="/mail" { "Show all" } }
            }
        }
        (ui::live("mail", &[Topic::Mail], list))
    };
    let lead =
        "What subscribers of the topics were sent: users about their images, the on-call about alarms.";
    Ok(Html(page(&app, Head { at: "/mail", title: "Mail", lead }, content).into_string()))
}

fn nothing(image: Option<&str>) -> Markup {
    match image {
        Some(_) => ui::empty("No mail about this image.", html! { p { a href="/mail" { "Show all mail" } } }),
        None => ui::empty(
            "No mail yet.",
            html! {
                p { "A notification is published when an image is DONE or FAILED, and when an alarm rings or ends." }
                (ui::command("cargo run -- upload FILE"))
            },
        ),
    }
}

fn entry(mail: &Mail) -> Markup {
    let body = serde_json::from_str::<serde_json::Value>(&mail.body)
        .and_then(|it| serde_json::to_string_pretty(&it));
    html! {
        details id={ "mail-" (mail.message_id) } {
            summary .row-head {
                span .row-name { @if mail.subject.is_empty() { "(no subject)" } @else { (mail.subject) } }
                span .soft { (mail.topic) }
                span .row-time { @if let Some(at) = unix_millis(&mail.published_at) { (ui::time::ago(at)) } }
            }
            @if let Some(id) = &mail.image_id { p { "Image " a .id href=(href::image(id)) { (id) } } }
            @if !mail.attributes.is_empty() {
                dl .facts .plain { @for (name, value) in &mail.attributes { dt { (name) } dd .mono { (value) } } }
            }
            pre .code tabindex="0" { (body.as_deref().unwrap_or(&mail.body)) }
        }
    }
}

#[cfg(test)]
mod tests {
    use local_stack::observe::Seen;
    use local_stack::observe::mail::Mail;

    use crate::tests::Harness;

    fn seen() -> Seen {
        let mut seen = Seen::default();
        for (id, image) in [("m1", "cat"), ("m2", "dog")] {
            seen.mail.put(Mail {
                message_id: id.to_owned(),
                subject: format!("<b>{image}</b> is ready"),
                body: format!(r#"{{"imageId":"{image}"}}"#),
                image_id: Some(image.to_owned()),
                published_at: "2026-11-22T00:41:07.000Z".to_owned(),
                ..Mail::default()
            });
        }
        seen
    }

    #[tokio::test]
    async fn mail_is_listed_newest_first_and_its_words_are_no_markup() {
        let page = Harness::new(seen()).page("/mail").await;
        let at = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text} in {page}"));
        assert!(at("mail-m2") < at("mail-m1"));
        assert!(
            page.contains("&lt;b&gt;cat&lt;/b&gt; is ready") && page.contains("href=\"/images/cat\""),
            "{page}"
        );
    }

    #[tokio::test]
    async fn mail_is_found_by_its_image_and_nothing_says_when_some_comes() {
        let harness = Harness::new(seen());
        let page = harness.page("/mail?image=dog").await;
        assert!(page.contains("mail-m2") && !page.contains("mail-m1"), "{page}");
        assert!(harness.page("/mail?image=none").await.contains("No mail about this image."));
        assert!(Harness::new(Seen::default()).page("/mail").await.contains("No mail yet."));
    }
}
