//! `ops load` on a running stack: what it reports is what became of the uploads, and so is its exit status.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use crate::harness::{Deployed, STACK, document};

/// Longest wait for a state of the engine.
const PATIENCE: Duration = Duration::from_mins(2);

/// `ops load` on the stack by its local name, which it has in the repository alone.
async fn load(deployed: &Deployed, words: &[&str]) -> (Option<i32>, Value) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let stack = ["--root", root.to_str().unwrap(), "load", "--name", &deployed.info.name, "--json"];
    let output = deployed.command(&[&stack, words].concat()).output().await.unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    let report = serde_json::from_str(&stdout).unwrap_or_else(|_| {
        panic!("{stdout}\n{}", String::from_utf8_lossy(&output.stderr));
    });
    (output.status.code(), report)
}

/// Has the processor receive messages, or not; returns once that is so.
async fn consume(deployed: &Deployed, enabled: bool) {
    let rest = async |method, path: &str, body: Vec<u8>| -> Value {
        let answer = deployed.aws.rest("lambda", method, path, body, &[]).await.unwrap();
        serde_json::from_slice(answer.body()).unwrap()
    };
    let mappings = rest(Method::GET, "/2015-03-31/event-source-mappings/", Vec::new()).await;
    let mapping = mappings["EventSourceMappings"][0]["UUID"].as_str().unwrap().to_owned();
    let path = format!("/2015-03-31/event-source-mappings/{mapping}");
    let update = json!({"Enabled": enabled}).to_string().into_bytes();
    rest(Method::PUT, &path, update).await;
    let wanted = if enabled { "Enabled" } else { "Disabled" };
    until(async || rest(Method::GET, &path, Vec::new()).await["State"] == wanted).await;
}

async fn until(condition: impl AsyncFn() -> bool) {
    let wait = async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.expect("the state should come");
}

async fn queued(deployed: &Deployed) -> u64 {
    let name = "ApproximateNumberOfMessages";
    let ask = json!({"QueueUrl": deployed.info.outputs["QueueUrl"], "AttributeNames": [name]});
    let answer = deployed.aws.json("sqs", "AmazonSQS.GetQueueAttributes", ask).await.unwrap();
    answer["Attributes"][name].as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn load_reports_each_upload_and_latencies_of_each_stage() {
    let (deployed, _alone) = Deployed::shared().await;

    let (status, report) =
        load(deployed, &["--rate", "10", "--most", "12", "--mix", "photo=2,broken=1"]).await;

    assert_eq!((status, &report["ok"]), (Some(0), &json!(true)), "{report}");
    let number = |name: &str| report[name].as_u64().unwrap();
    let refused: u64 = report["refused"].as_object().unwrap().values().map(|it| it.as_u64().unwrap()).sum();
    assert_eq!((number("sent"), number("done") + refused), (12, 12), "{report}");
    assert!(refused > 0 && report["lost"] == json!([]) && report["dead_lettered"] == json!([]), "{report}");
    let stages: Vec<_> = report["stages"].as_array().unwrap().iter().map(|it| &it["stage"]).collect();
    assert_eq!(stages, ["api", "put", "processing", "whole"]);
    assert!(report["stages"][3]["p99_ms"].as_f64().unwrap() > 0.0, "{report}");
}

#[tokio::test]
async fn load_of_which_an_upload_is_lost_exits_with_1_and_names_it() {
    let (deployed, _alone) = Deployed::shared().await;
    consume(deployed, false).await;
    let lose = async {
        until(async || queued(deployed).await == 2).await;
        let queue = json!({"QueueUrl": deployed.info.outputs["QueueUrl"]});
        deployed.aws.json("sqs", "AmazonSQS.PurgeQueue", queue).await.unwrap();
    };

    let words = ["--rate", "10", "--most", "2", "--mix", "photo=1"];
    let (reported, ()) = tokio::join!(load(deployed, &words), lose);

    consume(deployed, true).await;
    let (status, report) = reported;
    assert_eq!((status, &report["ok"]), (Some(1), &json!(false)), "{report}");
    assert_eq!((report["lost"].as_array().unwrap().len(), &report["done"]), (2, &json!(0)), "{report}");

    // An audit finds the same two; then they are removed, for the tests that follow.
    let audit = ["audit", "--stack", STACK, "--settled-after", "0s", "--json"];
    let audit = document(&deployed.ops(&audit).await);
    let images = audit["findings"][0]["examples"].as_array().unwrap();
    let named: BTreeSet<&str> = images.iter().map(|it| it["image_id"].as_str().unwrap()).collect();
    assert_eq!(named, report["lost"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect());
    for image in images {
        let path = format!("/{}/{}", deployed.output("OriginalBucketName"), image["key"].as_str().unwrap());
        deployed.aws.rest("s3", Method::DELETE, &path, Vec::new(), &[]).await.unwrap();
    }
}
