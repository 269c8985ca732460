//! Ledger of a load against CloudWatch: what the generator counted is what the services and functions reported.

use std::collections::BTreeMap;
use std::time::Duration;

use cloudwatch_model::{Dimensions, MetricId, Timestamp};
use local_stack::observe::Seen;
use pipeline_client::load::{self, Ledger, Plan};

use crate::harness::Harness;
use crate::numbers::{ISSUER, PROCESSOR, total};

/// Sums of metrics by what they count.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Sums(BTreeMap<String, i64>);

/// The counters of the processor, of which each S3 record that it receives adds to one.
const VERDICTS: [&str; 6] =
    ["ImagesProcessed", "ImagesRejected", "Duplicates", "ImagesBusy", "ProcessingFaults", "RecordsSkipped"];

impl Sums {
    /// What CloudWatch has so far.
    pub(crate) fn seen(harness: &Harness) -> Self {
        let topic = harness.output("TopicArn").rsplit(':').next().unwrap().to_owned();
        let api = harness.output("GenerateUploadUrlEndpoint");
        let api = api.split("/execute-api/").nth(1).unwrap().split('/').next().unwrap().to_owned();
        harness.observer.look(|seen| {
            let own = |service, name, dimension| f64_to_count(total(seen, service, name, dimension).1);
            let mut sums = BTreeMap::new();
            sums.insert("UploadUrlsIssued".to_owned(), own(ISSUER, "UploadUrlsIssued", None));
            for name in ["UploadsSeen", "ImagesReceived"].iter().chain(&VERDICTS) {
                sums.insert((*name).to_owned(), own(PROCESSOR, name, None));
            }
            let settle = own(PROCESSOR, "ProcessingFaults", Some(("Stage", "settle")));
            sums.insert("ProcessingFaults settle".to_owned(), settle);
            for reason in ["NotAnImage", "Truncated"] {
                let rejected = own(PROCESSOR, "ImagesRejected", Some(("Reason", reason)));
                sums.insert(format!("ImagesRejected {reason}"), rejected);
            }
            let published =
                of_service(seen, "AWS/SNS", "NumberOfMessagesPublished", &[("TopicName", &topic)]);
            sums.insert("NumberOfMessagesPublished".to_owned(), published);
            for name in ["Count", "4xx", "5xx"] {
                sums.insert(
                    format!("API {name}"),
                    of_service(seen, "AWS/ApiGateway", name, &[("ApiId", &api)]),
                );
            }
            Self(sums)
        })
    }

    /// What CloudWatch has once all that was done before is counted.
    pub(crate) async fn settled(harness: &Harness) -> Self {
        let is_whole = |sums: &Self| {
            let answered = sums.of("API Count") - sums.of("API 4xx") - sums.of("API 5xx");
            sums.open() == 0 && answered == sums.of("UploadUrlsIssued")
        };
        let settled = harness.until(async || Some(Self::seen(harness)).filter(is_whole)).await;
        settled.unwrap_or_else(|| panic!("earlier work is not counted: {:#?}", Self::seen(harness)))
    }

    /// How much was counted since `before`.
    pub(crate) fn since(mut self, before: &Self) -> Self {
        for (name, sum) in &mut self.0 {
            *sum -= before.of(name);
        }
        self
    }

    pub(crate) fn of(&self, name: &str) -> i64 {
        self.0.get(name).copied().unwrap_or_default()
    }

    /// The records that were received and whose verdict is not counted; 0 once all is.
    pub(crate) fn open(&self) -> i64 {
        self.of("ImagesReceived") - VERDICTS.iter().map(|name| self.of(name)).sum::<i64>()
    }
}

/// Sum of a metric of AWS's own.
fn of_service(seen: &Seen, namespace: &str, name: &str, dimensions: &[(&str, &str)]) -> i64 {
    let dimensions = Dimensions::new(dimensions.iter().copied()).unwrap();
    let metric = MetricId::new(namespace, name, dimensions).unwrap();
    let ever = (Timestamp::from_millis(0), Timestamp::from_millis(i64::MAX));
    let values = seen.metrics.values(&metric, None, ever.0, ever.1);
    values.iter().map(|(value, count)| f64_to_count(value * count)).sum()
}

#[expect(clippy::cast_possible_truncation, reason = "sums of small counts are whole numbers")]
fn f64_to_count(sum: f64) -> i64 {
    sum.round() as i64
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap()
}

/// What CloudWatch must have counted, as the users' side knows it.
#[derive(Debug)]
pub(crate) struct Expected {
    pub(crate) urls: usize,
    pub(crate) throttled: usize,
    pub(crate) puts: usize,
    /// Messages that SQS itself moved back within five minutes of their upload: nothing shows that they are not new.
    pub(crate) moved: usize,
    /// Images that ended FAILED, by reason; `None` where attempts may have been cut off before they counted them.
    pub(crate) refused: Option<BTreeMap<String, usize>>,
}

impl Expected {
    pub(crate) fn of(ledger: &Ledger) -> Self {
        let Ledger { urls, throttled, puts, ref refused, .. } = *ledger;
        Self { urls, throttled, puts, moved: 0, refused: Some(refused.clone()) }
    }

    /// Each number that `now` has otherwise.
    fn differences(&self, now: &Sums) -> Vec<String> {
        let verdicts = now.of("ImagesProcessed") + now.of("ImagesRejected") + now.of("Duplicates");
        let (seen, puts) = (now.of("UploadsSeen"), count(self.puts));
        let mut pairs = vec![
            ("UploadUrlsIssued".to_owned(), now.of("UploadUrlsIssued"), count(self.urls)),
            ("API 4xx".to_owned(), now.of("API 4xx"), count(self.throttled)),
            ("API 5xx".to_owned(), now.of("API 5xx"), 0),
            ("API Count".to_owned(), now.of("API Count"), count(self.urls + self.throttled)),
            ("UploadsSeen".to_owned(), seen, seen.clamp(puts, puts + count(self.moved))),
            ("received without a verdict".to_owned(), now.open(), 0),
            ("ImagesProcessed, ImagesRejected and Duplicates".to_owned(), verdicts, count(self.puts)),
        ];
        for (reason, number) in self.refused.iter().flatten() {
            let name = format!("ImagesRejected {reason}");
            pairs.push((name.clone(), now.of(&name), count(*number)));
        }
        if let Some(refused) = &self.refused {
            let all = refused.values().copied().map(count).sum();
            pairs.push(("ImagesRejected".to_owned(), now.of("ImagesRejected"), all));
        }
        let differ = pairs.into_iter().filter(|(_, counted, expected)| counted != expected);
        differ.map(|(name, counted, expected)| format!("{name}: {counted}, not {expected}")).collect()
    }
}

/// Waits until CloudWatch has counted that since `before`; fails with each difference.
pub(crate) async fn assert_counted(harness: &Harness, before: &Sums, expected: &Expected) -> Sums {
    let since = || Sums::seen(harness).since(before);
    harness.until(async || expected.differences(&since()).is_empty().then_some(())).await;
    let now = since();
    assert_eq!(expected.differences(&now), [""; 0], "{expected:?}\n{now:#?}");
    now
}

#[tokio::test]
async fn load_counts_what_cloudwatch_counts_to_the_unit() {
    let harness = Harness::for_a_ledger().await;
    let before = Sums::settled(harness).await;
    let mix = "photo=6,broken=2,large=1,duplicate=1".parse().unwrap();
    let plan =
        Plan { rate: 8.0, duration: Duration::from_secs(10), mix, users: 3, seed: 4, ..Plan::default() };

    let ledger = load::run(&harness.info, &plan, &()).await.unwrap();

    assert!(ledger.is_whole(), "{ledger:?}");
    assert_eq!(ledger.sent, plan.arrivals().len());
    assert!(ledger.duplicates > 0 && ledger.refused.len() == 2, "the mix has each kind: {ledger:?}");
    let counted = assert_counted(harness, &before, &Expected::of(&ledger)).await;
    assert_eq!(counted.of("ProcessingFaults"), 0);
    let notified: usize = ledger.notifications.values().sum();
    assert_eq!(counted.of("NumberOfMessagesPublished"), count(notified));
    // A second version of an image that is done by then is another result, and another notification.
    assert!(ledger.notified_again() <= ledger.duplicates, "{ledger:?}");
    let [api, put, processing, whole] = ledger.latencies.percentiles();
    assert_eq!([api, put, processing, whole].map(|stage| stage.count), [count_u64(ledger.sent); 4]);
    assert!(whole.p50_ms >= processing.p50_ms && whole.max_ms >= api.max_ms);
}

fn count_u64(number: usize) -> u64 {
    u64::try_from(number).unwrap()
}
