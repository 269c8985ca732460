//! Update of the stack of the release before, and the way back, while messages are in flight.

use http::{Method, StatusCode};
use image::ImageFormat;
use local_stack::faults::{InjectedFault, Rule, Strike};
use local_stack::flow::{TraceHeaders, UploadUrl, put};
use local_stack::user::Tokens;
use serde_json::{Value, json};

use crate::crashes::struck;
use crate::crowd::items;
use crate::faults::items_of;
use crate::harness::Harness;
use crate::picture::{assert_thumbnail, picture};
use crate::queue::{attempt, dead_letters, drained, enqueue, notification};
use crate::release::Release;
use crate::soak::redrive;
use crate::stacks::Parameters;
use crate::uploader::{plain_url, somebody, upload};

/// Time for an update while functions are held, and no more functions than are held, so that messages wait.
const PARAMETERS: Parameters = &[
    ("MaxReceiveCount", "3"),
    ("MetricsSchedule", "rate(1 hour)"),
    ("ProcessorBatchSize", "1"),
    ("ProcessorMaxConcurrency", "2"),
    ("ProcessorTimeoutSeconds", "55"),
    ("QueueVisibilityTimeoutSeconds", "60"),
    ("RetryBaseSeconds", "1"),
];

/// `MaxReceiveCount`, and how often the SDK makes a call before it gives up.
const RECEIVES: usize = 3;
const SDK_ATTEMPTS: usize = 3;

/// Images of one user, each with its message in another state.
struct Flight {
    done: UploadUrl,
    dead: UploadUrl,
    /// Its function was killed after the claim.
    orphaned: UploadUrl,
    /// Claimed and read by nobody.
    waiting: Vec<UploadUrl>,
    /// One before its claim, one before its result is recorded.
    held: [(UploadUrl, Strike); 2],
    /// Left to the queue by a function that could not claim it, nor can one until the rule ends.
    retried: (UploadUrl, Strike),
    /// A URL that nothing was put to yet.
    unused: UploadUrl,
}

#[tokio::test]
#[ignore = "needs what .ci/build-previous-release builds: run by .ci/nightly"]
async fn update_and_rollback_settle_and_announce_each_image_in_flight_once() {
    let (previous, current) = (Release::previous(), Release::current().await);
    let harness = &Harness::of_release(previous.clone(), 1, "e2e-previous", PARAMETERS).await;
    let tokens = &somebody(harness).await;
    let mut images = 0;
    for release in [&current, &previous] {
        let flight = Flight::begin(harness, tokens).await;
        let code = processor_code(harness).await;

        harness.update(release, PARAMETERS).await;

        assert_ne!(processor_code(harness).await, code, "another release runs");
        images += flight.land(harness).await;
        assert_eq!(items(harness).await.len(), images, "an item for each image, and no other");
        assert_eq!(dead_letters(harness).await, [""; 0]);
    }
}

impl Flight {
    async fn begin(harness: &Harness, tokens: &Tokens) -> Self {
        let done = upload(harness, tokens, picture(ImageFormat::Jpeg)).await;
        harness.settled(&done.image_id).await;
        let (dead, refused) = refused(harness, tokens).await;
        struck(&refused, RECEIVES * SDK_ATTEMPTS).await;
        let is_dead = async || dead_letters(harness).await.iter().any(|body| body.contains(&dead.file_path));
        let found = harness.until(async || is_dead().await.then_some(())).await;
        assert!(found.is_some(), "{}", harness.story(&dead.image_id));

        let claim = |id: &str, fault| Rule::next("dynamodb", "PutItem", id, fault);
        let orphaned = plain_url(harness, tokens).await;
        let kill = harness.faults.strike(claim(&orphaned.image_id, InjectedFault::KillAfter));
        store(&orphaned).await;
        struck(&kill, 1).await;

        let download = plain_url(harness, tokens).await;
        let rule = Rule::next("s3", "GetObject", &download.file_path, InjectedFault::Hold);
        let download = held(harness, download, rule).await;
        let retried = refused_once(harness, tokens).await;
        let record = plain_url(harness, tokens).await;
        let rule = Rule { after: 1, ..claim(&record.image_id, InjectedFault::Hold) };
        let record = held(harness, record, rule).await;
        let mut waiting = Vec::new();
        for _ in 0..3 {
            waiting.push(upload(harness, tokens, picture(ImageFormat::Png)).await);
        }
        let unused = plain_url(harness, tokens).await;
        for image in waiting.iter().chain([&dead, &download.0, &retried.0]) {
            assert_eq!(harness.item(&image.image_id).await, None, "{}", harness.story(&image.image_id));
        }
        Self { done, dead, orphaned, waiting, held: [download, record], retried, unused }
    }

    /// Lets everything go on, and checks what came of each; answers how many images there are.
    async fn land(self, harness: &Harness) -> usize {
        let Self { done, dead, orphaned, waiting, held, retried, unused } = self;
        store(&unused).await;
        let (retried, failing) = retried;
        drop(failing);
        let [download, record] = held.map(|(image, hold)| {
            drop(hold);
            image
        });
        let images: Vec<UploadUrl> = waiting
            .into_iter()
            .chain([done.clone(), orphaned, download, record, retried, unused, dead])
            .collect();
        let (last, others) = images.split_last().unwrap();
        for image in others {
            harness.settled(&image.image_id).await;
        }
        redrive(harness).await;
        harness.settled(&last.image_id).await;
        // A message may come again whenever SQS likes.
        let sequencer = harness.item(&done.image_id).await.unwrap().text("sequencer").to_owned();
        let again = notification(harness, &done.file_path, &sequencer);
        attempt(harness, &enqueue(harness, &again, json!({})).await).await;
        drained(harness).await;
        for image in &images {
            assert_landed(harness, image).await;
        }
        images.len()
    }
}

async fn assert_landed(harness: &Harness, image: &UploadUrl) {
    let id = &image.image_id;
    let item = harness.item(id).await.unwrap();
    assert_eq!((item.status(), item.is_settled()), ("DONE", true), "{}", harness.story(id));
    assert_eq!(items_of(harness, &image.file_path).await, 1);
    assert_thumbnail(&harness.thumbnail(id).await.unwrap());
    assert_eq!(harness.notifications(id).await, ["DONE"], "{}", harness.story(id));
}

async fn store(image: &UploadUrl) {
    put(image, picture(ImageFormat::Jpeg), &TraceHeaders::default()).await.unwrap();
}

/// An upload whose processing is held by `rule`.
async fn held(harness: &Harness, image: UploadUrl, rule: Rule) -> (UploadUrl, Strike) {
    let hold = harness.faults.strike(rule);
    store(&image).await;
    struck(&hold, 1).await;
    (image, hold)
}

/// An upload that nobody can claim for as long as the strike is there.
async fn refused(harness: &Harness, tokens: &Tokens) -> (UploadUrl, Strike) {
    let image = plain_url(harness, tokens).await;
    let fault =
        InjectedFault::Refuse { status: StatusCode::SERVICE_UNAVAILABLE, code: "ServiceUnavailable".into() };
    let rule = Rule { times: usize::MAX, ..Rule::next("dynamodb", "PutItem", &image.image_id, fault) };
    let strike = harness.faults.strike(rule);
    store(&image).await;
    (image, strike)
}

/// The same, once the first attempt at it is given up.
async fn refused_once(harness: &Harness, tokens: &Tokens) -> (UploadUrl, Strike) {
    let (image, strike) = refused(harness, tokens).await;
    struck(&strike, SDK_ATTEMPTS).await;
    (image, strike)
}

/// The hash of what the processor runs.
async fn processor_code(harness: &Harness) -> String {
    let path = format!("/2015-03-31/functions/{}", harness.output("ImageProcessorFunctionName"));
    let answer = harness.aws.rest("lambda", Method::GET, &path, Vec::new(), &[]).await.unwrap();
    let function: Value = serde_json::from_slice(answer.body()).unwrap();
    function["Configuration"]["CodeSha256"].as_str().unwrap().to_owned()
}
