use std::collections::BTreeMap;

use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::{Json, Router};
use local_stack::faults::Faults;
use local_stack::observe::{Observer, Seen};
use local_stack::stack::StackInfo;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use trace_model::{IMAGE_ID, Span};

use super::*;
use crate::tests::{Harness, info};

/// Items that a scan answers at once where it names no limit.
const PART: usize = 2_000;

/// A table that answers a first part at once, and each further one when the test lets it through.
struct Table {
    info: StackInfo,
    further: Arc<Semaphore>,
    shared: Arc<std::sync::Mutex<Shared>>,
}

#[derive(Default)]
struct Shared {
    items: BTreeMap<String, Value>,
    is_refusing: bool,
    /// The ids of each `BatchGetItem`.
    asked: Vec<Vec<String>>,
}

impl Table {
    async fn of(count: usize) -> Self {
        let (further, shared) =
            (Arc::new(Semaphore::new(0)), Arc::new(std::sync::Mutex::new(Shared::default())));
        let table = Self { info: info(), further, shared };
        table.put((0..count).map(id));
        let (further, shared) = (Arc::clone(&table.further), Arc::clone(&table.shared));
        let answer = move |headers: HeaderMap, body: String| {
            let (further, shared) = (Arc::clone(&further), Arc::clone(&shared));
            async move {
                let ask: Value = serde_json::from_str(&body).unwrap_or_default();
                if ask.get("ExclusiveStartKey").is_some() {
                    further.acquire().await.unwrap().forget();
                }
                let operation = headers.get("x-amz-target").and_then(|it| it.to_str().ok());
                shared.lock().unwrap().answer(operation.unwrap_or_default(), &ask)
            }
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let routes: Router = Router::new().fallback(answer);
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { info: StackInfo { endpoint, ..info() }, ..table }
    }

    fn put(&self, ids: impl Iterator<Item = String>) {
        self.shared.lock().unwrap().items.extend(ids.map(|id| (id.clone(), item(&id))));
    }

    fn refuse(&self, is_refusing: bool) {
        self.shared.lock().unwrap().is_refusing = is_refusing;
    }

    fn source(&self) -> Source {
        Source::of(Observer::of(Seen::default()), &self.info, Faults::default())
    }

    /// A page, once it holds this.
    async fn page_with(harness: &Harness, path: &str, text: &str) -> String {
        loop {
            let page = harness.page(path).await;
            if page.contains(text) {
                return page;
            }
            let may_change = page.contains("every 300ms") || page.contains("cannot be read");
            assert!(may_change, "{path} stays without `{text}`: {page}");
            tokio::task::yield_now().await;
        }
    }
}

impl Shared {
    fn answer(&mut self, operation: &str, ask: &Value) -> Response {
        if operation.ends_with(".BatchGetItem") {
            let keys = ask["RequestItems"]["ImageMetadata"]["Keys"].as_array().unwrap();
            let ids: Vec<String> =
                keys.iter().map(|key| key["imageId"]["S"].as_str().unwrap().to_owned()).collect();
            let found: Vec<&Value> = ids.iter().filter_map(|id| self.items.get(id)).collect();
            let answer = json!({"Responses": {"ImageMetadata": found}});
            self.asked.push(ids);
            return Json(answer).into_response();
        }
        if !operation.ends_with(".Scan") {
            return Json(json!({})).into_response();
        }
        if self.is_refusing {
            let refusal = json!({"__type": "AccessDeniedException", "message": "not you"});
            return (StatusCode::BAD_REQUEST, Json(refusal)).into_response();
        }
        let after = ask["ExclusiveStartKey"]["imageId"]["S"].as_str().unwrap_or_default();
        let limit = ask["Limit"].as_u64().map_or(PART, |limit| usize::try_from(limit).unwrap());
        let mut left = self.items.iter().filter(|(id, _)| id.as_str() > after);
        let part: Vec<(&String, &Value)> = left.by_ref().take(limit).collect();
        let mut answer = json!({"Items": part.iter().map(|(_, item)| item).collect::<Vec<_>>()});
        if let (Some((last, _)), Some(_)) = (part.last(), left.next()) {
            answer["LastEvaluatedKey"] = json!({"imageId": {"S": last}});
        }
        Json(answer).into_response()
    }
}

fn id(number: usize) -> String {
    format!("{number:05}")
}

/// The greater an id, the newer the image.
fn item(id: &str) -> Value {
    let text = |text: &str| json!({"S": text});
    json!({
        "imageId": text(id), "status": text("DONE"), "originalS3Key": text(&format!("user-uploads/anna/{id}.jpg")),
        "uploadedAt": text(&format!("2026-11-29T00:00:00.{id}Z")), "processedS3Key": text(&format!("processed/{id}.jpg")),
    })
}

/// A trace of an image.
fn trace(trace_id: &str, image_id: &str) -> Span {
    Span {
        trace_id: trace_id.repeat(32),
        span_id: "a".to_owned(),
        name: "issue_upload_url".to_owned(),
        attributes: [(IMAGE_ID.to_owned(), json!(image_id))].into(),
        ..Span::default()
    }
}

/// Makes what is known older than it may be.
async fn age(catalogue: &Catalogue) {
    let read = Instant::now().checked_sub(OLD + Duration::from_secs(1)).unwrap();
    catalogue.0.lock().await.read = Some(read);
}

/// What is known, once its extent is this one.
async fn images_when(catalogue: &Catalogue, source: &Source, extent: &Extent) -> Images {
    loop {
        let images = catalogue.images(source).await.unwrap();
        if images.extent == *extent {
            return images;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_page_waits_for_a_first_part_of_a_large_table_and_states_no_total_before_the_last() {
    let table = Table::of(10_000).await;
    let harness = Harness::of(Seen::default(), &table.info);
    let first = harness.page("/images").await;
    assert!(first.contains("Reading the table: 500 images so far"), "{first}");
    assert!(first.matches("class=\"tile\"").count() == 60 && !first.contains("Page 1"), "{first}");
    assert!(first.contains("every 300ms"), "it asks for the rest by itself");
    let home = harness.page("/").await;
    assert!(home.contains(">reading…<") && home.contains(">500 images so far<"), "{home}");
    assert!(!home.contains("Nothing is stuck."), "what is not read may be stuck");

    table.further.add_permits(1);
    Table::page_with(&harness, "/images", "Reading the table: 2,500 images so far").await;
    table.further.add_permits(10);
    let whole = Table::page_with(&harness, "/images", "10,000 images").await;
    assert!(whole.contains("Page 1 of 167") && whole.contains("/thumbnails/09999"), "{whole}");
    assert!(!whole.contains("eading the table") && !whole.contains("every 300ms"), "{whole}");
    assert!(harness.page("/").await.contains(">10,000 images<"));
}

#[tokio::test]
async fn a_search_of_a_table_that_is_being_read_finds_none_so_far_and_does_not_say_that_there_is_none() {
    let table = Table::of(10_000).await;
    let harness = Harness::of(Seen::default(), &table.info);
    let page = harness.page("/images?q=09999").await;
    assert!(page.contains("Reading the table: 0 images of 500 so far"), "{page}");
    assert!(page.contains("None so far.") && !page.contains("No image is like that"), "{page}");
    table.further.add_permits(10);
    Table::page_with(&harness, "/images?q=09999", "1 image of 10,000").await;
}

#[tokio::test]
async fn the_newest_uploads_are_shown_by_their_traces_before_the_table_is_read() {
    let table = Table::of(10_000).await;
    let mut seen = Seen::default();
    seen.traces.put(trace("1", "09999"));
    let page = Harness::of(seen, &table.info).page("/images").await;
    assert!(page.contains("501 images so far") && page.contains("/thumbnails/09999"), "{page}");
}

#[tokio::test]
async fn an_image_of_several_traces_is_asked_for_once() {
    let table = Table::of(3).await;
    let mut seen = Seen::default();
    for (trace_id, image_id) in [("1", "x"), ("2", "y"), ("3", "x")] {
        seen.traces.put(trace(trace_id, image_id));
    }
    let source = Source::of(Observer::of(seen), &table.info, Faults::default());
    Catalogue::default().images(&source).await.unwrap();
    assert_eq!(table.shared.lock().unwrap().asked, [["x", "y"]]);
}

#[tokio::test]
async fn what_is_a_minute_old_is_shown_as_such_while_it_is_read_again() {
    let (table, catalogue) = (Table::of(3_000).await, Catalogue::default());
    let source = table.source();
    table.further.add_permits(10);
    assert_eq!(images_when(&catalogue, &source, &Extent::Whole).await.all.len(), 3_000);
    table.further.forget_permits(10);
    table.put([id(3_000)].into_iter());

    assert_eq!(catalogue.images(&source).await.unwrap().all.len(), 3_000, "it is not read at each look");
    age(&catalogue).await;
    let again = catalogue.images(&source).await.unwrap();
    assert_eq!((again.all.len(), again.extent), (3_000, Extent::ReadingAgain));
    table.further.add_permits(10);
    assert_eq!(images_when(&catalogue, &source, &Extent::Whole).await.all.len(), 3_001);
}

#[tokio::test]
async fn more_uploads_than_the_newest_traces_tell_of_have_the_table_read_again_at_once() {
    let (table, catalogue) = (Table::of(3).await, Catalogue::default());
    let source = table.source();
    for more in [1, TRACES - 1, TRACES + 1] {
        images_when(&catalogue, &source, &Extent::Whole).await;
        let count = table.shared.lock().unwrap().items.len();
        let ids: Vec<String> = (count..count + more).map(id).collect();
        source.observer.put(|seen| ids.iter().for_each(|id| seen.traces.put(trace(id, id))));
        table.put(ids.into_iter());
        let found = catalogue.images(&source).await.unwrap();
        if more < TRACES {
            assert_eq!((found.all.len(), found.extent), (count + more, Extent::Whole));
        } else {
            assert_eq!(found.extent, Extent::ReadingAgain);
            let whole = images_when(&catalogue, &source, &Extent::Whole).await;
            assert_eq!(whole.all.len(), count + more);
        }
    }
}

#[tokio::test]
async fn an_upload_that_comes_while_the_table_is_read_is_not_lost_with_the_end_of_the_read() {
    let (table, catalogue) = (Table::of(3_000).await, Catalogue::default());
    let source = table.source();
    catalogue.images(&source).await.unwrap();
    // The read has passed this key already.
    let early = "000000".to_owned();
    table.put([early.clone()].into_iter());
    source.observer.put(|seen| seen.traces.put(trace("early", &early)));
    catalogue.images(&source).await.unwrap();
    for number in 0..TRACES {
        source.observer.put(|seen| seen.traces.put(trace(&id(number), "nothing")));
        if number % (TRACES / 2) == 0 {
            catalogue.images(&source).await.unwrap();
        }
    }
    table.further.add_permits(10);
    let whole = images_when(&catalogue, &source, &Extent::Whole).await;
    assert!(whole.all.len() == 3_001 && whole.all.iter().any(|image| image.image_id == early));
}

#[tokio::test]
async fn a_table_that_is_refused_half_read_is_said_with_the_reason_and_read_at_the_next_look() {
    let table = Table::of(3_000).await;
    let harness = Harness::of(Seen::default(), &table.info);
    harness.page("/images").await;
    table.refuse(true);
    table.further.add_permits(10);
    let page = Table::page_with(&harness, "/images", "cannot be read").await;
    assert!(page.contains("500 images known") && page.contains("not you"), "{page}");
    assert!(!page.contains("every 300ms"), "an error is not asked for again by itself");
    table.refuse(false);
    Table::page_with(&harness, "/images", "3,000 images").await;
}

#[tokio::test]
async fn of_a_larger_table_than_is_kept_the_page_says_that_there_are_more() {
    let table = Table::of(MOST + PART + 1).await;
    let harness = Harness::of(Seen::default(), &table.info);
    table.further.add_permits(100);
    let page = Table::page_with(&harness, "/images", "; the table holds more than is searched").await;
    assert!(page.contains("20,500 images"), "{page}");
    assert!(harness.page("/").await.contains(">20,500+ images<"));
}

#[test]
fn a_table_that_is_not_read_whole_is_never_one_of_which_something_is_not_there() {
    let all = [
        Extent::Whole,
        Extent::Capped,
        Extent::Reading,
        Extent::ReadingAgain,
        Extent::Unreadable(String::new()),
    ];
    assert_eq!(all.each_ref().map(Extent::is_partial), [false, true, true, false, true]);
    assert_eq!(all.each_ref().map(Extent::has_pages), [true, true, false, true, false]);
    assert_eq!(all.each_ref().map(Extent::grows), [false, false, true, true, false]);
}
