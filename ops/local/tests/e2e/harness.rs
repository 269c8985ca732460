//! Running stacks that tests share, and what can be seen of them.

use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use aws_client::{Aws, AwsError};
use local_stack::deploy::Functions;
use local_stack::faults::Faults;
use local_stack::observe::logs::{LogFilter, LogLine};
use local_stack::observe::{Observer, Seen};
use local_stack::stack::{Options, Stack, StackInfo, StateError, UpError};
use serde_json::json;
use tokio::sync::{Mutex, MutexGuard, OnceCell};
use uuid::Uuid;

use crate::item::Item;
use crate::queue::hush;
use crate::release::Release;

/// Longest wait for anything; a machine whose processors are busy with something else needs part of it.
const PATIENCE: Duration = Duration::from_mins(2);

/// How often a table is looked at when the observer has no news.
const GLANCE: Duration = Duration::from_millis(500);

/// As many stacks of a kind may run side by side, so that two test runs do not meet.
const SIDE_BY_SIDE: usize = 10;

/// The only web origins of the breakable stack; the others have the template's default, all.
const ORIGINS: &str = "https://photos.example.com,https://admin.example.com";

/// Parameters of the template, by name.
pub(crate) type Parameters = &'static [(&'static str, &'static str)];

/// A running stack; it goes down with the test process, since the engine follows its parent.
#[derive(Debug)]
pub(crate) struct Harness {
    pub(crate) info: StackInfo,
    pub(crate) observer: Observer,
    pub(crate) faults: Faults,
    pub(crate) aws: Aws,
    /// The process group of the engine and the functions.
    pub(crate) group: i32,
    /// Held by tests that bend the stack or count everything on it.
    alone: Mutex<()>,
}

impl Harness {
    /// The stack of all tests that leave it as they found it.
    pub(crate) async fn shared() -> &'static Self {
        static HARNESS: OnceCell<Harness> = OnceCell::const_new();
        HARNESS.get_or_init(|| Self::up("e2e", &[("RetryBaseSeconds", "0"), ("MaxReceiveCount", "3")])).await
    }

    /// A stack that tests may break and mend, one at a time; its first retries are seconds apart.
    pub(crate) async fn breakable() -> (&'static Self, MutexGuard<'static, ()>) {
        static HARNESS: OnceCell<Harness> = OnceCell::const_new();
        HARNESS
            .get_or_init(|| {
                Self::up("e2e-faults", &[("RetryBaseSeconds", "1"), ("CorsAllowedOrigins", ORIGINS)])
            })
            .await
            .alone()
            .await
    }

    /// A stack whose functions die: each processes one image at a time, so that a death is one image's, and
    /// a message comes again as soon as its function must be dead.
    pub(crate) async fn mortal() -> &'static Self {
        static HARNESS: OnceCell<Harness> = OnceCell::const_new();
        const PARAMETERS: &[(&str, &str)] = &[
            ("ProcessorTimeoutSeconds", "15"),
            ("ProcessorBatchSize", "1"),
            ("QueueVisibilityTimeoutSeconds", "18"),
            ("RetryBaseSeconds", "0"),
        ];
        HARNESS.get_or_init(|| Self::up("e2e-deaths", PARAMETERS)).await
    }

    /// A stack whose functions die too, and take their messages in fives.
    pub(crate) async fn crowded() -> (&'static Self, MutexGuard<'static, ()>) {
        static HARNESS: OnceCell<Harness> = OnceCell::const_new();
        const PARAMETERS: &[(&str, &str)] = &[
            ("ProcessorTimeoutSeconds", "15"),
            ("ProcessorBatchSize", "5"),
            ("QueueVisibilityTimeoutSeconds", "18"),
            ("RetryBaseSeconds", "0"),
        ];
        HARNESS.get_or_init(|| Self::up("e2e-crowd", PARAMETERS)).await.alone().await
    }

    /// A stack with all that the template can have, on which nothing happens but what one test at a time does, so that all
    /// of it can be counted.
    pub(crate) async fn calm() -> (&'static Self, MutexGuard<'static, ()>) {
        static HARNESS: OnceCell<Harness> = OnceCell::const_new();
        HARNESS
            .get_or_init(|| {
                Self::up("e2e-numbers", &[("MetricsSchedule", "rate(1 hour)"), ("StatusApi", "enabled")])
            })
            .await
            .alone()
            .await
    }

    /// A stack whose API also answers how uploads ended, for tests that leave it as they found it.
    pub(crate) async fn with_status() -> &'static Self {
        static HARNESS: OnceCell<Harness> = OnceCell::const_new();
        const PARAMETERS: &[(&str, &str)] =
            &[("StatusApi", "enabled"), ("ThumbnailSides", "256,64"), ("RetryBaseSeconds", "0")];
        HARNESS.get_or_init(|| Self::up("e2e-status", PARAMETERS)).await
    }

    /// A stack that takes more at once than any other, and holds nothing but that.
    pub(crate) async fn loaded() -> (&'static Self, MutexGuard<'static, ()>) {
        static HARNESS: OnceCell<Harness> = OnceCell::const_new();
        HARNESS
            .get_or_init(|| Self::up("e2e-load", &[("MetricsSchedule", "rate(1 hour)")]))
            .await
            .alone()
            .await
    }

    /// A stack whose numbers nobody else changes: what was sent to another one may be counted late.
    pub(crate) async fn for_a_ledger() -> Self {
        Self::up("e2e-ledger", &[("MetricsSchedule", "rate(1 hour)")]).await
    }

    /// A stack whose calls fail for as long as uploads are sent to it. Where the call fails that gives a message back to
    /// the queue, it comes again only when its visibility timeout ends.
    pub(crate) async fn soaked() -> (&'static Self, MutexGuard<'static, ()>) {
        static HARNESS: OnceCell<Harness> = OnceCell::const_new();
        const PARAMETERS: &[(&str, &str)] = &[
            ("MetricsSchedule", "rate(1 hour)"),
            ("ProcessorTimeoutSeconds", "15"),
            ("QueueVisibilityTimeoutSeconds", "18"),
            ("RetryBaseSeconds", "0"),
        ];
        HARNESS.get_or_init(|| Self::up("e2e-soak", PARAMETERS)).await.alone().await
    }

    /// A stack whose API takes few requests, and which is abused otherwise too.
    pub(crate) async fn abused() -> (&'static Self, MutexGuard<'static, ()>) {
        static HARNESS: OnceCell<Harness> = OnceCell::const_new();
        const PARAMETERS: &[(&str, &str)] =
            &[("ApiThrottleRate", "5"), ("ApiThrottleBurst", "10"), ("RetryBaseSeconds", "0")];
        HARNESS.get_or_init(|| Self::up("e2e-abuse", PARAMETERS)).await.alone().await
    }

    /// A stack that takes its messages in tens, on which all spans and numbers are one test's at a time.
    pub(crate) async fn counted() -> (&'static Self, MutexGuard<'static, ()>) {
        static HARNESS: OnceCell<Harness> = OnceCell::const_new();
        const PARAMETERS: &[(&str, &str)] =
            &[("MetricsSchedule", "rate(1 hour)"), ("ProcessorBatchSize", "10"), ("RetryBaseSeconds", "0")];
        HARNESS.get_or_init(|| Self::up("e2e-truth", PARAMETERS)).await.alone().await
    }

    /// A stack with as few processes of each function as may be, so that each works much.
    pub(crate) async fn narrow() -> (&'static Self, MutexGuard<'static, ()>) {
        static HARNESS: OnceCell<Harness> = OnceCell::const_new();
        let parameters = &[("MetricsSchedule", "rate(1 hour)"), ("ProcessorMaxConcurrency", "2")];
        HARNESS.get_or_init(|| Self::up("e2e-memory", parameters)).await.alone().await
    }

    /// A stack of one drill alone, since windows of hours remember others; its minutes are seconds.
    pub(crate) async fn drilled(kind: &'static str, parameters: Parameters) -> Self {
        Self::up_at(60, kind, parameters).await
    }

    /// A stack on which runbooks are followed, one at a time: a message is given up after its second failure, and
    /// comes again soon after its function died.
    pub(crate) async fn for_runbooks() -> (&'static Self, MutexGuard<'static, ()>) {
        static HARNESS: OnceCell<Harness> = OnceCell::const_new();
        const PARAMETERS: &[(&str, &str)] = &[
            ("MaxReceiveCount", "2"),
            ("ProcessorTimeoutSeconds", "15"),
            ("QueueVisibilityTimeoutSeconds", "18"),
            ("RetryBaseSeconds", "0"),
        ];
        HARNESS.get_or_init(|| Self::up("e2e-runbooks", PARAMETERS)).await.alone().await
    }

    async fn alone(&'static self) -> (&'static Self, MutexGuard<'static, ()>) {
        (self, self.alone.lock().await)
    }

    pub(crate) async fn up(kind: &'static str, parameters: Parameters) -> Self {
        Self::up_at(1, kind, parameters).await
    }

    async fn up_at(clock_rate: u32, kind: &'static str, parameters: Parameters) -> Self {
        Self::of_release(Release::current().await, clock_rate, kind, parameters).await
    }

    /// Brings a stack up in a thread of its own, because the runtime of a test ends with the test.
    pub(crate) async fn of_release(
        release: Release,
        clock_rate: u32,
        kind: &'static str,
        parameters: Parameters,
    ) -> Self {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let mut stack = first_free(clock_rate, kind, parameters, release).await;
                let seen = (stack.observer.clone(), stack.faults.clone(), stack.engine_group());
                sender.send((stack.info.clone(), seen)).unwrap();
                panic!("the engine ended by itself: {:?}", stack.ended().await);
            });
        });
        let (info, seen) = receiver.await.expect("the stack should come up; its thread prints why not");
        let (observer, faults, group) = seen;
        let aws = info.aws();
        hush(&aws, info.output("OriginalBucketName").unwrap(), info.output("QueueUrl").unwrap()).await;
        Self { info, observer, faults, aws, group, alone: Mutex::default() }
    }

    /// An output of the template.
    pub(crate) fn output(&self, name: &'static str) -> &str {
        self.info.output(name).unwrap()
    }

    /// The item of an image in the table.
    pub(crate) async fn item(&self, image_id: &str) -> Option<Item> {
        let table = self.output("MetadataTableName");
        let key = json!({"TableName": table, "Key": {"imageId": {"S": image_id}}, "ConsistentRead": true});
        let answer = self.aws.json("dynamodb", "DynamoDB_20120810.GetItem", key).await.unwrap();
        answer.get("Item").cloned().map(Item)
    }

    /// The item once `condition` holds for it.
    pub(crate) async fn item_when(&self, image_id: &str, condition: impl Fn(&Item) -> bool) -> Item {
        let last = async || self.item(image_id).await;
        let found = self.until(async || last().await.filter(&condition)).await;
        match found {
            Some(item) => item,
            None => panic!("item of {image_id} is {:?}\n{}", last().await, self.story(image_id)),
        }
    }

    /// The item once the pipeline is through with the image: result recorded, notification published.
    pub(crate) async fn settled(&self, image_id: &str) -> Item {
        self.item_when(image_id, Item::is_settled).await
    }

    /// What `look` finds, looking again whenever there is news.
    pub(crate) async fn until<T>(&self, look: impl AsyncFn() -> Option<T>) -> Option<T> {
        let deadline = Instant::now() + PATIENCE;
        let mut seen = 0;
        while Instant::now() < deadline {
            if let Some(found) = look().await {
                return Some(found);
            }
            seen = self.observer.revision_after(seen, GLANCE).await;
        }
        None
    }

    /// What the observer sees once `condition` finds it; `what` and the story of `about` go into the failure.
    pub(crate) async fn seen<T>(
        &self,
        what: &str,
        about: &str,
        condition: impl FnMut(&Seen) -> Option<T>,
    ) -> T {
        let found = self.observer.wait_for(PATIENCE, condition).await;
        found.unwrap_or_else(|| panic!("{what} did not come\n{}", self.story(about)))
    }

    /// How many messages the topic sent about an image, counted when one sent later has come.
    pub(crate) async fn notifications(&self, image_id: &str) -> Vec<String> {
        self.fence(image_id).await;
        let mail = self.observer.mail(Some(image_id)).into_iter();
        mail.map(|mut mail| mail.attributes.remove("status").unwrap_or_default()).collect()
    }

    /// Has the topic send a message and waits for it: all that was sent before has come then.
    pub(crate) async fn fence(&self, about: &str) {
        let fence = Uuid::new_v4().to_string();
        let params = [
            ("TopicArn", self.output("TopicArn")),
            ("Message", "{}"),
            ("MessageAttributes.entry.1.Name", "imageId"),
            ("MessageAttributes.entry.1.Value.DataType", "String"),
            ("MessageAttributes.entry.1.Value.StringValue", &fence),
        ];
        self.aws.query("sns", "2010-03-31", "Publish", &params).await.unwrap();
        let passed = |seen: &Seen| (!seen.mail.find(Some(&fence)).is_empty()).then_some(());
        self.seen("the message that follows the notifications", about, passed).await;
    }

    /// An object's content, if it exists.
    pub(crate) async fn object(&self, bucket: &str, key: &str) -> Option<Vec<u8>> {
        match self.aws.rest("s3", http::Method::GET, &format!("/{bucket}/{key}"), Vec::new(), &[]).await {
            Ok(answer) => Some(answer.into_body().to_vec()),
            Err(AwsError::Refused { status: 404, .. }) => None,
            Err(error) => panic!("{error}"),
        }
    }

    /// Stores an object with the account's own credentials.
    pub(crate) async fn put_object(&self, bucket: &str, key: &str, bytes: &[u8], headers: &[(&str, &str)]) {
        let path = format!("/{bucket}/{key}");
        self.aws.rest("s3", http::Method::PUT, &path, bytes.to_vec(), headers).await.unwrap();
    }

    /// The thumbnail of an image, if it exists.
    pub(crate) async fn thumbnail(&self, image_id: &str) -> Option<Vec<u8>> {
        self.object(self.output("ProcessedBucketName"), &format!("processed/{image_id}.jpg")).await
    }

    /// What the functions logged about an image, for people who read a failure.
    pub(crate) fn story(&self, image_id: &str) -> String {
        let filter = LogFilter { image_id: Some(image_id.to_owned()), ..LogFilter::default() };
        let about = self.observer.logs(&filter, 20);
        let last = self.observer.logs(&LogFilter::default(), 20);
        let problems = self.observer.look(|seen| seen.problems.clone());
        let text = |lines: Vec<LogLine>| {
            let lines: Vec<String> = lines.iter().map(|line| json!(line.fields).to_string()).collect();
            lines.join("\n  ")
        };
        format!("about {image_id}:\n  {}\nlast:\n  {}\nproblems: {problems:?}", text(about), text(last))
    }
}

/// The functions, built once for all stacks.
pub(crate) async fn functions() -> Functions {
    static FUNCTIONS: OnceCell<Functions> = OnceCell::const_new();
    let build = async || Functions::build(&root(), env!("CARGO").as_ref(), &()).await.unwrap();
    FUNCTIONS.get_or_init(build).await.clone()
}

/// A stack under the first name that no other process uses.
async fn first_free(clock_rate: u32, kind: &str, parameters: Parameters, release: Release) -> Stack {
    for number in 1..=SIDE_BY_SIDE {
        let options = Options {
            name: format!("{kind}-{number}"),
            engine_port: 0,
            console_port: 0,
            clock_rate,
            parameters: parameters.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
            root: root(),
            template: Some(release.template.clone()),
            functions: Some(release.functions.clone()),
            ..Options::default()
        };
        match Stack::up(options, &()).await {
            Err(UpError::State(StateError::Running(_))) => {}
            result => return result.unwrap_or_else(|error| panic!("{error}: {error:?}")),
        }
    }
    panic!("{SIDE_BY_SIDE} stacks of the kind {kind} are running already");
}

/// The repository.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}
