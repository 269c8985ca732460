//! Run of a load: begins each upload when it is due, and follows all of them at once.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::{Duration, SystemTime};

use aws_client::{Aws, AwsError, chain};
use futures_util::stream::{FuturesUnordered, StreamExt};
use serde_json::json;
use terminal::progress::{Reporter, Step};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

use super::file::Files;
use super::latency::Part;
use super::ledger::{End, Ledger, Sent, processed_at};
use super::mix::Kind;
use super::schedule::Arrival;
use crate::error::FlowError;
use crate::follow::Follower;
use crate::inbox::drain;
use crate::retry::patiently;
use crate::stack::Pipeline;
use crate::upload::{TraceHeaders, UploadUrl, put, request_url_in, store};
use crate::user::Session;

/// Between two looks at the queue, once everything was sent.
const LOOK: Duration = Duration::from_secs(2);
/// So many looks in a row must find the queue empty and nothing new: what has no result then gets none.
const QUIET_LOOKS: usize = 3;
/// Between two looks at the queue while notifications come.
const GLANCE: Duration = Duration::from_millis(200);
/// Notifications come within moments; a queue that is polled once a second may need some more.
const NOTIFIED: Duration = Duration::from_secs(30);

/// A load under way. Everything happens in one task, so cells are enough.
pub(super) struct Load<'a> {
    stack: &'a dyn Pipeline,
    aws: Aws,
    queue: &'a str,
    sessions: &'a [Session<'a>],
    files: &'a Files,
    inbox: &'a str,
    follower: Follower<'a>,
    patience: Duration,
    start: Cell<Instant>,
    /// Uploads that are due and not stored yet.
    sending: Cell<usize>,
    ended: Cell<usize>,
    urls: Cell<usize>,
    throttled: Cell<usize>,
    retried: Cell<usize>,
    notifications: RefCell<BTreeMap<String, usize>>,
    /// True once no result is to be expected any more.
    over: watch::Sender<bool>,
}

impl<'a> Load<'a> {
    pub(super) fn new(
        stack: &'a dyn Pipeline,
        sessions: &'a [Session<'a>],
        files: &'a Files,
        inbox: &'a str,
        patience: Duration,
    ) -> Result<Self, FlowError> {
        Ok(Self {
            stack,
            aws: stack.aws(),
            queue: stack.output("QueueUrl")?,
            sessions,
            files,
            inbox,
            follower: Follower::of(stack)?,
            patience,
            start: Cell::new(Instant::now()),
            sending: Cell::default(),
            ended: Cell::default(),
            urls: Cell::default(),
            throttled: Cell::default(),
            retried: Cell::default(),
            notifications: RefCell::default(),
            over: watch::Sender::new(false),
        })
    }

    pub(super) async fn all(
        &self,
        arrivals: Vec<Arrival>,
        ledger: Ledger,
        reporter: &dyn Reporter,
    ) -> Ledger {
        let work = async {
            let mut ledger = self.send(arrivals, ledger, reporter).await;
            self.until_notified(&mut ledger, reporter).await;
            ledger
        };
        let mut ledger = tokio::select! {
            ledger = work => ledger,
            never = self.follower.run() => match never {},
            never = self.receive() => match never {},
        };
        ledger.urls = self.urls.get();
        ledger.throttled = self.throttled.get();
        ledger.retried = self.retried.get();
        ledger
    }

    async fn send(&self, arrivals: Vec<Arrival>, mut ledger: Ledger, reporter: &dyn Reporter) -> Ledger {
        let total = arrivals.len() as u64;
        let step = Step::start(reporter, "load", format!("Sending {total} uploads"));
        self.start.set(Instant::now());
        let start = self.start.get();
        let mut arrivals = arrivals.into_iter().peekable();
        let mut under_way = FuturesUnordered::new();
        let mut watching = std::pin::pin!(self.watch());
        let mut is_watched = true;
        loop {
            let due = arrivals.peek().map(|arrival| start + arrival.at);
            tokio::select! {
                biased;
                () = sleep_until(due.unwrap_or(start)), if due.is_some() => {
                    let Some(arrival) = arrivals.next() else { continue };
                    ledger.sending = start.elapsed();
                    self.sending.set(self.sending.get() + 1);
                    under_way.push(self.one(arrival));
                }
                Some(sent) = under_way.next(), if !under_way.is_empty() => {
                    self.ended.set(self.ended.get() + 1);
                    ledger.add(sent);
                    let detail = format!("{} under way", under_way.len());
                    step.moved(detail, Some(self.ended.get() as u64), Some(total));
                }
                () = &mut watching, if is_watched && due.is_none() && !under_way.is_empty() => {
                    is_watched = false;
                    self.over.send_replace(true);
                }
                else => break,
            }
        }
        ledger.took = start.elapsed();
        step.finish(format!("Sent {total} uploads, {} of which have a result", ledger.ended()));
        ledger
    }

    /// One upload, from when it is due to its end.
    async fn one(&self, arrival: Arrival) -> Sent {
        let due = self.start.get() + arrival.at;
        let mut sent = Sent {
            kind: arrival.kind,
            lag: due.elapsed(),
            puts: 0,
            image_id: None,
            end: End::None,
            latencies: Vec::new(),
        };
        let stored = self.store(arrival, due, &mut sent).await;
        self.sending.set(self.sending.get() - 1);
        let answered = match stored {
            Ok(answered) => answered,
            Err(error) => {
                sent.end = End::NotUploaded(chain(&error));
                return sent;
            }
        };
        let image_id = sent.image_id.clone().unwrap_or_default();
        let mut over = self.over.subscribe();
        let item = tokio::select! {
            biased;
            item = self.follower.ending(&image_id) => item,
            _ = over.wait_for(|over| *over) => return sent,
        };
        // The item's clock is this machine's: how often the table is looked at does not count.
        let processing = processed_at(&item).map(|at| at.duration_since(answered.1).unwrap_or_default());
        if let Some(processing) = processing {
            sent.latencies.push((Part::Processing, processing));
            sent.latencies.push((Part::Whole, answered.0.duration_since(due) + processing));
        }
        sent.end = End::Item { status: item.status, reason: item.reason };
        sent
    }

    /// Asks for a URL and puts the bytes there; answers when S3 had them, by both clocks.
    async fn store(
        &self,
        arrival: Arrival,
        due: Instant,
        sent: &mut Sent,
    ) -> Result<(Instant, SystemTime), FlowError> {
        let bytes = self.files.of(arrival.kind, arrival.number);
        let plain = TraceHeaders::default();
        let Some(session) = self.sessions.get(arrival.number % self.sessions.len().max(1)) else {
            return Err(FlowError::TooSlow { what: "a user" });
        };
        let ask = || request_url_in(session, self.stack, &plain, bytes.len());
        let refused = |error: &FlowError| self.refused(error);
        // Of the last URL, should one be refused.
        let asked = Cell::new(due);
        let begun = |_: &UploadUrl| {
            asked.set(Instant::now());
            self.urls.set(self.urls.get() + 1);
            Ok(())
        };
        let issued = store(ask, begun, &bytes, refused).await?;
        let answered = (Instant::now(), SystemTime::now());
        sent.image_id = Some(issued.image_id.clone());
        sent.puts += 1;
        sent.latencies.push((Part::Api, asked.get().duration_since(due)));
        sent.latencies.push((Part::Put, answered.0.duration_since(asked.get())));
        if arrival.kind == Kind::Duplicate {
            patiently(|| put(&issued, bytes.clone(), &plain), refused).await?;
            sent.puts += 1;
        }
        Ok(answered)
    }

    fn refused(&self, error: &FlowError) {
        let count = if error.is_throttled() { &self.throttled } else { &self.retried };
        count.set(count.get() + 1);
    }

    /// Waits until no result is to be expected any more: all is sent, and the queue is empty or nothing moves.
    async fn watch(&self) {
        let mut quiet = 0;
        let (mut last, mut news) = ((0, None), Instant::now());
        loop {
            sleep(LOOK).await;
            let queued = self.queued(self.queue).await.ok();
            let now = (self.ended.get(), queued);
            let is_new = now != last;
            if is_new {
                (last, news) = (now, Instant::now());
            }
            let is_quiet = queued == Some(0) && self.sending.get() == 0 && !is_new;
            quiet = if is_quiet { quiet + 1 } else { 0 };
            if quiet == QUIET_LOOKS || news.elapsed() > self.patience {
                return;
            }
        }
    }

    /// Messages that a queue holds, whoever has them in hand.
    async fn queued(&self, queue: &str) -> Result<u64, AwsError> {
        const NAMES: [&str; 3] = [
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesNotVisible",
            "ApproximateNumberOfMessagesDelayed",
        ];
        let ask = json!({"QueueUrl": queue, "AttributeNames": NAMES});
        let answer = self.aws.json("sqs", "AmazonSQS.GetQueueAttributes", ask).await?;
        let count = |name: &str| answer.get("Attributes")?.get(name)?.as_str()?.parse::<u64>().ok();
        Ok(NAMES.into_iter().filter_map(count).sum())
    }

    /// Receives notifications for as long as it is polled; a failed receive is tried again.
    async fn receive(&self) -> Infallible {
        loop {
            let take = |mail: Vec<crate::inbox::Mail>| {
                let mut notifications = self.notifications.borrow_mut();
                for id in mail.into_iter().filter_map(|mail| mail.image_id) {
                    *notifications.entry(id).or_default() += 1;
                }
            };
            if drain(&self.aws, self.inbox, 1, take).await.is_err() {
                sleep(LOOK).await;
            }
        }
    }

    /// Waits until the queue is empty and everybody is notified whose image has a result, or nothing comes any more: an
    /// image with a result may be tried again for its notification, and a second version of it has a second one.
    async fn until_notified(&self, ledger: &mut Ledger, reporter: &dyn Reporter) {
        let step = Step::start(reporter, "load-notifications", "Receiving the notifications");
        let (mut last, mut news) = ((None, 0), Instant::now());
        loop {
            // In this order: what is acknowledged was published before, and what was published is in the inbox.
            let queued = self.queued(self.queue).await.ok();
            let unread = self.queued(self.inbox).await.ok();
            ledger.notified(&self.notifications.borrow());
            if queued == Some(0) && unread == Some(0) && ledger.not_notified().is_empty() {
                break;
            }
            let now = (queued, ledger.notifications.values().sum::<usize>());
            if now != last {
                (last, news) = (now, Instant::now());
            }
            if news.elapsed() > if queued == Some(0) { NOTIFIED } else { self.patience } {
                break;
            }
            sleep(GLANCE).await;
        }
        step.finish(format!("Received notifications about {} images", ledger.notifications.len()));
    }
}
