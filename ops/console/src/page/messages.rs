//! Messages: what waits in the queue and its dead-letter queue, why it is there, and how it leaves.

mod classified;
mod moving;

use aws_client::{AwsError, chain};
use axum::Router;
use axum::response::Html;
use axum::routing::{get, post};
use local_stack::observe::news::Topic;
use maud::{Markup, html};
use pipeline_client::queue::Attributes;

use super::Page;
use crate::app::{App, Base};
use crate::layout::{Head, page};
use crate::moves::Target;
use crate::ui;

/// Where dead letters are listed once they are read.
const BY_CAUSE: &str = "messages-by-cause";

pub(super) fn routes() -> Router<Base> {
    Router::new()
        .route("/messages", get(show))
        .route("/messages/look", post(classified::look))
        .route("/messages/plan", post(moving::plan))
        .route("/messages/move", post(moving::begin))
        .route("/messages/progress", get(moving::progress))
}

async fn show(app: App) -> Page {
    let target = Target::of(&app.source);
    let waiting = target.queue(&target.to);
    let dead = target.queue(&target.url);
    let (waiting, dead) = (waiting.attributes().await, dead.attributes().await);
    let queues = html! {
        div .pair {
            (queue("Queue", &target.to, &waiting, "uploads that wait for the processor"))
            (queue("Dead-letter queue", &target.url, &dead, "what failed every retry"))
        }
    };
    let content = html! {
        div .stack {
            (ui::live("queues", &[Topic::Metrics, Topic::Alarms], queues))
            div #move { @if let Some(progress) = app.moves.progress() { (moving::drawn(&progress)) } }
            (ui::card("Dead letters by cause", html! {}, html! { div id=(BY_CAUSE) { (unread(&waiting, &dead)) } }))
        }
    };
    let lead = "What waits, what failed for good and why, and how it is sent again or dropped.";
    Ok(Html(page(&app, Head { at: "/messages", title: "Messages", lead }, content).into_string()))
}

/// Looking is a receive, which counts and hides a message for a while: it is done when somebody asks for it. Until then, this
/// says whether there is anything to be read.
fn unread(waiting: &Result<Attributes, AwsError>, dead: &Result<Attributes, AwsError>) -> Markup {
    let content = html! {
        @if dead.as_ref().is_ok_and(|dead| dead.messages == 0) { (none(waiting)) }
        @else {
            div .empty {
                p { "To read a message is to receive it: that counts, and hides it from others for up to a minute." }
                button .primary type="button" hx-post="/messages/look" hx-target="#messages-by-cause" hx-swap="innerHTML" hx-disabled-elt="this" {
                    "Read the dead letters"
                }
            }
        }
    };
    ui::live("unread", &[Topic::Metrics, Topic::Alarms], content)
}

/// That there are none, and after how many receives from the queue one would be here.
fn none(waiting: &Result<Attributes, AwsError>) -> Markup {
    let after = match waiting.as_ref().ok().and_then(|waiting| waiting.max_receives) {
        Some(1) => "one failed receive".to_owned(),
        Some(most) => format!("{most} failed receives"),
        None => "the last failed receive".to_owned(),
    };
    let how = html! {
        p { "A message comes here after " (after) ", for a reason that is not the user's file. A drill shows it:" }
        (ui::command("cargo run -- drill failing-topic"))
    };
    ui::empty("No dead letters.", how)
}

fn queue(title: &str, url: &str, attributes: &Result<Attributes, AwsError>, note: &str) -> Markup {
    let name = url.rsplit('/').next().unwrap_or_default();
    let content = match attributes {
        Err(error) => html! { p .problem { (chain(error)) } },
        Ok(attributes) => ui::facts(&[
            ("Messages", html! { "about " strong { (ui::format::count(attributes.messages)) } }),
            ("Name", ui::id(name)),
            ("Hidden after a receive", seconds(attributes.visibility.as_secs())),
            (
                "Receives at most",
                html! { @if let Some(most) = attributes.max_receives { (most) ", then it is a dead letter" } },
            ),
            ("Kept for", seconds(attributes.retention.as_secs())),
        ]),
    };
    ui::card(title, html! { (note) }, content)
}

fn seconds(seconds: u64) -> Markup {
    html! {
        @if seconds >= 86_400 { (seconds / 86_400) " days" } @else { (ui::format::duration(seconds.saturating_mul(1_000_000))) }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderMap;
    use axum::{Json, Router};
    use local_stack::observe::Seen;
    use serde_json::json;
    use std::sync::{Arc, Mutex};

    use crate::tests::{Harness, info};

    /// A stack whose dead-letter queue holds one upload that nobody claimed and one that is no notification; it notes each
    /// operation.
    async fn harness() -> (Harness, Arc<Mutex<Vec<String>>>) {
        harness_of(2).await
    }

    /// The same, whose dead-letter queue holds these, or nothing.
    async fn harness_of(held: usize) -> (Harness, Arc<Mutex<Vec<String>>>) {
        let calls: Arc<Mutex<Vec<String>>> = Arc::default();
        let noted = Arc::clone(&calls);
        let answer = move |headers: HeaderMap, body: String| {
            let noted = Arc::clone(&noted);
            async move {
                let target = headers.get("x-amz-target").and_then(|it| it.to_str().ok()).unwrap_or_default();
                let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
                let first = !noted.lock().unwrap().iter().rev().take(1).any(|last| *last == "ReceiveMessage");
                noted.lock().unwrap().push(operation.clone());
                Json(match operation.as_str() {
                    "GetQueueAttributes" => json!({"Attributes": {
                        "ApproximateNumberOfMessages": held.to_string(), "RedrivePolicy": "{\"maxReceiveCount\": 7}",
                    }}),
                    "ReceiveMessage" if first && held > 0 && body.contains("dlq") => json!({"Messages": [
                        {"MessageId": "m1", "ReceiptHandle": "r1", "Body": "<no> bearer abcdefghijklmnop jane@example.com",
                            "Attributes": {"SentTimestamp": "1000"}},
                        {"MessageId": "m2", "ReceiptHandle": "r2", "Body": "{\"Event\": \"s3:TestEvent\", \"Service\": \"Amazon S3\"}"},
                    ]}),
                    "BatchGetItem" => json!({"Responses": {}}),
                    _ => json!({}),
                })
            }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let routes: Router = Router::new().fallback(answer);
        tokio::spawn(async move { axum::serve(listener, routes).await });
        let mut info = info();
        info.outputs.insert("QueueUrl".to_owned(), format!("{endpoint}/1/queue"));
        info.outputs.insert("DeadLetterQueueUrl".to_owned(), format!("{endpoint}/1/dlq"));
        info.outputs.insert("OriginalBucketName".to_owned(), "ours".to_owned());
        info.endpoint = endpoint;
        (Harness::of(Seen::default(), &info), calls)
    }

    fn did(calls: &Mutex<Vec<String>>, operation: &str) -> usize {
        calls.lock().unwrap().iter().filter(|call| *call == operation).count()
    }

    #[tokio::test]
    async fn the_page_receives_nothing_until_somebody_asks_for_it() {
        let (harness, calls) = harness().await;
        let page = harness.page("/messages").await;
        assert!(page.contains("<strong>2</strong>") && page.contains("hx-post=\"/messages/look\""), "{page}");
        assert_eq!(did(&calls, "ReceiveMessage"), 0);
        assert_eq!(harness.post("/messages/look", "guess", "").await.0, 403);
        assert_eq!(did(&calls, "ReceiveMessage"), 0);
    }

    #[tokio::test]
    async fn dead_letters_are_shown_whole_by_cause_without_secrets_and_given_back() {
        let (harness, calls) = harness().await;
        let (status, part) = harness.post("/messages/look", &harness.token().await, "").await;
        assert_eq!(status, 200, "{part}");
        assert!(part.contains("malformed") && part.contains("test-event") && part.contains("m1"), "{part}");
        assert!(part.contains("&lt;no&gt;") && !part.contains("jane@example.com"), "{part}");
        assert!(
            part.contains("sent <time datetime=\"1970-01-01T00:00:01Z\" title=\"1970-01-01T00:00:01Z\""),
            "{part}"
        );
        assert_eq!(did(&calls, "ChangeMessageVisibilityBatch"), 1);
    }

    #[tokio::test]
    async fn an_empty_queue_is_said_to_be_empty_also_to_who_reads_again_and_others_are_blamed_for_no_more() {
        let (harness, _) = harness_of(0).await;
        assert!(harness.page("/messages").await.contains("No dead letters."));
        let (status, part) = harness.post("/messages/look", &harness.token().await, "").await;
        assert!(status == 200 && part.contains("No dead letters."), "{part}");
    }

    #[tokio::test]
    async fn home_and_messages_state_the_receives_that_the_queue_itself_allows() {
        let (harness, _) = harness_of(0).await;
        let page = harness.page("/messages").await;
        assert!(page.contains("7, then it is a dead letter"), "{page}");
        assert!(page.contains("after 7 failed receives"), "{page}");
        let (_, part) = harness.post("/messages/look", &harness.token().await, "").await;
        assert!(part.contains("after 7 failed receives"), "{part}");
        assert!(harness.page("/").await.contains(">after 7 receives</text>"));
    }

    #[tokio::test]
    async fn a_plan_changes_nothing_and_names_what_would_go() {
        let (harness, calls) = harness().await;
        let path = "/messages/plan?way=drop&cause=malformed";
        let (status, part) = harness.post(path, &harness.token().await, "").await;
        assert!(status == 200 && part.contains("1 message would"), "{part}");
        assert!(
            part.contains("hx-post=\"/messages/move?way=drop&amp;cause=malformed&amp;planned=1\""),
            "{part}"
        );
        assert_eq!((did(&calls, "DeleteMessage"), did(&calls, "SendMessage")), (0, 0));
    }

    #[tokio::test]
    async fn what_nothing_can_process_is_not_redriven_and_unknown_words_are_refused() {
        let (harness, calls) = harness().await;
        let token = harness.token().await;
        for form in ["way=redrive&cause=malformed", "way=purge&cause=malformed", "way=drop&cause=all", ""] {
            for path in ["/messages/plan", "/messages/move"] {
                let (status, _) = harness.post(&format!("{path}?{form}"), &token, "").await;
                assert!((400..500).contains(&status), "{path} {form}: {status}");
            }
        }
        assert_eq!(did(&calls, "ReceiveMessage"), 0);
    }
}
