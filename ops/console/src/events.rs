//! Server-sent events: which topics changed, for open pages to ask anew for what shows them.

use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use axum::extract::Query;
use axum::http::HeaderMap;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use axum::routing::get;
use futures_util::future::{Either, ready};
use futures_util::stream::{once, pending, unfold};
use futures_util::{Stream, StreamExt as _};
use serde::Deserialize;

use crate::app::{App, Base};

/// Pause after an event: a burst of changes is one event, and an open page asks at most so often.
const CALM: Duration = Duration::from_millis(400);

pub(crate) fn routes() -> Router<Base> {
    Router::new().route("/events", get(follow))
}

#[derive(Debug, Deserialize)]
struct Since {
    /// The revision that the page was made of.
    after: Option<u64>,
    /// The process that made it, by its mark.
    of: Option<String>,
}

/// One event for each change, with the topics' names; its id is the revision. A page of another process gets one event,
/// `restarted`.
async fn follow(
    app: App,
    Query(since): Query<Since>,
    headers: HeaderMap,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    if since.of.is_some_and(|of| of != app.token.mark()) {
        // An event without data is none.
        let restarted = Event::default().event("restarted").data("reload");
        return Sse::new(Either::Left(once(ready(Ok(restarted))).chain(pending())))
            .keep_alive(KeepAlive::default());
    }
    // A browser that connects again says what it has seen last.
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
    let news = app.source.observer.news_after(last.or(since.after).unwrap_or(app.revision));
    let events = unfold((news, false), |(mut news, paused)| async move {
        if paused {
            tokio::time::sleep(CALM).await;
        }
        let (topics, revision) = news.next().await?;
        let names: Vec<&str> = topics.iter().map(|topic| topic.name()).collect();
        let event = Event::default().id(revision.to_string()).data(names.join(" "));
        Some((Ok(event), (news, true)))
    });
    Sse::new(Either::Right(events)).keep_alive(KeepAlive::default())
}
