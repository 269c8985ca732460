//! Outbox: the queue that gets a copy of every notification, since the engine sends no mail.

use serde_json::{Value, json};

use aws_client::{Aws, AwsError};

use super::Deployed;

/// Not in the template: nothing of the sort exists on AWS.
const NAME: &str = "ops-outbox";

/// Attributes of a subscription that decide which messages it gets.
const FILTERS: [&str; 2] = ["FilterPolicyScope", "FilterPolicy"];

/// What the outbox subscribes to, as a subscriber of the template does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    /// Its ARN.
    pub arn: String,
    /// The filter: names and values of attributes.
    pub filter: Vec<(&'static str, String)>,
}

impl Topic {
    /// A topic of a stack, with the filter of the template's subscription to it, whether it has an address or not.
    #[must_use]
    pub fn of(deployed: &Deployed, arn: &str) -> Self {
        let resources = deployed.template.get("Resources").and_then(Value::as_object).into_iter().flatten();
        let is_about_it = |properties: &&Value| {
            let name = properties.pointer("/TopicArn/Ref").and_then(Value::as_str);
            name.and_then(|name| deployed.resources.get(name)).is_some_and(|topic| topic.physical_id == arn)
        };
        let properties = resources
            .filter(|(_, resource)| resource.get("Type").is_some_and(|kind| kind == "AWS::SNS::Subscription"))
            .filter_map(|(_, resource)| resource.get("Properties"))
            .find(is_about_it);
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let filter = |name| Some((name, text(properties?.get(name)?)));
        Self { arn: arn.to_owned(), filter: FILTERS.into_iter().filter_map(filter).collect() }
    }
}

/// Creates the queue and subscribes it to `topics`; answers its URL.
///
/// # Errors
///
/// When the engine refuses.
pub async fn create_outbox(aws: &Aws, topics: &[Topic]) -> Result<String, AwsError> {
    let created = aws.json("sqs", "AmazonSQS.CreateQueue", json!({"QueueName": NAME})).await?;
    let url = created.get("QueueUrl").and_then(Value::as_str).unwrap_or_default().to_owned();
    let wanted = json!({"QueueUrl": url, "AttributeNames": ["QueueArn"]});
    let attributes = aws.json("sqs", "AmazonSQS.GetQueueAttributes", wanted).await?;
    let arn = attributes.pointer("/Attributes/QueueArn").and_then(Value::as_str).unwrap_or_default();
    let sources: Vec<&str> = topics.iter().map(|topic| topic.arn.as_str()).collect();
    let policy = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": sources}},
    }]});
    let policy = json!({"QueueUrl": url, "Attributes": {"Policy": policy.to_string()}});
    aws.json("sqs", "AmazonSQS.SetQueueAttributes", policy).await?;
    for topic in topics {
        let entries = topic.filter.iter().enumerate().flat_map(|(index, (name, value))| {
            let member = |part: &str| format!("Attributes.entry.{}.{part}", index + 1);
            [(member("key"), (*name).to_owned()), (member("value"), value.clone())]
        });
        let entries: Vec<(String, String)> = entries.collect();
        let mut params = vec![("TopicArn", topic.arn.as_str()), ("Protocol", "sqs"), ("Endpoint", arn)];
        params.extend(entries.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        aws.query("sns", "2010-03-31", "Subscribe", &params).await?;
    }
    Ok(url)
}
