//! Outbox: the queue that gets a copy of every notification, since the engine sends no mail.

use serde_json::{Value, json};

use aws_client::{Aws, AwsError};

/// Not in the template: nothing of the sort exists on AWS.
const NAME: &str = "ops-outbox";

/// Creates the queue and subscribes it to `topics`; answers its URL.
///
/// # Errors
///
/// When the engine refuses.
pub async fn create_outbox(aws: &Aws, topics: &[&str]) -> Result<String, AwsError> {
    let created = aws.json("sqs", "AmazonSQS.CreateQueue", json!({"QueueName": NAME})).await?;
    let url = created.get("QueueUrl").and_then(Value::as_str).unwrap_or_default().to_owned();
    let wanted = json!({"QueueUrl": url, "AttributeNames": ["QueueArn"]});
    let attributes = aws.json("sqs", "AmazonSQS.GetQueueAttributes", wanted).await?;
    let arn = attributes.pointer("/Attributes/QueueArn").and_then(Value::as_str).unwrap_or_default();
    let policy = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": topics}},
    }]});
    let policy = json!({"QueueUrl": url, "Attributes": {"Policy": policy.to_string()}});
    aws.json("sqs", "AmazonSQS.SetQueueAttributes", policy).await?;
    for topic in topics {
        let params = [("TopicArn", *topic), ("Protocol", "sqs"), ("Endpoint", arn)];
        aws.query("sns", "2010-03-31", "Subscribe", &params).await?;
    }
    Ok(url)
}
