//! SQS and SNS.

use serde_json::json;

use super::Within::{List, Place};
use super::{Reader, Subject};
use crate::drift::call::Call;
use crate::drift::form::{Form, last};

pub(super) const READERS: &[Reader] = &[
    Reader {
        kind: "AWS::SQS::Queue",
        call: |queue| attributes(queue.id),
        within: Place("/Attributes"),
        properties: &[
            ("QueueName", "/QueueArn", Form::Shape(last)),
            ("VisibilityTimeout", "/VisibilityTimeout", Form::Text),
            ("MessageRetentionPeriod", "/MessageRetentionPeriod", Form::Text),
            ("SqsManagedSseEnabled", "/SqsManagedSseEnabled", Form::Text),
            ("RedrivePolicy", "/RedrivePolicy", Form::Document),
            ("RedriveAllowPolicy", "/RedriveAllowPolicy", Form::Document),
        ],
    },
    Reader {
        kind: "AWS::SQS::QueuePolicy",
        call: |policy| attributes(&policy.text("Queues")),
        within: Place("/Attributes/Policy"),
        properties: &[("Queues", "", Form::Address), ("PolicyDocument", "", Form::Document)],
    },
    Reader {
        kind: "AWS::SNS::Topic",
        call: |topic| topic_attributes(topic.id.to_owned()),
        within: Place("/GetTopicAttributesResult/Attributes"),
        properties: &[("TopicName", "/TopicArn", Form::Shape(last))],
    },
    Reader {
        kind: "AWS::SNS::TopicPolicy",
        call: |policy| topic_attributes(policy.text("Topics")),
        within: Place("/GetTopicAttributesResult/Attributes/Policy"),
        properties: &[("Topics", "", Form::Address), ("PolicyDocument", "", Form::Document)],
    },
    Reader {
        kind: "AWS::SNS::Subscription",
        call: subscriptions,
        within: List("/ListSubscriptionsByTopicResult/Subscriptions", "SubscriptionArn"),
        properties: &[
            ("TopicArn", "/TopicArn", Form::Exact),
            ("Protocol", "/Protocol", Form::Exact),
            ("Endpoint", "/Endpoint", Form::Exact),
        ],
    },
    Reader {
        kind: "AWS::SNS::Subscription",
        call: |subscription| {
            let named = ("SubscriptionArn", subscription.id.to_owned());
            Call::Query("sns", "2010-03-31", "GetSubscriptionAttributes", vec![named])
        },
        within: Place("/GetSubscriptionAttributesResult/Attributes"),
        properties: &[
            ("FilterPolicyScope", "/FilterPolicyScope", Form::Exact),
            ("FilterPolicy", "/FilterPolicy", Form::Document),
        ],
    },
];

fn attributes(queue: &str) -> Call {
    let request = json!({"QueueUrl": queue, "AttributeNames": ["All"]});
    Call::Json("sqs", "AmazonSQS.GetQueueAttributes", request)
}

fn topic_attributes(topic: String) -> Call {
    Call::Query("sns", "2010-03-31", "GetTopicAttributes", vec![("TopicArn", topic)])
}

fn subscriptions(subscription: &Subject<'_>) -> Call {
    let topic = ("TopicArn", subscription.text("TopicArn"));
    Call::Query("sns", "2010-03-31", "ListSubscriptionsByTopic", vec![topic])
}
