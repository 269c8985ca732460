//! `ops dlq redrive` killed on a running stack: the processor gets a message twice and does its work once.

use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Output, Stdio};
use std::time::Duration;

use aws_client::Aws;
use aws_client::http::Http;
use local_stack::faults::{Faults, InjectedFault, Processes, Proxy, Rule};
use local_stack::flow::{Photo, Uploaded, Uploader};
use local_stack::stack::StackInfo;
use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::run::{Name, program, root};

/// How long the killed command hides messages.
const HOLD: &str = "1";
/// Far beyond what an image takes on a busy machine.
const PATIENCE: Duration = Duration::from_mins(2);

/// S3's notification about a version of the object that is newer than any.
fn newer_version(info: &StackInfo, key: &str) -> String {
    let bucket = info.output("OriginalBucketName").unwrap();
    json!({"Records": [{
        "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": info.region,
        "eventTime": "2026-01-01T00:00:00.123Z", "eventName": "ObjectCreated:Put",
        "userIdentity": {"principalId": "test"}, "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": {"x-amz-request-id": "test"},
        "s3": {
            "s3SchemaVersion": "1.0", "configurationId": "test",
            "bucket": {"name": bucket, "ownerIdentity": {"principalId": "test"}, "arn": format!("arn:aws:s3:::{bucket}")},
            "object": {"key": key, "size": 1, "eTag": "test", "sequencer": "FFFFFFFFFFFFFFFF"},
        },
    }]})
    .to_string()
}

async fn sqs(aws: &Aws, operation: &str, ask: Value) -> Value {
    aws.json("sqs", &format!("AmazonSQS.{operation}"), ask).await.unwrap()
}

/// How many messages a queue has, those in somebody's hands included.
async fn messages(info: &StackInfo, queue: &'static str) -> usize {
    const COUNTS: [&str; 2] = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"];
    let ask = json!({"QueueUrl": info.output(queue).unwrap(), "AttributeNames": COUNTS});
    let answer = sqs(&info.aws(), "GetQueueAttributes", ask).await;
    COUNTS.iter().map(|count| answer["Attributes"][count].as_str().unwrap().parse::<usize>().unwrap()).sum()
}

async fn until(what: &str, condition: impl AsyncFn() -> bool) {
    let met = async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(PATIENCE, met).await.unwrap_or_else(|_| panic!("{what} did not happen"));
}

/// How many notifications about an image were sent, once there are `at_least` of them.
async fn notifications(info: &StackInfo, image_id: &str, at_least: usize) -> usize {
    let url = format!("{}/api/mail?image_id={image_id}&at_least={at_least}&wait_ms=50000", info.console);
    let answer = Http::new().send(http::Method::GET, &url, &[], "").await.unwrap();
    let mail: Value = serde_json::from_slice(answer.body()).unwrap();
    mail["mail"].as_array().unwrap().len()
}

async fn upload(info: &StackInfo) -> Uploaded {
    let bytes = std::fs::read(root().join("ops/local/photos/raccoon.jpg")).unwrap();
    let uploader = Uploader::of(info).unwrap();
    let photo = Photo { name: "raccoon.jpg".into(), bytes };
    uploader.following(uploader.upload(photo, |_| Ok(()))).await.unwrap()
}

/// A redrive that is killed when it wants to delete what it has sent.
async fn killed(info: &StackInfo, here: &std::path::Path) {
    let proxy = Proxy::bind().await.unwrap();
    let faults = Faults::default();
    let strike = faults.strike(Rule::next("sqs", "DeleteMessage", "", InjectedFault::KillBefore));
    let mut command = program();
    command.args(["dlq", "redrive", "--execute", "--hold", HOLD]);
    command.args(["--queue-url", info.output("DeadLetterQueueUrl").unwrap()]);
    command.args(["--to", info.output("QueueUrl").unwrap()]);
    command.envs([
        ("AWS_ENDPOINT_URL", proxy.address().as_str()),
        ("AWS_REGION", &info.region),
        ("AWS_ACCESS_KEY_ID", &info.credentials.access_key_id),
        ("AWS_SECRET_ACCESS_KEY", &info.credentials.secret_access_key),
    ]);
    command.current_dir(here).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.process_group(0).spawn().unwrap();
    let _proxying = proxy.serve(&info.endpoint, Processes::led_by(child.id().try_into().unwrap()), faults);
    let output = tokio::task::spawn_blocking(|| child.wait_with_output().unwrap()).await.unwrap();
    strike.struck(1).await.unwrap();
    assert_eq!(output.status.signal(), Some(9), "{}", String::from_utf8_lossy(&output.stderr));
}

async fn dlq(name: &Name, here: &std::path::Path, words: &[&str]) -> Value {
    let mut command = name.ops(&[&["dlq"], words, &["--json"]].concat());
    command.current_dir(here);
    let output: Output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn redrive_killed_after_it_sent_a_message_has_its_work_done_once() {
    let name = Name::new("redrive");
    let mut up = name.up();
    let info: StackInfo = serde_json::from_value(up.until_ready()).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let here = tempfile::tempdir().unwrap();
        let uploaded = upload(&info).await;
        assert_eq!(notifications(&info, &uploaded.image_id, 1).await, 1);
        let body = newer_version(&info, &uploaded.file_path);
        let ask = json!({"QueueUrl": info.output("DeadLetterQueueUrl").unwrap(), "MessageBody": body});
        sqs(&info.aws(), "SendMessage", ask).await;
        let list = dlq(&name, here.path(), &["list"]).await;
        assert_eq!(list["causes"][0]["cause"], "never-claimed", "{list}");
        assert_eq!(list["causes"][0]["messages"][0]["image_id"], uploaded.image_id.as_str());

        killed(&info, here.path()).await;

        assert_eq!(messages(&info, "DeadLetterQueueUrl").await, 1, "it is where it was");
        assert_eq!(notifications(&info, &uploaded.image_id, 2).await, 2, "and it was processed");
        until("the end of the hold", async || {
            dlq(&name, here.path(), &["list"]).await["causes"][0]["cause"] == "settled"
        })
        .await;
        let report = dlq(&name, here.path(), &["redrive", "--execute"]).await;
        assert_eq!((&report["done"], &report["left"]), (&json!(1), &json!(0)), "{report}");
        until("an empty queue", async || messages(&info, "QueueUrl").await == 0).await;
        assert_eq!(messages(&info, "DeadLetterQueueUrl").await, 0);
        assert_eq!(notifications(&info, &uploaded.image_id, 0).await, 2, "no second notification");
    });
    up.send(Signal::SIGTERM);
    assert_eq!(up.ended().code, Some(143));
    name.assert_left_nothing();
}
