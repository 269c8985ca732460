//! Calls that somebody might try, allowed or not.

use aws_client::{Aws, AwsError};
use http::Method;
use serde_json::{Value, json};

use crate::harness::Harness;

/// A call to an AWS API.
pub(super) enum Call {
    Rest(Method, String),
    Json(&'static str, &'static str, Value),
    Query(&'static str, &'static str, &'static str, Vec<(&'static str, String)>),
}

impl Call {
    async fn made_by(&self, aws: &Aws) -> Result<(), AwsError> {
        match self {
            Self::Rest(method, path) => {
                aws.rest("s3", method.clone(), path, b"x".to_vec(), &[]).await.map(drop)
            }
            Self::Json(service, target, body) => aws.json(service, target, body.clone()).await.map(drop),
            Self::Query(service, version, action, params) => {
                let params: Vec<(&str, &str)> =
                    params.iter().map(|(name, value)| (*name, value.as_str())).collect();
                aws.query(service, version, action, &params).await.map(drop)
            }
        }
    }

    /// Whether policies let it pass; any other failure than a denial is a mistake of the test.
    pub(super) async fn is_allowed(&self, what: &str, aws: &Aws) -> bool {
        match self.made_by(aws).await {
            Ok(()) => true,
            Err(error) if error.code().is_some_and(|code| code.starts_with("AccessDenied")) => false,
            Err(AwsError::Refused { code, .. }) if code.starts_with("AuthorizationError") => false,
            // It passed, only not as the first: the account tries all calls again.
            Err(AwsError::Refused { code, .. }) if code == "ResourceAlreadyExistsException" => true,
            Err(error) => panic!("{what}: {error:?}"),
        }
    }
}

/// What somebody might try, each under the name that the tables below use.
pub(super) fn calls(harness: &Harness) -> Vec<(&'static str, Call)> {
    let (original, processed) = (harness.output("OriginalBucketName"), harness.output("ProcessedBucketName"));
    let object = |method, bucket: &str, key: &str| Call::Rest(method, format!("/{bucket}/{key}"));
    let table = harness.output("MetadataTableName");
    let key = json!({"imageId": {"S": "privilege"}});
    let item =
        |operation: &'static str| Call::Json("dynamodb", operation, json!({"TableName": table, "Key": key}));
    let publish = |topic| {
        let params = vec![("TopicArn", harness.output(topic).to_owned()), ("Message", "{}".to_owned())];
        Call::Query("sns", "2010-03-31", "Publish", params)
    };
    let metric = |namespace: &str| {
        let datum = [
            ("Namespace", namespace),
            ("MetricData.member.1.MetricName", "Probe"),
            ("MetricData.member.1.Value", "1"),
        ];
        let params = datum.map(|(name, value)| (name, value.to_owned())).into();
        Call::Query("monitoring", "2010-08-01", "PutMetricData", params)
    };
    let queue = |operation: &'static str, url, extra: Value| {
        let mut body = json!({"QueueUrl": harness.output(url)});
        body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        Call::Json("sqs", operation, body)
    };
    let log = |function| {
        let group = format!("/aws/lambda/{}", harness.output(function));
        let stream = uuid::Uuid::new_v4().to_string();
        let body = json!({"logGroupName": group, "logStreamName": stream});
        Call::Json("logs", "Logs_20140328.CreateLogStream", body)
    };
    let look = json!({"VisibilityTimeout": 0});
    vec![
        ("read an upload", object(Method::GET, original, "user-uploads/privilege.raw")),
        ("write an upload", object(Method::PUT, original, "user-uploads/privilege.raw")),
        ("read beside uploads", object(Method::GET, original, "privilege")),
        ("write beside uploads", object(Method::PUT, original, "privilege")),
        ("list uploads", Call::Rest(Method::GET, format!("/{original}?list-type=2&prefix=user-uploads/"))),
        ("list beside uploads", Call::Rest(Method::GET, format!("/{original}?list-type=2&prefix=other/"))),
        ("list thumbnails", Call::Rest(Method::GET, format!("/{processed}?list-type=2"))),
        ("read a thumbnail", object(Method::GET, processed, "processed/privilege.jpg")),
        ("write a thumbnail", object(Method::PUT, processed, "processed/privilege.jpg")),
        ("write beside thumbnails", object(Method::PUT, processed, "privilege")),
        ("see the lifecycle", Call::Rest(Method::GET, format!("/{original}?lifecycle"))),
        ("see the bucket's policy", Call::Rest(Method::GET, format!("/{original}?policy"))),
        (
            "put an item",
            Call::Json("dynamodb", "DynamoDB_20120810.PutItem", json!({"TableName": table, "Item": key})),
        ),
        ("get an item", item("DynamoDB_20120810.GetItem")),
        ("update an item", item("DynamoDB_20120810.UpdateItem")),
        ("scan the table", Call::Json("dynamodb", "DynamoDB_20120810.Scan", json!({"TableName": table}))),
        ("delete an item", item("DynamoDB_20120810.DeleteItem")),
        ("notify of an image", publish("TopicArn")),
        ("open a ticket", publish("TicketTopicArn")),
        ("page somebody", publish("PageTopicArn")),
        ("publish totals", metric("CustomS3")),
        ("publish other metrics", metric("ImagePipeline")),
        ("receive uploads", queue("AmazonSQS.ReceiveMessage", "QueueUrl", look.clone())),
        (
            "announce an upload",
            queue(
                "AmazonSQS.SendMessage",
                "QueueUrl",
                json!({"MessageBody": "{\"Event\":\"s3:TestEvent\",\"Service\":\"Amazon S3\",\"Bucket\":\"b\"}"}),
            ),
        ),
        ("receive dead letters", queue("AmazonSQS.ReceiveMessage", "DeadLetterQueueUrl", look)),
        ("log as the signer", log("GenerateUploadUrlFunctionName")),
        ("log as the processor", log("ImageProcessorFunctionName")),
        ("log as the metrics function", log("S3MetricsFunctionName")),
        ("log as the status function", log("ImageStatusFunctionName")),
        ("list functions' roles", Call::Query("iam", "2010-05-08", "ListRoles", Vec::new())),
        // Last, since they take away what others need.
        ("delete an upload", object(Method::DELETE, original, "user-uploads/privilege.raw")),
        ("delete a thumbnail", object(Method::DELETE, processed, "processed/privilege.jpg")),
    ]
}
