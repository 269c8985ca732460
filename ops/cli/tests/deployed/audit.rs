//! `ops audit`: a stack that is in order, each kind of damage that somebody may do to it, and that nothing is written.

use std::process::Output;

use http::Method;
use serde_json::{Value, json};

use crate::harness::{Deployed, STACK, document, photo, text};
use crate::proxy::recording;

/// Calls that read, by their beginning. Receiving hides messages for a moment, as `ops dlq list` does.
const READS: [&str; 8] = [
    "DescribeStacks",
    "GET /",
    "HEAD /",
    "DynamoDB_20120810.Scan",
    "DynamoDB_20120810.GetItem",
    "AmazonSQS.GetQueueAttributes",
    "AmazonSQS.ReceiveMessage",
    "AmazonSQS.ChangeMessageVisibilityBatch",
];

const AUDIT: [&str; 6] = ["audit", "--stack", STACK, "--json", "--settled-after", "0s"];

/// The kinds of findings, with the image of the first example of each.
fn found(output: &Output) -> Vec<(String, u64, Value)> {
    let report = document(output);
    let findings = report["findings"].as_array().unwrap().iter();
    let found: Vec<_> = findings
        .map(|it| {
            let kind = it["kind"].as_str().unwrap().to_owned();
            (kind, it["count"].as_u64().unwrap(), it["examples"][0]["image_id"].clone())
        })
        .collect();
    let expected = i32::from(!found.is_empty());
    assert_eq!(output.status.code(), Some(expected), "{report:#}\n{}", text(&output.stderr));
    found
}

impl Deployed {
    /// The id of a DONE image and its item.
    pub(crate) async fn done_image(&self) -> (String, Value) {
        let user = &self.info.user;
        let words = ["upload", &photo(), "--stack", STACK, "--user", &user.email, "--json"];
        let output = self.command(&words).env("OPS_PASSWORD", &user.password).output().await.unwrap();
        let id = document(&output)["uploads"][0]["image_id"].as_str().unwrap().to_owned();
        // The record is DONE a moment before its notification is recorded.
        loop {
            let item = self.item(&id).await;
            if item["notified"]["BOOL"] == true {
                return (id, item);
            }
        }
    }

    pub(crate) async fn dynamodb(&self, operation: &str, more: Value) -> Value {
        let mut ask = json!({"TableName": self.output("MetadataTableName")});
        ask.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.aws.json("dynamodb", &format!("DynamoDB_20120810.{operation}"), ask).await.unwrap()
    }

    pub(crate) async fn item(&self, id: &str) -> Value {
        let ask = json!({"Key": {"imageId": {"S": id}}, "ConsistentRead": true});
        self.dynamodb("GetItem", ask).await["Item"].clone()
    }

    pub(crate) async fn thumbnail(&self, method: Method, id: &str, body: Vec<u8>) -> Vec<u8> {
        let path = format!("/{}/processed/{id}.jpg", self.output("ProcessedBucketName"));
        let answer = self.aws.rest("s3", method, &path, body, &[]).await.unwrap();
        answer.into_body().to_vec()
    }
}

#[tokio::test]
async fn clean_stack_has_no_finding_and_an_audit_makes_no_call_that_writes() {
    let (deployed, _alone) = Deployed::shared().await;
    let (id, item) = deployed.done_image().await;
    let (address, calls) = recording(&deployed.info.endpoint).await;
    let audit = async || {
        let words = [&AUDIT[..], &["--deep"]].concat();
        deployed.command(&words).env("AWS_ENDPOINT_URL", &address).output().await.unwrap()
    };

    let clean = audit().await;
    assert_eq!(found(&clean), []);
    let report = document(&clean);
    assert!(
        report["objects"]["done"].as_u64() >= Some(1) && report["decoded"].as_u64() >= Some(1),
        "{report:#}"
    );

    // So that the queues are read too, and the image is looked at again.
    deployed.dynamodb("DeleteItem", json!({"Key": {"imageId": {"S": id}}})).await;
    assert_eq!(found(&audit().await), [("no-item".to_owned(), 1, json!(id))]);
    deployed.dynamodb("PutItem", json!({"Item": item})).await;

    let calls = calls.lock().unwrap();
    let writes: Vec<&String> =
        calls.iter().filter(|call| !READS.iter().any(|read| call.starts_with(read))).collect();
    assert!(writes.is_empty(), "{writes:?}");
    for read in READS.iter().filter(|read| !read.ends_with("Batch")) {
        assert!(calls.iter().any(|call| call.starts_with(read)), "{read} was not called: {calls:?}");
    }
}

#[tokio::test]
async fn each_damage_is_found_by_its_name_and_nothing_else() {
    let (deployed, _alone) = Deployed::shared().await;
    let (id, item) = deployed.done_image().await;
    let audit = async || found(&deployed.ops(&AUDIT).await);
    let one = |kind: &str| [(kind.to_owned(), 1, json!(id))];
    let changed = |name: &str, value: Value| {
        let mut item = item.clone();
        item[name] = value;
        json!({"Item": item})
    };
    assert_eq!(audit().await, []);

    let jpeg = deployed.thumbnail(Method::GET, &id, Vec::new()).await;
    deployed.thumbnail(Method::DELETE, &id, Vec::new()).await;
    assert_eq!(audit().await, one("missing-thumbnail"));
    deployed.thumbnail(Method::PUT, &id, jpeg[..jpeg.len() - 1].to_vec()).await;
    assert_eq!(audit().await, one("thumbnail-differs"));
    deployed.thumbnail(Method::PUT, &id, jpeg.clone()).await;

    let orphan = "01a22206-ca00-8012-8d15-9fc65ea63f35";
    deployed.thumbnail(Method::PUT, orphan, jpeg).await;
    assert_eq!(audit().await, [("orphan-thumbnail".to_owned(), 1, json!(orphan))]);
    deployed.thumbnail(Method::DELETE, orphan, Vec::new()).await;

    for (name, value, kind) in [
        ("status", json!({"S": "FAILED"}), "malformed-item"),
        ("status", json!({"S": "PROCESSING"}), "unfinished"),
        ("eTag", json!({"S": "another"}), "outdated"),
    ] {
        let mut released = changed(name, value);
        released["Item"]["claimedUntil"] = json!({"N": "0"});
        deployed.dynamodb("PutItem", released).await;
        assert_eq!(audit().await, one(kind));
    }
    deployed.dynamodb("PutItem", json!({"Item": item})).await;
    assert_eq!(audit().await, []);
}

#[tokio::test]
async fn report_for_people_names_counts_findings_and_what_to_do() {
    let (deployed, _alone) = Deployed::shared().await;
    let (id, item) = deployed.done_image().await;
    deployed.dynamodb("DeleteItem", json!({"Key": {"imageId": {"S": id}}})).await;

    let output = deployed.ops(&["audit", "--stack", STACK, "--settled-after", "0s"]).await;

    deployed.dynamodb("PutItem", json!({"Item": item})).await;
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let printed = text(&output.stdout);
    for part in ["uploads ", "unaccounted ", "no-item · 1 · ", &id, "what to do: ", "1 finding"] {
        assert!(printed.contains(part), "{part} of:\n{printed}");
    }
    let young = deployed.ops(&["audit", "--stack", STACK]).await;
    assert_eq!(young.status.code(), Some(0), "{}", text(&young.stdout));
}

#[tokio::test]
async fn audit_that_cannot_be_carried_out_exits_with_two_and_reports_nothing() {
    let (deployed, _alone) = Deployed::shared().await;
    let output = deployed.ops(&[&AUDIT[..], &["--scratch", "/no/such/directory"]].concat()).await;
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(2), ""));
    assert!(text(&output.stderr).contains("/no/such/directory"), "{}", text(&output.stderr));
}
