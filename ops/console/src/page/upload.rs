//! Upload: sign in as a user would, drop photos, and watch each to its thumbnail or its refusal.

use axum::Router;
use axum::extract::Path;
use axum::http::header;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use contract::item::{Record, Status};
use local_stack::observe::news::Topic;
use local_stack::stack::CALLBACK;
use maud::{Markup, html};
use url::Url;

use super::images::{pictures, status};
use super::{Page, Problem};
use crate::app::{App, Base};
use crate::assets;
use crate::catalogue;
use crate::layout::{Head, page};
use crate::ui::{self, href};

pub(super) fn routes() -> Router<Base> {
    Router::new().route(CALLBACK, get(show)).route("/upload/{id}", get(followed))
}

async fn show(app: App) -> Result<Response, Problem> {
    let content = html! {
        div #uploader data-state="out" data-hosted=(app.output("HostedUiUrl")) data-client=(app.output("UserPoolClientId"))
            data-callback=(format!("{}{CALLBACK}", app.source.info.console)) data-endpoint=(app.output("GenerateUploadUrlEndpoint")) {
            p #sign-in-problem .problem role="alert" hidden {}
            section .card .when-out {
                (ui::empty("Uploads belong to a user.", html! {
                    p { "Sign up with any address: no mail leaves this machine, and the page shows the code. The sign-in page is the user pool's own, by code and PKCE." }
                    div .buttons {
                        button #sign-up .primary type="button" { "Sign up" }
                        button #sign-in type="button" { "Sign in" }
                    }
                }))
            }
            div .when-in .stack {
                p .signed-in { "Signed in as " strong #user {} button #sign-out .copy type="button" { "Sign out" } }
                div #drop {
                    p .drop-title { "Drop photos here" }
                    p .soft { "JPEG, PNG, WebP, GIF, TIFF, BMP, HEIC, AVIF. Anything else is refused, which is worth a try." }
                    label .button .primary .pick { "Choose files" input #files .unseen type="file" multiple; }
                }
                ol #uploads .stack aria-label="Uploads of this page" {}
            }
        }
        script src=(assets::path("upload.js")) defer {}
    };
    let head = Head {
        at: "/upload",
        title: "Upload",
        lead: "The way of an app: sign in, ask for a URL, PUT the bytes.",
    };
    let policy = policy(&app);
    Ok(([(header::CONTENT_SECURITY_POLICY, policy)], Html(page(&app, head, content).into_string()))
        .into_response())
}

/// The guard's policy, and what this page's script may talk to besides: sign-in page, API, and where URLs lead.
fn policy(app: &App) -> String {
    let mut origins: Vec<String> =
        [app.output("HostedUiUrl"), app.output("GenerateUploadUrlEndpoint"), &app.source.presigned]
            .iter()
            .filter_map(|url| Some(Url::parse(url).ok()?.origin().ascii_serialization()))
            .collect();
    origins.sort();
    origins.dedup();
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self' {}; img-src 'self'; base-uri 'none'; \
         form-action 'self'; frame-ancestors 'none'",
        origins.join(" ")
    )
}

/// What became of an upload, hop by hop; it asks for itself until nothing more comes.
async fn followed(app: App, Path(id): Path<String>) -> Page {
    let image = catalogue::one(&app.source, &id).await?;
    let has_mail = !app.source.observer.mail(Some(&id)).is_empty();
    let content = html! {
        (hops(&app, image.as_ref(), has_mail))
        @if let Some(image) = image.as_ref().filter(|image| image.has_ended()) { (outcome(&app, image, &id)) }
    };
    let is_over = has_mail && image.is_some_and(|image| image.has_ended());
    let part = format!("fate-{id}");
    let markup = if is_over {
        html! { div id=(part) { (content) } }
    } else {
        let trigger =
            [Topic::Traces, Topic::Mail].map(|topic| format!("news:{} from:body", topic.name())).join(", ");
        html! {
            div id=(part) hx-get=(format!("/upload/{id}")) hx-trigger=(trigger) hx-swap="morph:outerHTML" hx-sync="this:queue last" { (content) }
        }
    };
    Ok(Html(markup.into_string()))
}

/// The way of an upload, and how far this one is.
fn hops(app: &App, image: Option<&Record>, has_mail: bool) -> Markup {
    let status = image.map_or_else(|| "QUEUED".to_owned(), |image| status(&app.source.observer, image));
    let ended = image.is_some_and(Record::has_ended);
    let hops = [
        ("Uploaded", true),
        ("Queued", true),
        ("Claimed", image.is_some()),
        ("Decided", ended),
        ("Notified", has_mail),
    ];
    html! {
        ol .hops {
            @for (name, reached) in hops { li .reached[reached] { (name) @if !reached { span .unseen { " (not yet)" } } } }
            li .verdict { (ui::badge(&status)) }
        }
    }
}

fn outcome(app: &App, image: &Record, id: &str) -> Markup {
    let trace =
        image.trace_id.clone().or_else(|| app.source.observer.trace_of_image(id).map(|trace| trace.trace_id));
    html! {
        @if image.status == Status::Failed.name() {
            p .refusal { strong { (image.reason.as_deref().unwrap_or("Refused")) } ": " (image.message.as_deref().unwrap_or("no reason was recorded")) }
        } @else {
            (pictures(image))
        }
        p .buttons {
            a .button href=(href::image(id)) { "Item and versions" }
            @if let Some(trace) = trace { a .button href=(href::trace(&trace)) { "Trace" } }
            a .button href=(href::mail(id)) { "Notification" }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::{Harness, info, seen};

    #[tokio::test]
    async fn the_script_may_reach_the_api_and_the_sign_in_page_and_nothing_else() {
        let mut info = info();
        let outputs = [
            ("HostedUiUrl", "http://127.0.0.1:3"),
            ("GenerateUploadUrlEndpoint", "http://127.0.0.1:4/a/generate-upload-url"),
            ("UserPoolClientId", "client"),
        ];
        info.outputs.extend(outputs.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let harness = Harness::of(seen(), &info);
        let policy = harness.policy("/upload").await;
        assert!(
            policy.contains("connect-src 'self' http://127.0.0.1:1 http://127.0.0.1:3 http://127.0.0.1:4;"),
            "{policy}"
        );
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        // The other pages need no such thing.
        assert!(harness.policy("/").await.contains("connect-src 'self';"));
    }

    #[tokio::test]
    async fn a_page_without_a_table_to_ask_says_so_and_does_not_follow_for_ever() {
        let (status, text) = Harness::new(seen()).get("/upload/cat").await;
        assert!(status == 502 && text.contains("The stack did not answer"), "{text}");
    }
}
