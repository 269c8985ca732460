//! Inbox: a queue that is subscribed to topics, and so gets what their subscribers get.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use aws_client::{Aws, AwsError, xml};

const SNS: (&str, &str) = ("sns", "2010-03-31");

/// The queue and its subscriptions.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Inbox {
    /// The queue.
    pub url: String,
    subscriptions: Vec<String>,
}

impl Inbox {
    /// Creates the queue `name` and subscribes it to `topics`.
    ///
    /// # Errors
    ///
    /// When SQS or SNS refuses; what was created by then is named `name`.
    pub async fn create(aws: &Aws, name: &str, topics: &[&str]) -> Result<Self, AwsError> {
        let created = aws.json("sqs", "AmazonSQS.CreateQueue", json!({"QueueName": name})).await?;
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
        let mut inbox = Self { url, subscriptions: Vec::new() };
        for topic in topics {
            let params = [("TopicArn", *topic), ("Protocol", "sqs"), ("Endpoint", arn)];
            let answer = aws.query(SNS.0, SNS.1, "Subscribe", &params).await?;
            inbox.subscriptions.extend(xml::first(&answer, "SubscriptionArn"));
        }
        Ok(inbox)
    }

    /// Removes the subscriptions and the queue.
    ///
    /// # Errors
    ///
    /// The first refusal; the rest is tried all the same.
    pub async fn delete(&self, aws: &Aws) -> Result<(), AwsError> {
        let mut first = Ok(());
        for subscription in &self.subscriptions {
            let params = [("SubscriptionArn", subscription.as_str())];
            first = first.and(aws.query(SNS.0, SNS.1, "Unsubscribe", &params).await.map(drop));
        }
        let queue = json!({"QueueUrl": self.url});
        first.and(aws.json("sqs", "AmazonSQS.DeleteQueue", queue).await.map(drop))
    }
}

/// One message of a topic.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    /// The message's id; the same for each of its receivers.
    pub message_id: String,
    /// The topic's name.
    pub topic: String,
    /// The subject line.
    pub subject: String,
    /// The message itself.
    pub body: String,
    /// Attributes that subscriptions can filter by.
    pub attributes: BTreeMap<String, String>,
    /// The image it is about, by attribute `imageId` or by the body's member.
    pub image_id: Option<String>,
    /// When the topic took it, as RFC 3339.
    pub published_at: String,
}

impl Mail {
    /// Reads what SNS puts into a queue; a body without its envelope is kept as it is.
    #[must_use]
    pub fn read(sqs_id: &str, text: &str) -> Self {
        let envelope: Value = serde_json::from_str(text).unwrap_or_default();
        let member = |name: &str| envelope.get(name).and_then(Value::as_str).map(str::to_owned);
        let (Some(body), Some(topic_arn)) = (member("Message"), member("TopicArn")) else {
            return Self { message_id: sqs_id.to_owned(), body: text.to_owned(), ..Self::default() };
        };
        let attributes = attributes(&envelope);
        let of_body =
            || serde_json::from_str::<Value>(&body).ok()?.get("imageId")?.as_str().map(str::to_owned);
        Self {
            message_id: member("MessageId").unwrap_or_else(|| sqs_id.to_owned()),
            topic: topic_arn.rsplit(':').next().unwrap_or_default().to_owned(),
            subject: member("Subject").unwrap_or_default(),
            image_id: attributes.get("imageId").cloned().or_else(of_body),
            published_at: member("Timestamp").unwrap_or_default(),
            attributes,
            body,
        }
    }
}

fn attributes(envelope: &Value) -> BTreeMap<String, String> {
    let members = envelope.get("MessageAttributes").and_then(Value::as_object).into_iter().flatten();
    let values = members
        .filter_map(|(name, attribute)| Some((name.clone(), attribute.get("Value")?.as_str()?.to_owned())));
    values.collect()
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Received {
    #[serde(default)]
    messages: Vec<Queued>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Queued {
    message_id: String,
    receipt_handle: String,
    body: String,
}

/// Takes what waits in the queue, or waits for it; messages leave the queue once `take` has them.
///
/// # Errors
///
/// When the queue cannot be read.
pub async fn drain(
    aws: &Aws,
    queue_url: &str,
    wait_seconds: u32,
    take: impl FnOnce(Vec<Mail>),
) -> Result<(), AwsError> {
    let body = json!({
        "QueueUrl": queue_url, "MaxNumberOfMessages": 10, "WaitTimeSeconds": wait_seconds,
    });
    let answer = aws.json("sqs", "AmazonSQS.ReceiveMessage", body).await?;
    let Received { messages } = serde_json::from_value(answer).map_err(|source| AwsError::Answer {
        call: "sqs ReceiveMessage".to_owned(),
        source: Box::new(source),
    })?;
    if messages.is_empty() {
        return Ok(());
    }
    take(messages.iter().map(|message| Mail::read(&message.message_id, &message.body)).collect());
    let entries: Vec<Value> = messages
        .iter()
        .enumerate()
        .map(|(index, message)| json!({"Id": index.to_string(), "ReceiptHandle": message.receipt_handle}))
        .collect();
    let body = json!({"QueueUrl": queue_url, "Entries": entries});
    aws.json("sqs", "AmazonSQS.DeleteMessageBatch", body).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope(id: &str, attributes: &Value, message: &str) -> String {
        json!({
            "Type": "Notification", "MessageId": id, "Subject": "Your image is ready",
            "TopicArn": "arn:aws:sns:ap-northeast-1:000000000000:image-processed-topic",
            "Message": message, "MessageAttributes": attributes, "Timestamp": "2026-11-22T00:00:00.000Z",
        })
        .to_string()
    }

    #[test]
    fn an_envelope_tells_topic_subject_attributes_and_image() {
        let attributes = json!({"imageId": {"Type": "String", "Value": "cat"}, "status": {"Type": "String", "Value": "DONE"}});
        let mail = Mail::read("sqs", &envelope("sns", &attributes, "{}"));
        assert_eq!(
            (mail.topic.as_str(), mail.subject.as_str()),
            ("image-processed-topic", "Your image is ready")
        );
        assert_eq!((mail.message_id.as_str(), mail.image_id.as_deref()), ("sns", Some("cat")));
        assert_eq!(mail.attributes["status"], "DONE");
    }

    #[test]
    fn the_image_is_taken_from_the_body_when_no_attribute_names_it() {
        let mail = Mail::read("sqs", &envelope("sns", &json!({}), r#"{"imageId":"dog"}"#));
        assert_eq!(mail.image_id.as_deref(), Some("dog"));
    }

    #[test]
    fn a_message_without_envelope_is_kept_as_it_came() {
        for text in ["plain", r#"{"Message":"half"}"#, ""] {
            let mail = Mail::read("sqs", text);
            assert_eq!((mail.message_id.as_str(), mail.body.as_str()), ("sqs", text));
        }
    }
}
