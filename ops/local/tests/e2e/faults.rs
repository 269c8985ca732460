//! Transient faults: the image waits, is tried again, and ends as if nothing had happened.

use std::sync::Mutex;

use aws_client::xml;
use http::{Method, StatusCode};
use image::ImageFormat;
use local_stack::deploy::{Topic, create_outbox};
use local_stack::faults::{InjectedFault, Rule};
use local_stack::flow::{Photo, UploadUrl, Uploader};
use local_stack::observe::Seen;
use local_stack::observe::logs::LogFilter;
use serde_json::{Value, json};
use trace_model::Status;

use crate::harness::Harness;
use crate::listing::{encoded, list};
use crate::picture::{assert_thumbnail, picture};
use crate::queue::dead_letters;
use crate::uploader::{somebody, upload};

/// Waits until an attempt at the image has failed; answers the step that failed and the trace.
pub(crate) async fn failed_attempt(harness: &Harness, image_id: &str) -> (String, String) {
    let failed = |seen: &Seen| {
        let trace_id = seen.traces.of_image(image_id)?.trace_id;
        let filter = LogFilter { trace_id: Some(trace_id.clone()), ..LogFilter::default() };
        let lines = seen.logs.find(&filter, usize::MAX);
        let line = lines.into_iter().find(|line| line.message == "Image left to the queue")?;
        assert_eq!(line.level.as_deref(), Some("WARN"), "{line:?}");
        Some((line.fields["stage"].as_str().unwrap().to_owned(), trace_id))
    };
    harness.seen("the failed attempt", image_id, failed).await
}

/// Checks that the image ended as it should, after at least one failed attempt in the same trace.
async fn assert_recovered(harness: &Harness, image_id: &str, key: &str, trace_id: &str) {
    let item = harness.settled(image_id).await;
    assert_eq!((item.status(), item.text("traceId")), ("DONE", trace_id), "{}", harness.story(image_id));
    assert_thumbnail(&harness.thumbnail(image_id).await.unwrap());
    assert_eq!(harness.notifications(image_id).await, ["DONE"]);
    assert_eq!(items_of(harness, key).await, 1);
    assert_eq!(dead_letters(harness).await, [""; 0]);
    let whole = |seen: &Seen| {
        let trace = seen.traces.get(trace_id)?;
        let attempts = trace.spans.iter().filter(|span| span.name == "process_image");
        let ends: Vec<Status> = attempts.map(|span| span.status).collect();
        (ends.len() > 1 && ends.contains(&Status::Unset)).then_some(ends)
    };
    let ends = harness.seen("the attempts in one trace", image_id, whole).await;
    let (last, earlier) = ends.split_last().unwrap();
    assert!(earlier.iter().all(|end| *end == Status::Error), "{ends:?}");
    assert_eq!(*last, Status::Unset, "{ends:?}");
}

/// How many items of the table are about an object.
pub(crate) async fn items_of(harness: &Harness, key: &str) -> usize {
    let scan = json!({
        "TableName": harness.output("MetadataTableName"),
        "FilterExpression": "originalS3Key = :key",
        "ExpressionAttributeValues": {":key": {"S": key}},
    });
    let answer = harness.aws.json("dynamodb", "DynamoDB_20120810.Scan", scan).await.unwrap();
    answer["Items"].as_array().map_or(0, Vec::len)
}

async fn s3(harness: &Harness, method: Method, path: &str, body: &str) -> String {
    let answer = harness.aws.rest("s3", method, path, body.as_bytes().to_vec(), &[]).await.unwrap();
    String::from_utf8_lossy(answer.body()).into_owned()
}

/// Deletes a bucket with what is in it. Its versioning is suspended, so that an object is gone for
/// good only when its version `null` is deleted; a plain DELETE leaves a marker, and the bucket full.
async fn delete_bucket(harness: &Harness, bucket: &str) {
    for object in list(harness, bucket, "").await {
        let key = encoded(&object.key).replace("%2F", "/");
        s3(harness, Method::DELETE, &format!("/{bucket}/{key}?versionId=null"), "").await;
    }
    s3(harness, Method::DELETE, &format!("/{bucket}"), "").await;
}

async fn create_bucket(harness: &Harness, bucket: &str) {
    let region = &harness.info.region;
    let here = format!(
        "<CreateBucketConfiguration><LocationConstraint>{region}</LocationConstraint></CreateBucketConfiguration>"
    );
    s3(harness, Method::PUT, &format!("/{bucket}"), &here).await;
}

async fn sns(harness: &Harness, action: &str, params: &[(&str, &str)]) {
    harness.aws.query("sns", "2010-03-31", action, params).await.unwrap();
}

#[tokio::test]
async fn missing_bucket_for_thumbnails_delays_images_and_loses_none() {
    let (harness, _alone) = Harness::breakable().await;
    let tokens = somebody(harness).await;
    let bucket = harness.output("ProcessedBucketName");
    delete_bucket(harness, bucket).await;
    let issued = upload(harness, &tokens, picture(ImageFormat::Jpeg)).await;
    let (failed, trace_id) = failed_attempt(harness, &issued.image_id).await;
    assert_eq!(failed, "upload");
    assert_eq!(harness.observer.mail(Some(&issued.image_id)), []);

    create_bucket(harness, bucket).await;

    assert_recovered(harness, &issued.image_id, &issued.file_path, &trace_id).await;
}

#[tokio::test]
async fn upload_whose_url_is_refused_asks_for_another_one() {
    let (harness, _alone) = Harness::breakable().await;
    let refuse =
        InjectedFault::Refuse { status: StatusCode::FORBIDDEN, code: "AccessDeniedException".into() };
    let strike = harness.faults.strike(Rule::next("s3", "PutObject", "/user-uploads/", refuse));
    let uploader = Uploader::of(&harness.info).unwrap();
    let photo = Photo { name: "photo".to_owned(), bytes: picture(ImageFormat::Jpeg) };
    let urls = Mutex::new(Vec::new());
    let begun = |issued: &UploadUrl| {
        urls.lock().unwrap().push(issued.image_id.clone());
        Ok(())
    };

    let done = uploader.following(uploader.upload(photo, begun)).await.unwrap();

    assert_eq!((strike.count(), done.item.status.as_str()), (1, "DONE"));
    let urls = urls.into_inner().unwrap();
    assert_eq!((urls.len(), &urls[1]), (2, &done.image_id));
    assert_eq!(harness.item(&urls[0]).await, None, "nothing came to the first one");
}

#[tokio::test]
async fn missing_topic_delays_the_notification_and_it_is_sent_once() {
    let (harness, _alone) = Harness::breakable().await;
    let tokens = somebody(harness).await;
    let topic = harness.output("TopicArn");
    sns(harness, "DeleteTopic", &[("TopicArn", topic)]).await;
    let issued = upload(harness, &tokens, picture(ImageFormat::Jpeg)).await;
    let (failed, trace_id) = failed_attempt(harness, &issued.image_id).await;
    assert_eq!(failed, "notify");

    sns(harness, "CreateTopic", &[("Name", topic.rsplit(':').next().unwrap())]).await;
    create_outbox(&harness.aws, &[Topic { arn: topic.to_owned(), filter: Vec::new() }]).await.unwrap();

    assert_recovered(harness, &issued.image_id, &issued.file_path, &trace_id).await;
}

#[tokio::test]
async fn missing_table_delays_images_and_loses_none() {
    let (harness, _alone) = Harness::breakable().await;
    let tokens = somebody(harness).await;
    let table = harness.output("MetadataTableName");
    let dynamodb = async |operation: &str, body: Value| {
        harness.aws.json("dynamodb", &format!("DynamoDB_20120810.{operation}"), body).await.unwrap()
    };
    dynamodb("DeleteTable", json!({"TableName": table})).await;
    let issued = upload(harness, &tokens, picture(ImageFormat::Jpeg)).await;
    let (failed, trace_id) = failed_attempt(harness, &issued.image_id).await;
    assert_eq!(failed, "claim");

    let schema = json!({
        "TableName": table, "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "imageId", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "imageId", "KeyType": "HASH"}],
    });
    dynamodb("CreateTable", schema).await;

    assert_recovered(harness, &issued.image_id, &issued.file_path, &trace_id).await;
}

/// The statements of a role's one policy, and how to replace them.
struct Policy<'a> {
    harness: &'a Harness,
    role: String,
}

impl Policy<'_> {
    const NAME: &'static str = "least-privilege";

    async fn document(&self) -> Value {
        let params = [("RoleName", self.role.as_str()), ("PolicyName", Self::NAME)];
        let answer = self.harness.aws.query("iam", "2010-05-08", "GetRolePolicy", &params).await.unwrap();
        let encoded = xml::first(&answer, "PolicyDocument").unwrap();
        let form = format!("document={encoded}");
        let (_, document) = url::form_urlencoded::parse(form.as_bytes()).next().unwrap();
        serde_json::from_str(&document).unwrap()
    }

    async fn put(&self, document: &Value) {
        let document = document.to_string();
        let params =
            [("RoleName", self.role.as_str()), ("PolicyName", Self::NAME), ("PolicyDocument", &document)];
        self.harness.aws.query("iam", "2010-05-08", "PutRolePolicy", &params).await.unwrap();
    }
}

/// The role that a function runs under.
pub(crate) async fn role_of(harness: &Harness, function: &'static str) -> String {
    let path = format!("/2015-03-31/functions/{}/configuration", harness.output(function));
    let answer = harness.aws.rest("lambda", Method::GET, &path, Vec::new(), &[]).await.unwrap();
    let configuration: Value = serde_json::from_slice(answer.body()).unwrap();
    configuration["Role"].as_str().unwrap().rsplit('/').next().unwrap().to_owned()
}

#[tokio::test]
async fn permission_taken_from_the_role_delays_images_until_it_is_back() {
    let (harness, _alone) = Harness::breakable().await;
    let tokens = somebody(harness).await;
    let policy = Policy { harness, role: role_of(harness, "ImageProcessorFunctionName").await };
    let whole = policy.document().await;
    for (sid, step) in [("UsedToClaimAndRecord", "claim"), ("UsedToWriteThumbnails", "upload")] {
        let mut less = whole.clone();
        let statements = less["Statement"].as_array_mut().unwrap();
        let before = statements.len();
        statements.retain(|statement| statement["Sid"] != sid);
        assert_eq!(statements.len(), before - 1, "{sid} is a statement of the role");
        policy.put(&less).await;
        let issued = upload(harness, &tokens, picture(ImageFormat::Jpeg)).await;
        let (failed, trace_id) = failed_attempt(harness, &issued.image_id).await;
        assert_eq!(failed, step, "without {sid}");

        policy.put(&whole).await;

        assert_recovered(harness, &issued.image_id, &issued.file_path, &trace_id).await;
    }
}
