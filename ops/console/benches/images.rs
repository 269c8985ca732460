//! What Home and the Images page take with 10,000 images in the table of a running stack, in a browser. Ends with status 1 where
//! the median of a first paint is above 300 ms, or an image that is DONE is shown as such after more than a second:
//! `cargo bench -p pipeline-console --bench images --profile dev`, which is what `cargo run` builds. Needs Chromium.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a benchmark prints what it measured, and whatever fails ends it"
)]

#[path = "../tests/browser/stack.rs"]
mod stack;

use std::time::{Duration, Instant, SystemTime};

use aws_client::http::Http;
use chromium::Browser;
use contract::time::rfc3339;
use http::Method;
use local_stack::console::{Console, Serving, Source};
use local_stack::faults::Faults;
use local_stack::flow::{TraceHeaders, put, request_url};
use local_stack::stack::{Stack, StackInfo};
use local_stack::user::sign_in;
use serde_json::{Value, json};

const IMAGES: u64 = 10_000;
/// As many are on a page.
const SHOWN: u64 = 60;
/// `BatchWriteItem` takes at most this number.
const BATCH: usize = 25;
const VISITS: usize = 11;
const UPLOADS: usize = 11;
/// What people wait at most for a page to be painted, and for it to show what happened, in milliseconds.
const PAINT: u128 = 300;
const UPDATE: u128 = 1_000;

/// When the page was painted first, and when its largest element was, in milliseconds from the request.
const PAINTED: &str = "new Promise((done) => { let largest = 0; new PerformanceObserver((list) => { largest = \
                       list.getEntries().at(-1).startTime; }).observe({type: 'largest-contentful-paint', buffered: true}); \
                       setTimeout(() => done([performance.getEntriesByName('first-contentful-paint')[0].startTime, largest]), 300); })";

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let stack = stack::up().await;
    plant(&stack.info).await;
    let page = format!("{}/images", stack.info.console);
    let mut browser = Browser::open().await;
    fresh(&stack, &mut browser).await;
    until_whole(&page).await;
    let mut again: Vec<u128> = Vec::new();
    for _ in 0..VISITS {
        again.push(answered(&page).await);
    }
    println!("{IMAGES} images: a later answer {} ms", middle(&mut again));

    let home = stack.info.console.clone();
    for (what, page) in [
        ("Home", home),
        ("all", page.clone()),
        ("the last page", format!("{page}?page=167")),
        ("a search of keys", format!("{page}?q=00001fff")),
    ] {
        let (mut first, mut largest) = (Vec::new(), Vec::new());
        for _ in 0..VISITS {
            browser.visit(&page).await;
            let painted = browser.until(PAINTED).await;
            first.push(whole(&painted[0]));
            largest.push(whole(&painted[1]));
        }
        let first = middle(&mut first);
        println!("{what}: first paint {first} ms, largest {} ms", middle(&mut largest));
        assert!(first <= PAINT, "{what} is painted after {first} ms");
    }

    let tokens = sign_in(&stack.info, &stack.info.user).await.unwrap();
    let photo = std::fs::read(stack::root().join("ops/local/photos/raccoon.jpg")).unwrap();
    browser.visit(&page).await;
    let mut behind = Vec::new();
    for _ in 0..UPLOADS {
        let issued = request_url(&stack.info, &tokens, &TraceHeaders::default()).await.unwrap();
        put(&issued, photo.clone(), &TraceHeaders::default()).await.unwrap();
        let id = issued.image_id;
        // The page looks at itself every 50 ms.
        let shown = browser
            .until(&format!("document.querySelector('.tile[href*=\"{id}\"] .good') && Date.now()"))
            .await;
        behind.push(whole(&shown).saturating_sub(decided(&stack.info, &id).await));
    }
    let (usual, most) = (middle(&mut behind), *behind.last().unwrap());
    println!("an image that is DONE is shown as such after {usual} ms, at most {most} ms");
    assert!(most <= UPDATE, "an image that is DONE was shown as such after {most} ms");
    stack.down().await.unwrap();
}

/// What the page takes of a console that has never read the table, each time of another one.
async fn fresh(stack: &Stack, browser: &mut Browser) {
    let (mut first, mut whole, mut painted) = (Vec::<u128>::new(), Vec::new(), Vec::new());
    for _ in 0..VISITS {
        let (page, _serving) = console(stack).await;
        let began = Instant::now();
        first.push(answered(&page).await);
        until_whole(&page).await;
        whole.push(began.elapsed().as_millis());

        let (page, _serving) = console(stack).await;
        browser.visit(&page).await;
        painted.push(self::whole(&browser.until(PAINTED).await[0]));
        // Two reads at once would be measured together.
        until_whole(&page).await;
    }
    println!(
        "{IMAGES} images: the first answer of a process {} ms, of this process {} ms, of one after it {} ms at most; its first paint {} ms, at most {} ms; the table is read \
         whole after {} ms",
        middle(&mut first.clone()),
        first[0],
        first[1..].iter().max().unwrap(),
        middle(&mut painted),
        painted.last().unwrap(),
        middle(&mut whole)
    );
}

/// The address of the page of another console of the stack, for as long as the other value lives.
async fn console(stack: &Stack) -> (String, Serving) {
    let console = Console::bind(0).await.unwrap();
    let page = format!("{}/images", console.address());
    let source = Source::of(stack.observer.clone(), &stack.info, Faults::default());
    (page, console.serve(source, pipeline_console::pages))
}

/// Looks as often as an open page does, until it states how many images there are.
async fn until_whole(page: &str) {
    loop {
        let answer = Http::new().send(Method::GET, page, &[], String::new()).await.unwrap();
        let text = String::from_utf8_lossy(answer.body()).into_owned();
        if text.contains("10,000 images") && !text.contains("eading the table") {
            return;
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

/// Images as the pipeline leaves them, written without it; the newest have a thumbnail that can be shown.
async fn plant(stack: &StackInfo) {
    let (aws, now) = (stack.aws(), SystemTime::now());
    let thumbnail = std::fs::read(stack::root().join("ops/local/photos/raccoon.jpg")).unwrap();
    let id = |number: u64| format!("{number:08x}-0000-7000-8000-{number:012x}");
    let items: Vec<Value> =
        (0..IMAGES).map(|number| item(&id(number), now - Duration::from_secs(60 * number))).collect();
    for items in items.chunks(BATCH) {
        let puts: Vec<Value> = items.iter().map(|item| json!({"PutRequest": {"Item": item}})).collect();
        let ask = json!({"RequestItems": {stack.output("MetadataTableName").unwrap(): puts}});
        aws.json("dynamodb", "DynamoDB_20120810.BatchWriteItem", ask).await.unwrap();
    }
    for number in 0..SHOWN {
        let path = format!("/{}/processed/{}.jpg", stack.output("ProcessedBucketName").unwrap(), id(number));
        aws.rest("s3", Method::PUT, &path, thumbnail.clone(), &[]).await.unwrap();
    }
}

fn item(id: &str, uploaded: SystemTime) -> Value {
    let text = |text: String| json!({"S": text});
    let number = |number: u32| json!({"N": number.to_string()});
    json!({
        "imageId": text(id.to_owned()), "originalS3Key": text(format!("user-uploads/anna/{id}.jpg")), "status": text("DONE".to_owned()),
        "processedS3Key": text(format!("processed/{id}.jpg")), "userId": text("anna".to_owned()), "notified": {"BOOL": true},
        "thumbnailWidth": number(320), "thumbnailHeight": number(240), "width": number(4032), "height": number(3024),
        "uploadedAt": text(rfc3339(uploaded)), "processedAt": text(rfc3339(uploaded)), "contentType": text("image/jpeg".to_owned()),
    })
}

/// When an image's result was recorded, in milliseconds since 1970.
async fn decided(stack: &StackInfo, id: &str) -> u128 {
    let key = json!({"TableName": stack.output("MetadataTableName").unwrap(), "Key": {"imageId": {"S": id}}});
    let answer = stack.aws().json("dynamodb", "DynamoDB_20120810.GetItem", key).await.unwrap();
    let at = answer["Item"]["processedAt"]["S"].as_str().and_then(contract::time::unix_millis);
    u128::try_from(at.unwrap()).unwrap()
}

async fn answered(page: &str) -> u128 {
    let began = Instant::now();
    let answer = Http::new().send(Method::GET, page, &[], String::new()).await.unwrap();
    assert!(answer.status().is_success(), "{page}: {}", answer.status());
    began.elapsed().as_millis()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "milliseconds, not negative")]
fn whole(millis: &Value) -> u128 {
    millis.as_f64().unwrap().round() as u128
}

/// The median; the values are sorted afterwards.
fn middle(values: &mut [u128]) -> u128 {
    values.sort_unstable();
    values[values.len() / 2]
}
