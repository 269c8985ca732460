//! Messages as S3 would send them, and others; what became of each.

use aws_client::Aws;
use contract::image_id;
use http::Method;
use local_stack::observe::Seen;
use serde_json::{Value, json};
use trace_model::{Span, Trace};
use uuid::Uuid;

use crate::harness::Harness;

/// A folder in which names that end with `.raw` send no notification: a test alone decides what the queue gets.
pub(crate) const QUIET: &str = "user-uploads/quiet";

/// The key of an object that nobody announces, and its image's id.
pub(crate) fn quiet_key() -> (String, String) {
    // No UUID by itself: that is looked for as an image of an earlier release first.
    let key = format!("{QUIET}/object-{}.raw", Uuid::new_v4());
    let id = image_id::image_id(&key).to_string();
    (key, id)
}

/// Narrows the bucket's notification to the endings of uploads; the prefix stays the template's.
///
/// Objects outside of that prefix could not be quiet either: the processor's role may not read them.
pub(crate) async fn hush(aws: &Aws, bucket: &str, queue_url: &str) {
    let look = json!({"QueueUrl": queue_url, "AttributeNames": ["QueueArn"]});
    let queue = aws.json("sqs", "AmazonSQS.GetQueueAttributes", look).await.unwrap();
    let queue_arn = queue["Attributes"]["QueueArn"].as_str().unwrap();
    let configurations = image_id::EXTENSIONS.map(|ending| {
        let rule = |name: &str, value: &str| {
            format!("<FilterRule><Name>{name}</Name><Value>{value}</Value></FilterRule>")
        };
        let rules = rule("prefix", "user-uploads/") + &rule("suffix", &format!(".{ending}"));
        format!(
            "<QueueConfiguration><Id>{ending}</Id><Queue>{queue_arn}</Queue><Event>s3:ObjectCreated:*</Event>\
             <Filter><S3Key>{rules}</S3Key></Filter></QueueConfiguration>"
        )
    });
    let document =
        format!("<NotificationConfiguration>{}</NotificationConfiguration>", configurations.concat());
    let path = format!("/{bucket}?notification");
    aws.rest("s3", Method::PUT, &path, document.into_bytes(), &[]).await.unwrap();
}

/// S3's notification about one version of an object.
pub(crate) fn notification(harness: &Harness, key: &str, sequencer: &str) -> Value {
    let bucket = harness.output("OriginalBucketName");
    json!({"Records": [{
        "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": harness.info.region,
        "eventTime": "2026-01-01T00:00:00.123Z", "eventName": "ObjectCreated:Put",
        "userIdentity": {"principalId": "test"},
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": {"x-amz-request-id": "test"},
        "s3": {
            "s3SchemaVersion": "1.0", "configurationId": "test",
            "bucket": {"name": bucket, "ownerIdentity": {"principalId": "test"}, "arn": format!("arn:aws:s3:::{bucket}")},
            "object": {"key": key, "size": 1, "eTag": "test", "sequencer": sequencer},
        },
    }]})
}

/// Puts a message into the processing queue, with the members of `extra` beside its body; answers its id.
pub(crate) async fn enqueue(harness: &Harness, body: &Value, extra: Value) -> String {
    let mut message = json!({"QueueUrl": harness.output("QueueUrl"), "MessageBody": body.to_string()});
    message.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    let answer = harness.aws.json("sqs", "AmazonSQS.SendMessage", message).await.unwrap();
    answer["MessageId"].as_str().unwrap().to_owned()
}

/// Puts messages into the processing queue in one call; answers their ids.
pub(crate) async fn enqueue_together(harness: &Harness, bodies: &[String]) -> Vec<String> {
    let entries = bodies.iter().enumerate();
    let entries: Vec<Value> =
        entries.map(|(index, body)| json!({"Id": index.to_string(), "MessageBody": body})).collect();
    let batch = json!({"QueueUrl": harness.output("QueueUrl"), "Entries": entries});
    let answer = harness.aws.json("sqs", "AmazonSQS.SendMessageBatch", batch).await.unwrap();
    let sent = answer["Successful"].as_array().unwrap();
    assert_eq!(sent.len(), bodies.len(), "{answer}");
    let ids = (0..bodies.len()).map(|index| {
        let own = Value::from(index.to_string());
        let entry = sent.iter().find(|entry| entry["Id"] == own).unwrap();
        entry["MessageId"].as_str().unwrap().to_owned()
    });
    ids.collect()
}

/// The attempts at a message that have ended, each with its trace.
pub(crate) fn attempts(seen: &Seen, message_id: &str) -> Vec<(Span, Trace)> {
    let of_message = |span: &&Span| {
        span.name == "process_image" && span.attribute("messaging.message.id") == Some(message_id)
    };
    let traces = seen.traces.newest(usize::MAX).into_iter();
    let attempts = traces.flat_map(|trace| {
        let spans: Vec<Span> = trace.spans.iter().filter(of_message).cloned().collect();
        spans.into_iter().map(move |span| (span, trace.clone()))
    });
    attempts.collect()
}

/// The first attempt at a message once it has ended and the spans of its steps have come, and its trace.
pub(crate) async fn attempt(harness: &Harness, message_id: &str) -> (Span, Trace) {
    harness.seen("the attempt", message_id, |seen| attempts(seen, message_id).pop()).await
}

/// The names of the steps that an attempt took, in order of their begin.
pub(crate) fn steps(span: &Span, trace: &Trace) -> Vec<String> {
    let below = trace.spans.iter().filter(|it| it.parent_span_id.as_ref() == Some(&span.span_id));
    below.map(|step| step.name.clone()).collect()
}

/// The bodies of the messages that wait in the dead-letter queue.
pub(crate) async fn dead_letters(harness: &Harness) -> Vec<String> {
    let look = json!({
        "QueueUrl": harness.output("DeadLetterQueueUrl"), "MaxNumberOfMessages": 10, "VisibilityTimeout": 0,
    });
    let answer = harness.aws.json("sqs", "AmazonSQS.ReceiveMessage", look).await.unwrap();
    let messages = answer.get("Messages").and_then(Value::as_array).cloned().unwrap_or_default();
    messages.iter().filter_map(|message| message["Body"].as_str().map(str::to_owned)).collect()
}

/// Waits until no message is in the processing queue, be it waiting or in work.
pub(crate) async fn drained(harness: &Harness) {
    const COUNTS: [&str; 3] = [
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesNotVisible",
        "ApproximateNumberOfMessagesDelayed",
    ];
    let look = json!({"QueueUrl": harness.output("QueueUrl"), "AttributeNames": COUNTS});
    let empty = async || {
        let answer = harness.aws.json("sqs", "AmazonSQS.GetQueueAttributes", look.clone()).await.unwrap();
        COUNTS.iter().all(|count| answer["Attributes"][count] == "0").then_some(())
    };
    harness.until(empty).await.expect("the queue should become empty");
}
