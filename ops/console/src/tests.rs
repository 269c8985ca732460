//! What holds for every page, and the harness for each page's own tests: the console's router on what a test has seen.

use axum::body::{Body, to_bytes};
use axum::http::{Request, Response, header};
use axum::{Json, Router};
use local_stack::console::{Source, routes};
use local_stack::faults::Faults;
use local_stack::observe::{Observer, Seen};
use local_stack::stack::StackInfo;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tower_service::Service;
use trace_model::{IMAGE_ID, Span};

const SECRETS: [&str; 2] = ["hidden-key", "hidden-password"];

/// A stack of which only its outputs are there: nobody listens at its endpoint.
pub(crate) fn info() -> StackInfo {
    serde_json::from_value(json!({
        "name": "one", "endpoint": "http://127.0.0.1:1", "console": "http://127.0.0.1:2", "region": "ap-northeast-1",
        "outputs": {"MetadataTableName": "ImageMetadata"}, "log_groups": [], "outbox_queue_url": "", "pid": 1,
        "credentials": {"access_key_id": "test", "secret_access_key": SECRETS[0]},
        "user": {"email": "demo@example.com", "password": SECRETS[1], "sub": "s"},
        "reconciled": [], "known_gaps": [],
    }))
    .unwrap()
}

/// The same, with an endpoint where every call gets this answer, for as long as the test runs.
pub(crate) async fn answered(answer: Value) -> StackInfo {
    answering(move |_| answer.clone()).await
}

/// The same, where each call is answered by what its body is.
pub(crate) async fn answering(answer: impl Fn(&str) -> Value + Clone + Send + Sync + 'static) -> StackInfo {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let routes = Router::new().fallback(async move |body: String| Json(answer(&body)));
    tokio::spawn(async move { axum::serve(listener, routes).await });
    StackInfo { endpoint, ..info() }
}

/// The same, on which a drill is under way from its begin until it is stopped: it waits for the console.
pub(crate) async fn drilled(mut info: StackInfo) -> StackInfo {
    info.console = silent().await;
    for queue in ["QueueUrl", "DeadLetterQueueUrl"] {
        info.outputs.insert(queue.to_owned(), queue.to_owned());
    }
    info
}

/// An address where connections are taken and nothing is ever answered, for as long as the test runs.
async fn silent() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        std::future::pending::<()>().await;
        drop(listener);
    });
    address
}

/// One trace of the image `cat`.
pub(crate) fn seen() -> Seen {
    let mut seen = Seen::default();
    seen.traces.put(Span {
        trace_id: "4bf92f3577b34da6a3ce929d0e0e4736".to_owned(),
        span_id: "a".to_owned(),
        name: "issue_upload_url".to_owned(),
        service: "generate-upload-url".to_owned(),
        start_us: 1_000,
        duration_us: 500,
        attributes: [(IMAGE_ID.to_owned(), json!("cat"))].into(),
        ..Span::default()
    });
    seen
}

/// The console without a socket.
pub(crate) struct Harness {
    pub(crate) observer: Observer,
    routes: Router,
}

impl Harness {
    pub(crate) fn new(seen: Seen) -> Self {
        Self::of(seen, &info())
    }

    /// With a stack of the test's own, whose endpoint may answer.
    pub(crate) fn of(seen: Seen, info: &StackInfo) -> Self {
        let observer = Observer::of(seen);
        let mut source = Source::of(observer.clone(), info, Faults::default());
        source.root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..").into();
        Self { observer, routes: routes(source, crate::pages) }
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Response<Body> {
        Service::call(&mut self.routes.clone(), request).await.unwrap()
    }

    /// A page that must be there.
    pub(crate) async fn page(&self, path: &str) -> String {
        let (status, text) = self.get(path).await;
        assert_eq!(status, 200, "{path}: {text}");
        text
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, String) {
        let request = Request::get(path).header(header::HOST, "127.0.0.1:2").body(Body::empty()).unwrap();
        let answer = self.send(request).await;
        let status = answer.status().as_u16();
        let bytes = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        (status, String::from_utf8(bytes.to_vec()).unwrap())
    }

    /// What a page allows itself.
    pub(crate) async fn policy(&self, path: &str) -> String {
        let request = Request::get(path).header(header::HOST, "127.0.0.1:2").body(Body::empty()).unwrap();
        let answer = self.send(request).await;
        answer.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned()
    }

    /// What a button of a page sends; `token` is the page's own or a guess.
    pub(crate) async fn post(&self, path: &str, token: &str, form: &str) -> (u16, String) {
        let request = Request::post(path)
            .header(header::HOST, "127.0.0.1:2")
            .header(header::ORIGIN, "http://127.0.0.1:2")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(crate::safety::TOKEN, token)
            .body(Body::from(form.to_owned()))
            .unwrap();
        let answer = self.send(request).await;
        let status = answer.status().as_u16();
        let bytes = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        (status, String::from_utf8(bytes.to_vec()).unwrap())
    }

    /// The token that pages of this console send along.
    pub(crate) async fn token(&self) -> String {
        let page = self.page("/").await;
        let (_, rest) = page.split_once("&quot;x-console-token&quot;:&quot;").expect("the page has a token");
        rest.split('&').next().unwrap_or_default().to_owned()
    }
}

/// The addresses of all entries of the menu.
fn menu() -> impl Iterator<Item = &'static str> {
    crate::page::MENU.iter().flat_map(|(_, entries)| entries.iter().map(|(path, _)| *path))
}

#[tokio::test]
async fn every_entry_of_the_menu_leads_to_a_page_that_marks_it_and_holds_no_secret() {
    let harness = Harness::of(seen(), &answered(json!({})).await);
    for path in menu() {
        let page = harness.page(path).await;
        assert!(page.contains(&format!("href=\"{path}\" aria-current=\"page\"")), "{path}: {page}");
        assert!(SECRETS.iter().all(|secret| !page.contains(secret)), "{path}");
        assert!(!page.contains("style=") && !page.contains("onclick"), "{path}: the policy refuses these");
    }
}

#[tokio::test]
async fn unknown_addresses_are_answered_with_a_page_that_leads_back() {
    let (status, page) = Harness::new(seen()).get("/nowhere").await;
    assert!(status == 404 && page.contains("No such page") && page.contains("href=\"/\""), "{page}");
}

#[tokio::test]
async fn a_change_without_the_token_is_refused_before_anything_runs() {
    let harness = Harness::new(seen());
    let (status, page) = harness.post("/", "guess", "").await;
    assert!(status == 403 && page.contains("own pages"), "{page}");
    // With it, the address itself decides: this one only reads.
    assert_eq!(harness.post("/", &harness.token().await, "").await.0, 405);
}

#[tokio::test]
async fn a_page_of_another_process_is_told_to_reload_and_one_of_this_process_is_not() {
    let harness = Harness::new(seen());
    let page = harness.page("/").await;
    let own = page.split("data-of=\"").nth(1).unwrap().split('"').next().unwrap();
    harness.observer.put(|_| ());
    for (of, is_other) in [("another", true), (own, false)] {
        let path = format!("/events?after=0&of={of}");
        let request = Request::get(path).header(header::HOST, "127.0.0.1:2").body(Body::empty()).unwrap();
        let mut events = harness.send(request).await.into_body().into_data_stream();
        let first = futures_util::StreamExt::next(&mut events).await.unwrap().unwrap();
        let first = String::from_utf8(first.to_vec()).unwrap();
        assert_eq!(first.contains("event: restarted"), is_other, "{first}");
    }
}

#[tokio::test]
async fn news_name_the_topics_that_changed_after_the_page_was_made() {
    let harness = Harness::new(seen());
    harness.observer.put(|_| ());
    let request =
        Request::get("/events?after=0").header(header::HOST, "127.0.0.1:2").body(Body::empty()).unwrap();
    let mut events = harness.send(request).await.into_body().into_data_stream();
    let first = futures_util::StreamExt::next(&mut events).await.unwrap().unwrap();
    let first = String::from_utf8(first.to_vec()).unwrap();
    assert!(
        first.contains("id: 1\n") && first.contains("data: traces logs metrics alarms mail problems\n"),
        "{first}"
    );
}
