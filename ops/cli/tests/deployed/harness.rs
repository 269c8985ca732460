//! A local stack that is used as if it were on AWS.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::thread;

use aws_client::Aws;
use http::Method;
use local_stack::stack::{Options, Stack, StackInfo, StateError, UpError};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;
use tokio::sync::{Mutex, MutexGuard, OnceCell};

/// The stack's name in CloudFormation.
pub(crate) const STACK: &str = "image-pipeline";
/// As many stacks may run side by side, so that two test runs do not meet.
const SIDE_BY_SIDE: usize = 10;

pub(crate) struct Deployed {
    pub(crate) info: StackInfo,
    pub(crate) aws: Aws,
    /// Where the program runs: no repository, no stack.
    here: TempDir,
    alone: Mutex<()>,
}

impl Deployed {
    /// The stack of all tests; one at a time uses it, since some break it and mend it.
    pub(crate) async fn shared() -> (&'static Self, MutexGuard<'static, ()>) {
        static SHARED: OnceCell<Deployed> = OnceCell::const_new();
        let deployed = SHARED.get_or_init(Self::up).await;
        (deployed, deployed.alone.lock().await)
    }

    /// Brings one up in a thread of its own, because the runtime of a test ends with the test.
    pub(crate) async fn up() -> Self {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let mut stack = first_free().await;
                sender.send(stack.info.clone()).unwrap();
                panic!("the engine ended by itself: {:?}", stack.ended().await);
            });
        });
        let info = receiver.await.expect("the stack should come up; its thread prints why not");
        let aws = info.aws();
        Self { info, aws, here: tempfile::tempdir().unwrap(), alone: Mutex::default() }
    }

    /// `ops` with these words, and the environment that the AWS CLI would have.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let key = &self.info.credentials;
        let mut command = Command::new(env!("CARGO_BIN_EXE_ops"));
        command.args(words).current_dir(self.here.path()).stdin(Stdio::null()).kill_on_drop(true);
        for name in ["AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_DEFAULT_REGION", "COLUMNS"] {
            command.env_remove(name);
        }
        command
            .env("AWS_ENDPOINT_URL", &self.info.endpoint)
            .env("AWS_REGION", &self.info.region)
            .env("AWS_ACCESS_KEY_ID", &key.access_key_id)
            .env("AWS_SECRET_ACCESS_KEY", &key.secret_access_key);
        command
    }

    pub(crate) async fn ops(&self, words: &[&str]) -> Output {
        self.command(words).output().await.unwrap()
    }

    /// All that an upload or a guest could leave: objects, items, users and queues.
    pub(crate) async fn left_behind(&self) -> Value {
        let json = async |service, target: &str, body| self.aws.json(service, target, body).await.unwrap();
        let count = async |bucket| {
            let path = format!("/{bucket}?versions=");
            let listed = self.aws.rest("s3", Method::GET, &path, Vec::new(), &[]).await.unwrap();
            text(listed.body()).matches("<Key>").count()
        };
        let pool = json!({"UserPoolId": self.output("UserPoolId")});
        let users = json("cognito-idp", "AWSCognitoIdentityProviderService.ListUsers", pool).await;
        let table = json!({"TableName": self.output("MetadataTableName"), "Select": "COUNT"});
        let items = json("dynamodb", "DynamoDB_20120810.Scan", table).await;
        let queues = json("sqs", "AmazonSQS.ListQueues", json!({})).await;
        let topic = [("TopicArn", self.output("TopicArn"))];
        let subscribed =
            self.aws.query("sns", "2010-03-31", "ListSubscriptionsByTopic", &topic).await.unwrap();
        json!({
            "originals": count(self.output("OriginalBucketName")).await,
            "thumbnails": count(self.output("ProcessedBucketName")).await,
            "items": items["Count"], "users": users["Users"].as_array().map(Vec::len), "queues": queues["QueueUrls"],
            "subscriptions": subscribed.matches("<Endpoint>").count(),
        })
    }

    /// Where the program runs.
    pub(crate) fn here(&self) -> &Path {
        self.here.path()
    }

    pub(crate) fn output(&self, name: &'static str) -> &str {
        self.info.output(name).unwrap()
    }
}

async fn first_free() -> Stack {
    for number in 1..=SIDE_BY_SIDE {
        let options = Options {
            name: format!("deployed-{number}"),
            engine_port: 0,
            console_port: 0,
            parameters: [("RetryBaseSeconds".to_owned(), "0".to_owned())].into(),
            root: repository(),
            cargo: env!("CARGO").into(),
            ..Options::default()
        };
        match Stack::up(options, &()).await {
            Err(UpError::State(StateError::Running(_))) => {}
            result => return result.unwrap_or_else(|error| panic!("{error}: {error:?}")),
        }
    }
    panic!("{SIDE_BY_SIDE} stacks of this kind are running already");
}

pub(crate) fn repository() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

pub(crate) fn photo() -> String {
    repository().join("ops/local/photos/raccoon.jpg").to_str().unwrap().to_owned()
}

pub(crate) fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// Stdout as the one line of JSON that it must be.
pub(crate) fn document(output: &Output) -> Value {
    let stdout = text(&output.stdout);
    assert_eq!(stdout.lines().count(), 1, "{stdout}\n{}", text(&output.stderr));
    serde_json::from_str(stdout).unwrap()
}
