//! `ops erase`: nothing of the erased is left, and everything of the others, however it was ended in between.

use std::time::{Duration, Instant};

use contract::image_id::{image_id, issue};
use contract::thumbnail_key::thumbnail_key;
use http::Method;
use pipeline_client::user::{User, create_user};
use serde_json::{Value, json};

use crate::harness::{Deployed, STACK, document, photo, text};

/// Longest wait for anything; a busy machine needs part of it.
const PATIENCE: Duration = Duration::from_mins(2);
/// How many users there are, unless `USERS` names another number: .ci/nightly has 1,000.
const USERS: usize = 30;
/// Images of the user who is erased.
const IMAGES: usize = 60;

impl Deployed {
    async fn s3(&self, method: Method, path: &str, body: &[u8]) -> String {
        let answer = self.aws.rest("s3", method, path, body.to_vec(), &[]).await.unwrap();
        text(answer.body()).to_owned()
    }

    /// Every version, item and user whose line `is_meant`.
    async fn everything(&self, is_meant: impl Fn(&str) -> bool) -> Vec<String> {
        let mut lines = Vec::new();
        for bucket in ["OriginalBucketName", "ProcessedBucketName"] {
            let listed = self
                .s3(Method::GET, &format!("/{}?versions=&max-keys=100000", self.output(bucket)), b"")
                .await;
            let keys = listed.split("<Key>").skip(1).filter_map(|rest| rest.split("</Key>").next());
            lines.extend(keys.map(|key| format!("{bucket} {key}")));
        }
        let mut from = Value::Null;
        loop {
            let mut ask = json!({});
            if !from.is_null() {
                ask["ExclusiveStartKey"] = from;
            }
            let mut page = self.dynamodb("Scan", ask).await;
            let items = page["Items"].as_array().unwrap();
            lines.extend(items.iter().map(|item| format!("item of {}", item["originalS3Key"]["S"])));
            from = page["LastEvaluatedKey"].take();
            if from.is_null() {
                break;
            }
        }
        let mut token = Value::Null;
        loop {
            let mut ask = json!({"UserPoolId": self.output("UserPoolId")});
            if !token.is_null() {
                ask["PaginationToken"] = token;
            }
            let mut page = self.cognito("ListUsers", ask).await;
            for user in page["Users"].as_array().unwrap() {
                let attributes = user["Attributes"].as_array().unwrap().iter();
                let sub = attributes.clone().find(|it| it["Name"] == "sub").unwrap();
                lines.push(format!("user {}, enabled: {}", sub["Value"], user["Enabled"]));
            }
            token = page["PaginationToken"].take();
            if token.is_null() {
                break;
            }
        }
        lines.retain(|line| is_meant(line));
        lines.sort_unstable();
        lines
    }

    async fn cognito(&self, operation: &str, ask: Value) -> Value {
        let target = format!("AWSCognitoIdentityProviderService.{operation}");
        self.aws.json("cognito-idp", &target, ask).await.unwrap()
    }

    /// How long an attempt may last, which is what an erasure waits for.
    async fn processor_timeout(&self, seconds: u32) {
        let path =
            format!("/2015-03-31/functions/{}/configuration", self.output("ImageProcessorFunctionName"));
        let body = json!({"Timeout": seconds}).to_string().into_bytes();
        self.aws.rest("lambda", Method::PUT, &path, body, &[]).await.unwrap();
    }

    /// An image as the pipeline leaves it, written without it.
    async fn plant(&self, user: &User) {
        let key = issue(&user.sub, "jpg").key;
        let id = image_id(&key);
        let original = format!("/{}/{key}", self.output("OriginalBucketName"));
        self.s3(Method::PUT, &original, b"original").await;
        for side in [None, Some(64)] {
            let path = format!("/{}/{}", self.output("ProcessedBucketName"), thumbnail_key(id, side));
            self.s3(Method::PUT, &path, b"thumbnail").await;
        }
        let item = json!({
            "imageId": {"S": id.to_string()}, "originalS3Key": {"S": key}, "status": {"S": "DONE"},
            // The MD5 of the original, as S3 has it.
            "eTag": {"S": "919c8b643b7133116b02fc0d9bb7df3f"}, "notified": {"BOOL": true},
        });
        self.dynamodb("PutItem", json!({"Item": item})).await;
    }

    /// How many of a user's originals there are.
    async fn originals(&self, user: &User) -> usize {
        let path =
            format!("/{}?versions=&prefix=user-uploads/{}/", self.output("OriginalBucketName"), user.sub);
        self.s3(Method::GET, &path, b"").await.matches("<Key>").count()
    }
}

/// Whether a line names the user or one of the images.
fn names(line: &str, user: &User, ids: &[String]) -> bool {
    line.contains(&user.sub) || ids.iter().any(|id| line.contains(id))
}

#[tokio::test]
async fn erase_of_a_user_leaves_nothing_of_them_and_everything_of_the_others() {
    let (deployed, _alone) = Deployed::shared().await;
    let user = create_user(&deployed.aws, deployed.output("UserPoolId")).await.unwrap();
    deployed.processor_timeout(10).await;
    let mut ids = Vec::new();
    for of in [&deployed.info.user, &user] {
        let words = ["upload", &photo(), "--stack", STACK, "--user", &of.email, "--json"];
        let uploaded = deployed.command(&words).env("OPS_PASSWORD", &of.password).output().await.unwrap();
        let id = document(&uploaded)["uploads"][0]["image_id"].as_str().unwrap().to_owned();
        if of.sub == user.sub {
            ids.push(id);
        }
    }
    let others = deployed.everything(|line| !names(line, &user, &ids)).await;
    let own = deployed.everything(|line| names(line, &user, &ids)).await;
    assert_eq!(own.len(), 4, "an original, a thumbnail, an item and the user: {own:?}");

    let words = ["erase", &user.email, "--stack", STACK, "--json"];
    let looked = document(&deployed.ops(&words).await);
    assert_eq!((&looked["executed"], &looked["id"]), (&json!(false), &json!(user.sub)));
    assert_eq!(looked["found"]["items"], 1, "{looked:#}");
    assert_eq!(deployed.everything(|line| names(line, &user, &ids)).await, own, "a dry run changes nothing");

    let erased = deployed.ops(&[&words[..], &["--execute"]].concat()).await;
    assert_eq!(erased.status.code(), Some(0), "{}", text(&erased.stderr));
    let report = document(&erased);
    assert_eq!(
        (&report["erased"]["user"], &report["left"]["items"]),
        (&json!(true), &json!(0)),
        "{report:#}"
    );
    assert!(!report.to_string().contains(&user.email), "an address is nobody's business");
    assert_eq!(deployed.everything(|line| names(line, &user, &ids)).await, Vec::<String>::new());
    assert_eq!(deployed.everything(|_| true).await, others);
    let log = std::fs::read_to_string(deployed.here().join("ops-erase-audit.jsonl")).unwrap();
    let outcomes: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of_user = outcomes.iter().filter(|line| line["id"] == *user.sub);
    assert_eq!(of_user.map(|line| &line["outcome"]).collect::<Vec<_>>(), ["begun", "erased"]);

    let again = deployed.ops(&["erase", &user.sub, "--stack", STACK, "--execute"]).await;
    assert_eq!(again.status.code(), Some(0), "nothing is left: {}", text(&again.stderr));
    let unknown = deployed.ops(&words).await;
    assert_eq!(unknown.status.code(), Some(2), "the pool knows the address no more");
    assert!(text(&unknown.stderr).contains("by their id"), "{}", text(&unknown.stderr));
    deployed.processor_timeout(30).await;
}

#[tokio::test]
async fn erase_killed_in_the_middle_is_finished_by_the_next_run_and_no_other_user_notices() {
    #[expect(clippy::disallowed_methods, reason = "a longer run is asked for from outside")]
    let users = std::env::var("USERS").ok().and_then(|raw| raw.parse().ok()).unwrap_or(USERS);
    // Its own: the other tests' audits would find that no processor made what is planted.
    let deployed = Deployed::up().await;
    deployed.processor_timeout(10).await;
    // What is planted is not to be processed.
    let notification = format!("/{}?notification=", deployed.output("OriginalBucketName"));
    let configured = deployed.s3(Method::GET, &notification, b"").await;
    deployed.s3(Method::PUT, &notification, b"<NotificationConfiguration/>").await;
    let erased = create_user(&deployed.aws, deployed.output("UserPoolId")).await.unwrap();
    for _ in 0..IMAGES {
        deployed.plant(&erased).await;
    }
    for _ in 1..users {
        let user = create_user(&deployed.aws, deployed.output("UserPoolId")).await.unwrap();
        deployed.plant(&user).await;
    }
    deployed.s3(Method::PUT, &notification, configured.as_bytes()).await;
    let items = deployed.everything(|line| line.starts_with("item") && line.contains(&erased.sub)).await;
    let ids: Vec<String> = items.iter().map(|line| image_id(key_of(line)).to_string()).collect();
    assert_eq!(ids.len(), IMAGES);
    let others = deployed.everything(|line| !names(line, &erased, &ids)).await;
    assert!(others.len() >= 5 * (users - 1), "{}", others.len());

    let words = ["erase", &erased.sub, "--stack", STACK, "--execute"];
    let mut running = deployed.command(&[&words[..], &["--rate", "10"]].concat()).spawn().unwrap();
    let began = Instant::now();
    while deployed.originals(&erased).await == IMAGES {
        assert!(running.try_wait().unwrap().is_none(), "it ended by itself");
        assert!(began.elapsed() < PATIENCE, "nothing was erased");
    }
    running.kill().await.unwrap();
    let left = deployed.originals(&erased).await;
    assert!((1..IMAGES).contains(&left), "it was killed in the middle: {left} originals are left");

    let finished = deployed.ops(&[&words[..], &["--rate", "1000"]].concat()).await;
    assert_eq!(finished.status.code(), Some(0), "{}", text(&finished.stderr));
    assert_eq!(deployed.everything(|line| names(line, &erased, &ids)).await, Vec::<String>::new());
    assert_eq!(deployed.everything(|_| true).await, others);
}

/// The key in a line of an item.
fn key_of(line: &str) -> &str {
    line.trim_start_matches("item of ").trim_matches('"')
}
