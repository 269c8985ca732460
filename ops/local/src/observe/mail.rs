//! Mail: what the topics sent, as an email subscriber would have got it.
//!
//! The local engine delivers no email, so a queue that is subscribed beside the addresses gets a copy.

use std::collections::{BTreeMap, HashSet, VecDeque};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use aws_client::{Aws, AwsError};

/// The newest messages are kept.
const MAX_MAIL: usize = 5000;
/// The longest that SQS lets a receiver wait.
const LONG_POLL_SECONDS: u32 = 20;

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

/// The messages received, each once.
#[derive(Debug, Default)]
pub struct MailStore {
    mail: VecDeque<Mail>,
    ids: HashSet<String>,
}

impl Mail {
    /// Reads what SNS puts into a queue; a body without its envelope is kept as it is.
    fn read(sqs_id: &str, text: &str) -> Self {
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

impl MailStore {
    /// Keeps a message, unless it is known.
    pub fn put(&mut self, mail: Mail) {
        if !self.ids.insert(mail.message_id.clone()) {
            return;
        }
        self.mail.push_back(mail);
        if self.mail.len() > MAX_MAIL
            && let Some(oldest) = self.mail.pop_front()
        {
            self.ids.remove(&oldest.message_id);
        }
    }

    /// The messages about an image, or all, oldest first.
    #[must_use]
    pub fn find(&self, image_id: Option<&str>) -> Vec<Mail> {
        let wanted = |mail: &&Mail| image_id.is_none_or(|id| mail.image_id.as_deref() == Some(id));
        self.mail.iter().filter(wanted).cloned().collect()
    }
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
pub(super) async fn drain(aws: &Aws, queue_url: &str, take: impl FnOnce(Vec<Mail>)) -> Result<(), AwsError> {
    let body = json!({
        "QueueUrl": queue_url, "MaxNumberOfMessages": 10, "WaitTimeSeconds": LONG_POLL_SECONDS,
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

    #[test]
    fn a_message_received_twice_is_one_mail_and_two_messages_are_two() {
        let mut store = MailStore::default();
        for id in ["a", "a", "b"] {
            store.put(Mail::read("sqs", &envelope(id, &json!({}), r#"{"imageId":"cat"}"#)));
        }
        assert_eq!(store.find(Some("cat")).len(), 2);
        assert_eq!(store.find(Some("dog")), []);
    }
}
