//! Stacks that tests share: a table of their kinds, and how one comes up.

use std::thread;

use local_stack::deploy::Functions;
use local_stack::stack::{Options, Stack, StateError, UpError};
use tokio::sync::{Mutex, MutexGuard, OnceCell};

use crate::harness::{Harness, root};
use crate::queue::hush;
use crate::release::Release;

/// Parameters of the template, by name.
pub(crate) type Parameters = &'static [(&'static str, &'static str)];

/// A stack that is one test's at a time.
type Alone = (&'static Harness, MutexGuard<'static, ()>);

/// As many stacks of a kind may run side by side, so that two test runs do not meet.
const SIDE_BY_SIDE: usize = 10;

/// Buckets are not scanned while a test counts.
const RARE_SCANS: (&str, &str) = ("MetricsSchedule", "rate(1 hour)");
/// What failed is tried again at once.
const NO_WAIT: (&str, &str) = ("RetryBaseSeconds", "0");
/// A message comes again as soon as a function that had it must be dead.
const SHORT_LIFE: (&str, &str) = ("ProcessorTimeoutSeconds", "15");
const SHORT_HIDING: (&str, &str) = ("QueueVisibilityTimeoutSeconds", "18");
/// The API answers how uploads ended, too.
const STATUS: (&str, &str) = ("StatusApi", "enabled");
/// The only web origins of the breakable stack; the others have the template's default, all.
const ORIGINS: (&str, &str) = ("CorsAllowedOrigins", "https://photos.example.com,https://admin.example.com");

static SHARED: Kind = Kind::new("e2e", &[NO_WAIT, ("MaxReceiveCount", "3")]);
static BREAKABLE: Kind = Kind::new("e2e-faults", &[("RetryBaseSeconds", "1"), ORIGINS]);
static MORTAL: Kind =
    Kind::new("e2e-deaths", &[SHORT_LIFE, SHORT_HIDING, NO_WAIT, ("ProcessorBatchSize", "1")]);
static CROWDED: Kind =
    Kind::new("e2e-crowd", &[SHORT_LIFE, SHORT_HIDING, NO_WAIT, ("ProcessorBatchSize", "5")]);
static CALM: Kind = Kind::new("e2e-numbers", &[RARE_SCANS, STATUS]);
static WITH_STATUS: Kind = Kind::new("e2e-status", &[STATUS, ("ThumbnailSides", "256,64"), NO_WAIT]);
static LOADED: Kind = Kind::new("e2e-load", &[RARE_SCANS]);
static LEDGER: Kind = Kind::new("e2e-ledger", &[RARE_SCANS]);
static SOAKED: Kind = Kind::new("e2e-soak", &[RARE_SCANS, SHORT_LIFE, SHORT_HIDING, NO_WAIT]);
static ABUSED: Kind =
    Kind::new("e2e-abuse", &[("ApiThrottleRate", "5"), ("ApiThrottleBurst", "10"), NO_WAIT]);
static COUNTED: Kind = Kind::new("e2e-truth", &[RARE_SCANS, ("ProcessorBatchSize", "10"), NO_WAIT]);
static NARROW: Kind = Kind::new("e2e-memory", &[RARE_SCANS, ("ProcessorMaxConcurrency", "2")]);
static FOR_RUNBOOKS: Kind =
    Kind::new("e2e-runbooks", &[("MaxReceiveCount", "2"), SHORT_LIFE, SHORT_HIDING, NO_WAIT]);

/// A kind of stack, which comes up when the first test of a run asks for it.
struct Kind {
    name: &'static str,
    parameters: Parameters,
    harness: OnceCell<Harness>,
}

impl Kind {
    const fn new(name: &'static str, parameters: Parameters) -> Self {
        Self { name, parameters, harness: OnceCell::const_new() }
    }

    /// For tests that do not disturb each other.
    async fn shared(&'static self) -> &'static Harness {
        self.harness.get_or_init(|| Harness::up(self.name, self.parameters)).await
    }

    /// For one test at a time.
    async fn alone(&'static self) -> Alone {
        let harness = self.shared().await;
        (harness, harness.alone.lock().await)
    }
}

impl Harness {
    /// The stack of all tests that leave it as they found it.
    pub(crate) async fn shared() -> &'static Self {
        SHARED.shared().await
    }

    /// A stack that tests may break and mend, one at a time; its first retries are seconds apart.
    pub(crate) async fn breakable() -> Alone {
        BREAKABLE.alone().await
    }

    /// A stack whose functions die: each processes one image at a time, so that a death is one image's.
    pub(crate) async fn mortal() -> &'static Self {
        MORTAL.shared().await
    }

    /// A stack whose functions die too, and take their messages in fives.
    pub(crate) async fn crowded() -> Alone {
        CROWDED.alone().await
    }

    /// A stack with all that the template can have, on which nothing happens but what one test at a time does, so that all
    /// of it can be counted.
    pub(crate) async fn calm() -> Alone {
        CALM.alone().await
    }

    /// A stack whose API also answers how uploads ended, for tests that leave it as they found it.
    pub(crate) async fn with_status() -> &'static Self {
        WITH_STATUS.shared().await
    }

    /// A stack that takes more at once than any other, and holds nothing but that.
    pub(crate) async fn loaded() -> Alone {
        LOADED.alone().await
    }

    /// A stack whose numbers nobody else changes: what was sent to another one may be counted late.
    pub(crate) async fn for_a_ledger() -> &'static Self {
        LEDGER.shared().await
    }

    /// A stack whose calls fail for as long as uploads are sent to it. Where the call fails that gives a message back to
    /// the queue, it comes again only when its visibility timeout ends.
    pub(crate) async fn soaked() -> Alone {
        SOAKED.alone().await
    }

    /// A stack whose API takes few requests, and which is abused otherwise too.
    pub(crate) async fn abused() -> Alone {
        ABUSED.alone().await
    }

    /// A stack that takes its messages in tens, on which all spans and numbers are one test's at a time.
    pub(crate) async fn counted() -> Alone {
        COUNTED.alone().await
    }

    /// A stack with as few processes of each function as may be, so that each works much.
    pub(crate) async fn narrow() -> Alone {
        NARROW.alone().await
    }

    /// A stack on which runbooks are followed, one at a time: a message is given up after its second failure.
    pub(crate) async fn for_runbooks() -> Alone {
        FOR_RUNBOOKS.alone().await
    }

    /// A stack of one drill alone, since windows of hours remember others; its minutes are seconds.
    pub(crate) async fn drilled(kind: &'static str, parameters: Parameters) -> Self {
        Self::of_release(Release::current().await, 60, kind, parameters).await
    }

    /// A stack of one test alone.
    pub(crate) async fn up(kind: &'static str, parameters: Parameters) -> Self {
        Self::of_release(Release::current().await, 1, kind, parameters).await
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
