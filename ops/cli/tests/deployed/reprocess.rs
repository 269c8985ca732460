//! `ops reprocess`: images are done again under other settings, once for each time that somebody asks.

use std::process::Output;
use std::time::{Duration, Instant};

use contract::s3_event::{self, Upload};
use http::Method;
use serde_json::{Value, json};

use crate::harness::{Deployed, STACK, document, photo, text};

/// Longest wait for an image; a busy machine needs part of it.
const PATIENCE: Duration = Duration::from_mins(2);

impl Deployed {
    /// Sets a variable of the processor.
    async fn set(&self, name: &str, value: &str) {
        let path =
            format!("/2015-03-31/functions/{}/configuration", self.output("ImageProcessorFunctionName"));
        let answer = self.aws.rest("lambda", Method::GET, &path, Vec::new(), &[]).await.unwrap();
        let configuration: Value = serde_json::from_slice(answer.body()).unwrap();
        let mut environment = configuration["Environment"].clone();
        environment["Variables"][name] = json!(value);
        let body = json!({"Environment": {"Variables": environment["Variables"]}}).to_string().into_bytes();
        self.aws.rest("lambda", Method::PUT, &path, body, &[]).await.unwrap();
    }

    async fn reprocess(&self, more: &[&str]) -> Value {
        let words = [&["reprocess", "--stack", STACK, "--json", "--rate", "100"], more].concat();
        let output: Output = self.ops(&words).await;
        assert_eq!(output.status.code(), Some(0), "{}{}", text(&output.stdout), text(&output.stderr));
        document(&output)
    }

    /// The item once `condition` holds for it.
    async fn item_when(&self, id: &str, condition: impl Fn(&Value) -> bool) -> Value {
        let began = Instant::now();
        loop {
            let item = self.item(id).await;
            if condition(&item) {
                return item;
            }
            assert!(began.elapsed() < PATIENCE, "{item:#}");
        }
    }

    /// Waits until the processing queue is empty.
    async fn drained(&self) {
        let names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"];
        let ask = json!({"QueueUrl": self.output("QueueUrl"), "AttributeNames": names});
        let began = Instant::now();
        loop {
            let answer = self.aws.json("sqs", "AmazonSQS.GetQueueAttributes", ask.clone()).await.unwrap();
            if names.iter().all(|name| answer["Attributes"][name] == "0") {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "{answer:#}");
        }
    }

    async fn assert_audited(&self) {
        let audit = self.ops(&["audit", "--stack", STACK, "--settled-after", "0s"]).await;
        assert_eq!(audit.status.code(), Some(0), "{}", String::from_utf8_lossy(&audit.stdout));
    }
}

fn is_again(item: &Value) -> bool {
    item["notified"]["BOOL"] == true && item["reprocess"]["N"].is_string()
}

#[tokio::test]
async fn image_of_a_format_that_was_left_out_is_done_once_the_format_is_accepted() {
    let (deployed, _alone) = Deployed::shared().await;
    deployed.set("ACCEPTED_FORMATS", "png").await;
    let user = &deployed.info.user;
    let words = ["upload", &photo(), "--stack", STACK, "--user", &user.email, "--json"];
    let refused = deployed.command(&words).env("OPS_PASSWORD", &user.password).output().await.unwrap();
    let id = document(&refused)["uploads"][0]["image_id"].as_str().unwrap().to_owned();
    let failed = deployed.item_when(&id, |item| item["notified"]["BOOL"] == true).await;
    assert_eq!(failed["reason"]["S"], "UnsupportedFormat", "{failed:#}");
    deployed.set("ACCEPTED_FORMATS", "all").await;

    let tried = deployed.reprocess(&["--reason", "UnsupportedFormat"]).await;
    assert_eq!(
        (&tried["executed"], &tried["selected"], &tried["done"]),
        (&json!(false), &json!(1), &json!(0))
    );
    assert_eq!(tried["images"][0]["was"], "FAILED UnsupportedFormat");
    assert_eq!(deployed.item(&id).await, failed, "a dry run changes nothing");
    let done = deployed.reprocess(&["--reason", "UnsupportedFormat", "--execute"]).await;
    assert_eq!((&done["selected"], &done["done"]), (&json!(1), &json!(1)));

    let item = deployed.item_when(&id, is_again).await;
    assert_eq!((&item["status"]["S"], &item["sequencer"]), (&json!("DONE"), &failed["sequencer"]));
    assert_eq!(item["uploadedAt"], failed["uploadedAt"]);
    let log = std::fs::read_to_string(deployed.here().join("ops-reprocess-audit.jsonl")).unwrap();
    let line =
        log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).find(|it| it["image_id"] == *id);
    assert_eq!(line.unwrap()["outcome"], "enqueued");
    deployed.assert_audited().await;
}

#[tokio::test]
async fn done_image_gets_a_side_that_was_added() {
    let (deployed, _alone) = Deployed::shared().await;
    let (id, before) = deployed.done_image().await;
    deployed.set("THUMBNAIL_SIDES", "256,64").await;

    let done = deployed.reprocess(&["--side", "64", "--execute"]).await;
    assert!(done["done"].as_u64() >= Some(1) && done["done"] == done["selected"], "{done:#}");
    let item = deployed.item_when(&id, is_again).await;
    deployed.drained().await;
    deployed.set("THUMBNAIL_SIDES", "256").await;

    assert_eq!(item["otherThumbnails"]["L"], json!([{"S": format!("processed/{id}-64.jpg")}]), "{item:#}");
    assert_eq!(item["thumbnailBytes"], before["thumbnailBytes"]);
    assert_eq!(deployed.reprocess(&["--side", "64"]).await["selected"], 0);
    deployed.assert_audited().await;
}

#[tokio::test]
async fn message_that_comes_twice_has_one_effect_and_a_newer_upload_wins() {
    let (deployed, _alone) = Deployed::shared().await;
    let (id, before) = deployed.done_image().await;
    let text_of = |name: &str| before[name]["S"].as_str().unwrap().to_owned();
    let upload = |sequencer: String| Upload {
        bucket: deployed.output("OriginalBucketName").to_owned(),
        key: text_of("originalS3Key"),
        at: std::time::SystemTime::now(),
        sequencer,
        reprocess: None,
    };
    let send = async |sequencer: String, at: Option<&str>| {
        let mut message = json!({"QueueUrl": deployed.output("QueueUrl"), "MessageBody": s3_event::write(&upload(sequencer))});
        if let Some(at) = at {
            message["MessageAttributes"] = json!({"reprocess": {"DataType": "Number", "StringValue": at}});
        }
        deployed.aws.json("sqs", "AmazonSQS.SendMessage", message).await.unwrap();
    };

    send(text_of("sequencer"), Some("5")).await;
    let first = deployed.item_when(&id, is_again).await;
    assert_ne!(first["attempt"], before["attempt"]);
    send(text_of("sequencer"), Some("5")).await;
    send(text_of("sequencer"), None).await;
    deployed.drained().await;
    assert_eq!(deployed.item(&id).await, first);

    send("FF".to_owned(), None).await;
    let newer =
        deployed.item_when(&id, |item| item["sequencer"]["S"].as_str().unwrap().starts_with("FF")).await;
    assert_eq!(newer["reprocess"], Value::Null);
    let newer = deployed.item_when(&id, |item| item["notified"]["BOOL"] == true).await;
    send(text_of("sequencer"), Some("99")).await;
    deployed.drained().await;
    assert_eq!(deployed.item(&id).await, newer);
}

#[tokio::test]
async fn object_without_an_item_is_done_by_its_key_and_a_resumed_run_sends_nothing_twice() {
    let (deployed, _alone) = Deployed::shared().await;
    let (id, item) = deployed.done_image().await;
    let key = item["originalS3Key"]["S"].as_str().unwrap();
    deployed.dynamodb("DeleteItem", json!({"Key": {"imageId": {"S": id}}})).await;

    let done = deployed.reprocess(&["--key", key, "--execute"]).await;
    assert_eq!((&done["done"], &done["images"][0]["was"]), (&json!(1), &json!("no item")));
    deployed.item_when(&id, is_again).await;
    let resumed = deployed.reprocess(&["--key", key, "--execute", "--resume"]).await;
    assert_eq!((&resumed["already_sent"], &resumed["done"]), (&json!(1), &json!(0)));
    assert_eq!(resumed["asked_at"], done["asked_at"]);
    deployed.drained().await;
    deployed.assert_audited().await;
}

#[tokio::test]
async fn nothing_selected_and_an_unknown_image_exit_with_two() {
    let (deployed, _alone) = Deployed::shared().await;
    for (words, part) in [
        (&["reprocess", "--stack", STACK, "--execute"][..], "--reason"),
        (&["reprocess", "--stack", STACK, "--key", "user-uploads/u/none.jpg"], "user-uploads/u/none.jpg"),
        (&["reprocess", "--stack", STACK, "--image-id", "01a22206-ca00-8012-8d15-9fc65ea63f35"], "01a22206"),
    ] {
        let output = deployed.ops(words).await;
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(2), ""), "{words:?}");
        assert!(text(&output.stderr).contains(part), "{}", text(&output.stderr));
    }
}
