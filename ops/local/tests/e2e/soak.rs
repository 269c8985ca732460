//! Soak: uploads for half an hour while every tenth call of the functions fails. Nothing is lost.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use local_stack::faults::{InjectedFault, Rule, Strike};
use pipeline_client::inbox::{Inbox, drain};
use pipeline_client::load::{self, Ledger, Plan};
use serde_json::json;

use crate::crowd::{items, queued};
use crate::harness::Harness;
use crate::item::Item;
use crate::ledger::{Expected, Sums, assert_counted};
use crate::queue::drained;

/// How long uploads are sent, unless `SOAK_MINUTES` names another time: .ci/nightly has 30.
const MINUTES: u64 = 1;

/// Uploads a second: in 30 minutes more than 10,000, however chance spaces them.
const RATE: f64 = 10_500.0 / 1_800.0;

/// The share of all calls that fails.
const FAILING: f64 = 0.1;

/// The calls of the functions: service, operation, and what they are about; empty for all.
const CALLS: [(&str, &str, &str); 5] = [
    ("s3", "GetObject", ""),
    ("s3", "PutObject", "/processed/"),
    ("dynamodb", "", ""),
    ("sns", "", ""),
    ("sqs", "", ""),
];

/// A rule in force, and whose calls it is about.
struct Struck {
    service: &'static str,
    fault: InjectedFault,
    strike: Strike,
}

/// Has a tenth of the functions' calls fail.
fn strike(harness: &Harness) -> Vec<Struck> {
    let rules = CALLS.iter().flat_map(|(service, operation, subject)| {
        let rules = Rule::failing(service, FAILING).into_iter();
        rules.map(|rule| {
            let rule = Rule { operation: (*operation).into(), subject: (*subject).to_owned(), ..rule };
            (*service, rule)
        })
    });
    let strike = |(service, rule): (_, Rule)| {
        let fault = rule.fault.clone();
        Struck { service, fault, strike: harness.faults.strike(rule) }
    };
    rules.map(strike).collect()
}

/// Has a tenth of the users' PUTs fail: half of them before S3 has the bytes, and half afterwards, so that the user sends
/// them again.
fn strike_users(harness: &Harness) -> [Strike; 2] {
    let half = FAILING / 2.0;
    [(InjectedFault::Drop, half), (InjectedFault::Lose, half / (1.0 - half))].map(|(fault, probability)| {
        let rule = Rule::next("s3", "PutObject", "/user-uploads/", fault);
        harness.faults.strike(Rule { times: usize::MAX, probability, ..rule })
    })
}

/// Counts the notifications of every image until it is aborted.
fn count_notifications(harness: &Harness, inbox: &Inbox) -> Arc<Mutex<BTreeMap<String, usize>>> {
    let counted = Arc::new(Mutex::new(BTreeMap::new()));
    let (aws, url, shared) = (harness.aws.clone(), inbox.url.clone(), Arc::clone(&counted));
    tokio::spawn(async move {
        loop {
            let take = |mail: Vec<pipeline_client::inbox::Mail>| {
                let mut counted = shared.lock().unwrap();
                for id in mail.into_iter().filter_map(|mail| mail.image_id) {
                    *counted.entry(id).or_default() += 1;
                }
            };
            drain(&aws, &url, 1, take).await.unwrap();
        }
    });
    counted
}

/// Has SQS move everything from the dead-letter queue back, once.
pub(crate) async fn redrive(harness: &Harness) {
    let wanted = json!({"QueueUrl": harness.output("DeadLetterQueueUrl"), "AttributeNames": ["QueueArn"]});
    let attributes = harness.aws.json("sqs", "AmazonSQS.GetQueueAttributes", wanted).await.unwrap();
    let task = json!({"SourceArn": attributes["Attributes"]["QueueArn"]});
    harness.aws.json("sqs", "AmazonSQS.StartMessageMoveTask", task).await.unwrap();
    let moved = async || (queued(harness, "DeadLetterQueueUrl").await == 0).then_some(());
    harness.until(moved).await.expect("the dead-letter queue should become empty");
    drained(harness).await;
}

/// How many calls were struck by the rules that `of` picks.
fn struck(rules: &[Struck], of: impl Fn(&Struck) -> bool) -> usize {
    rules.iter().filter(|it| of(it)).map(|it| it.strike.count()).sum()
}

#[tokio::test]
#[ignore = "long: run by .ci/run, and for half an hour by .ci/nightly"]
#[expect(clippy::print_stdout, reason = "the figures are what the run of CI shows of it")]
async fn of_uploads_with_a_tenth_of_all_calls_failing_none_is_lost() {
    #[expect(clippy::disallowed_methods, reason = "a longer run is asked for from outside")]
    let minutes = std::env::var("SOAK_MINUTES").ok().and_then(|raw| raw.parse().ok()).unwrap_or(MINUTES);
    let (harness, _alone) = Harness::soaked().await;
    let inbox = Inbox::create(&harness.aws, "soak", &[harness.output("TopicArn")]).await.unwrap();
    let notifications = count_notifications(harness, &inbox);
    let before = Sums::settled(harness).await;
    let plan = Plan {
        rate: RATE,
        duration: Duration::from_mins(minutes),
        mix: "photo=9,broken=1".parse().unwrap(),
        users: 10,
        ..Plan::default()
    };

    let (strikes, [dropped, lost]) = (strike(harness), strike_users(harness));
    let ledger = load::run(&harness.info, &plan, &()).await.unwrap();

    drained(harness).await;
    // Some have a result, and failed five times to notify of it or to record that.
    let dead = usize::try_from(queued(harness, "DeadLetterQueueUrl").await).unwrap();
    let open = ledger.unended.len();
    assert!(open <= dead, "{open} have no result, {dead} are in the dead-letter queue");
    let all = struck(&strikes, |_| true);
    // After these, the topic has sent the message and the function does not know.
    let unknown = |it: &Struck| {
        it.service == "sns" && matches!(it.fault, InjectedFault::Lose | InjectedFault::Truncate(_))
    };
    let published_unknown = struck(&strikes, unknown);
    let (dropped, stored_again) = (dropped.count(), lost.count());
    drop(strikes);
    if dead > 0 {
        redrive(harness).await;
    }

    let items = items(harness).await;
    let whole = assert_each_has_one_result(&ledger, &items);
    let again = assert_notified(harness, &whole, &notifications).await;
    // An attempt whose last record was made, and whose answer was lost, counts as failed; the next one finds the image
    // complete and counts a duplicate.
    let puts = ledger.puts + stored_again;
    let expected = Expected { refused: None, puts, moved: dead, ..Expected::of(&ledger) };
    let counted = assert_counted(harness, &before, &expected).await;
    let settle_faults = usize::try_from(counted.of("ProcessingFaults settle")).unwrap();
    let completed = usize::try_from(counted.of("Duplicates")).unwrap();
    let explained = settle_faults + stored_again;
    assert!(completed <= explained, "{completed} duplicates, of which {explained} are explained");
    let explained = explained + published_unknown;
    assert!(again <= explained, "{again} notifications too many, of which {explained} are explained");
    println!(
        "{} uploads in {} s; {all} calls of the functions and {} PUTs failed; {} attempts failed; {dead} messages in the \
         dead-letter queue, one redrive at most; {} results, lost 0; {again} notifications beyond the first of an image, \
         explained by {published_unknown} lost answers of the topic, {settle_faults} last records and {stored_again} PUTs\n\
         {:#?}\n{counted:#?}",
        ledger.sent,
        ledger.took.as_secs(),
        dropped + stored_again,
        counted.of("ProcessingFaults"),
        whole.len(),
        ledger.latencies.percentiles(),
    );
}

/// Every upload has exactly one item, which says DONE or FAILED; answers their ids.
fn assert_each_has_one_result(ledger: &Ledger, items: &BTreeMap<String, Item>) -> Vec<String> {
    assert!(ledger.not_uploaded.is_empty() && ledger.unexpected.is_empty(), "{ledger:?}");
    assert_eq!(items.len(), ledger.sent, "items of this stack, which nobody else uses");
    let open = items.iter().filter(|(_, item)| !item.is_settled() || item.status() == "PROCESSING");
    let open: Vec<&String> = open.map(|(id, _)| id).collect();
    assert!(open.is_empty(), "without a result: {open:?}");
    let lost: Vec<&String> = ledger.unended.iter().filter(|id| !items.contains_key(*id)).collect();
    assert!(lost.is_empty(), "lost: {lost:?}");
    items.keys().cloned().collect()
}

/// Waits until each image has a notification; answers how many there are beyond the first of each.
async fn assert_notified(
    harness: &Harness,
    images: &[String],
    notifications: &Mutex<BTreeMap<String, usize>>,
) -> usize {
    let missing = || {
        let counted = notifications.lock().unwrap();
        images.iter().filter(|id| !counted.contains_key(*id)).count()
    };
    harness.until(async || (missing() == 0).then_some(())).await;
    assert_eq!(missing(), 0, "images that nobody was notified of");
    let counted = notifications.lock().unwrap();
    assert_eq!(counted.len(), images.len(), "notifications about other images");
    counted.values().sum::<usize>() - counted.len()
}
