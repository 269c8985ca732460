//! Harness of the tests of `ops dlq`: an engine of the test's own, queues, a table, and a working directory.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use aws_client::Aws;
use local_stack::engine::{ENGINE_PACKAGES, Engine, Launch, Provision};
use serde_json::{Value, json};
use tempfile::TempDir;

const REGION: &str = "ap-northeast-1";
pub(super) const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

pub(super) struct QueueHarness {
    engine: Engine,
    pub(super) aws: Aws,
    _directory: TempDir,
    /// Where the program runs.
    here: TempDir,
}

/// A dead-letter queue, the queue it belongs to, and a table of images.
pub(super) struct Queues {
    pub(super) dead: String,
    pub(super) source: String,
    pub(super) table: String,
}

/// S3's notification about the first version of an image.
pub(super) fn notification(image_id: &str) -> String {
    json!({"Records": [{
        "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": REGION,
        "eventTime": "2026-01-01T00:00:00.123Z", "eventName": "ObjectCreated:Put",
        "userIdentity": {"principalId": "test"}, "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": {"x-amz-request-id": "test"},
        "s3": {
            "s3SchemaVersion": "1.0", "configurationId": "test",
            "bucket": {"name": "uploads", "ownerIdentity": {"principalId": "test"}, "arn": "arn:aws:s3:::uploads"},
            "object": {"key": key(image_id), "size": 1, "eTag": "test", "sequencer": "01"},
        },
    }]})
    .to_string()
}

fn key(image_id: &str) -> String {
    format!("user-uploads/u/{image_id}.jpg")
}

impl QueueHarness {
    pub(super) async fn start() -> Self {
        let shared = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../.local-stack"));
        let venv = Provision { directory: shared, python: "python3".into(), packages: ENGINE_PACKAGES };
        let venv = venv.ensure(&()).await.unwrap();
        let (directory, here) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let path = directory.path();
        let launch = Launch { venv: &venv, directory: path, port: 0, region: REGION, environment: &[] };
        let engine = Engine::start(launch).await.unwrap();
        let aws = Aws::new(engine.endpoint(), REGION, engine.root_credentials().clone());
        Self { engine, aws, _directory: directory, here }
    }

    pub(super) fn endpoint(&self) -> &str {
        self.engine.endpoint()
    }

    pub(super) async fn queues(&self) -> Queues {
        static NUMBER: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let [dead, source, table] = ["dead", "source", "table"].map(|kind| format!("{kind}-{number}"));
        let ask = json!({
            "TableName": table, "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "imageId", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "imageId", "KeyType": "HASH"}],
        });
        self.aws.json("dynamodb", "DynamoDB_20120810.CreateTable", ask).await.unwrap();
        let dead = self.create_queue(&dead, json!({})).await;
        let arn = self.attribute(&dead, "QueueArn").await;
        let policy = json!({"deadLetterTargetArn": arn, "maxReceiveCount": 1}).to_string();
        let source = self.create_queue(&source, json!({"RedrivePolicy": policy})).await;
        Queues { dead, source, table }
    }

    async fn create_queue(&self, name: &str, attributes: Value) -> String {
        let answer = self.sqs("CreateQueue", json!({"QueueName": name, "Attributes": attributes})).await;
        answer["QueueUrl"].as_str().unwrap().to_owned()
    }

    async fn sqs(&self, operation: &str, ask: Value) -> Value {
        self.aws.json("sqs", &format!("AmazonSQS.{operation}"), ask).await.unwrap()
    }

    async fn attribute(&self, queue: &str, name: &str) -> String {
        let ask = json!({"QueueUrl": queue, "AttributeNames": [name]});
        self.sqs("GetQueueAttributes", ask).await["Attributes"][name].as_str().unwrap().to_owned()
    }

    pub(super) async fn send(&self, queue: &str, body: &str, more: Value) {
        let mut message = json!({"QueueUrl": queue, "MessageBody": body});
        message.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.sqs("SendMessage", message).await;
    }

    /// What the processor wrote about the first version of an image.
    pub(super) async fn record(&self, table: &str, image_id: &str, status: &str, notified: bool) {
        let item = json!({
            "imageId": {"S": image_id}, "originalS3Key": {"S": key(image_id)}, "status": {"S": status},
            "sequencer": {"S": format!("{:0<32}", "01")}, "notified": {"BOOL": notified},
        });
        let ask = json!({"TableName": table, "Item": item});
        self.aws.json("dynamodb", "DynamoDB_20120810.PutItem", ask).await.unwrap();
    }

    /// How many messages are visible, and how many somebody holds.
    pub(super) async fn counts(&self, queue: &str) -> (usize, usize) {
        let waiting = self.attribute(queue, "ApproximateNumberOfMessages").await;
        let hidden = self.attribute(queue, "ApproximateNumberOfMessagesNotVisible").await;
        (waiting.parse().unwrap(), hidden.parse().unwrap())
    }

    /// All visible messages, which nobody sees for a while then.
    pub(super) async fn receive_all(&self, queue: &str) -> Vec<Value> {
        let ask = json!({
            "QueueUrl": queue, "MaxNumberOfMessages": 10, "VisibilityTimeout": 600,
            "AttributeNames": ["All"], "MessageAttributeNames": ["All"],
        });
        let mut all = Vec::new();
        loop {
            let answer = self.sqs("ReceiveMessage", ask.clone()).await;
            let Some(messages) = answer.get("Messages").and_then(Value::as_array) else { return all };
            all.extend(messages.iter().cloned());
        }
    }

    /// Receives and never succeeds, until it is aborted.
    pub(super) fn failing(&self, queues: &Queues) -> impl Future<Output = ()> + Send + use<> {
        let (aws, source) = (self.aws.clone(), queues.source.clone());
        async move {
            loop {
                let ask = json!({"QueueUrl": source, "VisibilityTimeout": 0});
                aws.json("sqs", "AmazonSQS.ReceiveMessage", ask).await.unwrap();
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        }
    }

    /// `ops dlq` as on AWS: all that it knows is in the variables.
    pub(super) fn command(&self, queues: &Queues, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ops"));
        command.arg("dlq").args(words).args(["--queue-url", &queues.dead, "--table", &queues.table]);
        if words[0] == "redrive" {
            command.args(["--to", &queues.source]);
        }
        self.set_up(&mut command);
        command
    }

    /// The same on a stack that the words name.
    pub(super) fn on_stack(&self, words: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ops"));
        command.arg("dlq").args(words);
        self.set_up(&mut command);
        command.output().unwrap()
    }

    fn set_up(&self, command: &mut Command) {
        command.current_dir(self.here.path()).env_clear();
        let root = self.engine.root_credentials();
        command.envs([
            ("AWS_ENDPOINT_URL", self.endpoint()),
            ("AWS_REGION", REGION),
            ("AWS_ACCESS_KEY_ID", root.access_key_id.as_str()),
            ("AWS_SECRET_ACCESS_KEY", root.secret_access_key.as_str()),
            ("USER", "tester"),
        ]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    }

    pub(super) fn ops(&self, queues: &Queues, words: &[&str]) -> Output {
        self.command(queues, words).output().unwrap()
    }

    /// The lines of a file of JSON lines, if it exists.
    pub(super) fn lines(&self, file: &str) -> Vec<Value> {
        let text = std::fs::read_to_string(self.here.path().join(file)).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The files that the program wrote where it ran.
    pub(super) fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.here.path()).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}
