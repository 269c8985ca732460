//! Mappings of a queue to a function that could run for longer than its messages stay hidden.

use aws_client::{Aws, AwsError};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use serde_json::{Value, json};

use crate::drift::{DEPLOYABLE, try_deploy};
use crate::lab::{Lab, REGION, function_role, root};
use crate::platform_events::package;

const FUNCTIONS: &str = "/2015-03-31/functions";
const MAPPINGS: &str = "/2015-03-31/event-source-mappings";
const MESSAGE: &str = "Queue visibility timeout: 30 seconds is less than Function timeout: 31 seconds";

async fn lambda(aws: &Aws, method: Method, path: &str, request: Value) -> Result<Value, AwsError> {
    let answer = aws.rest("lambda", method, path, request.to_string().into_bytes(), &[]).await?;
    Ok(serde_json::from_slice(answer.body()).unwrap())
}

async fn create_function(aws: &Aws, role: &str, name: &str, timeout: u32) {
    let request = json!({
        "FunctionName": name, "Runtime": "provided.al2023", "Handler": "bootstrap", "Timeout": timeout,
        "Role": role, "Code": {"ZipFile": STANDARD.encode(package())},
    });
    lambda(aws, Method::POST, FUNCTIONS, request).await.unwrap();
}

/// A queue's ARN and address.
async fn create_queue(aws: &Aws, visibility: &str) -> (String, Value) {
    let request = json!({"QueueName": "lab", "Attributes": {"VisibilityTimeout": visibility}});
    let created = aws.json("sqs", "AmazonSQS.CreateQueue", request).await.unwrap();
    (format!("arn:aws:sqs:{REGION}:000000000000:lab"), created["QueueUrl"].clone())
}

#[track_caller]
fn assert_refused(answer: Result<Value, AwsError>) {
    let refusal = match answer {
        Err(AwsError::Refused { status, code, message, .. }) => Some((status, code, message)),
        _ => None,
    };
    assert_eq!(refusal, Some((400, "InvalidParameterValueException".to_owned(), MESSAGE.to_owned())));
}

#[tokio::test]
async fn mapping_of_a_queue_that_shows_messages_before_the_function_times_out_is_refused() {
    let lab = Lab::start().await;
    let aws = &lab.aws();
    let (queue, url) = create_queue(aws, "30").await;
    let role = function_role(aws).await;
    for (name, timeout) in [("in-time", 30), ("late", 31)] {
        create_function(aws, &role, name, timeout).await;
    }
    let map = async |name: &str| {
        lambda(aws, Method::POST, MAPPINGS, json!({"EventSourceArn": queue, "FunctionName": name})).await
    };

    assert_refused(map("late").await);

    let made = map("in-time").await.unwrap();
    let path = format!("{MAPPINGS}/{}", made["UUID"].as_str().unwrap());
    assert_refused(lambda(aws, Method::PUT, &path, json!({"FunctionName": "late"})).await);
    // What Lambda does not look at again: a change of anything else.
    let shorter = json!({"QueueUrl": url, "Attributes": {"VisibilityTimeout": "7"}});
    aws.json("sqs", "AmazonSQS.SetQueueAttributes", shorter).await.unwrap();
    let longer = format!("{FUNCTIONS}/in-time/configuration");
    lambda(aws, Method::PUT, &longer, json!({"Timeout": 60})).await.unwrap();
    let changed = lambda(aws, Method::PUT, &path, json!({"BatchSize": 1})).await.unwrap();
    assert_eq!(
        (&changed["BatchSize"], changed["FunctionArn"].as_str()),
        (&json!(1), made["FunctionArn"].as_str())
    );
    lab.stop().await;
}

#[tokio::test]
async fn stack_whose_messages_come_again_too_early_is_refused_with_lambdas_reason() {
    let lab = Lab::start().await;
    let parameters = [DEPLOYABLE, ("ProcessorTimeoutSeconds", "31"), ("QueueVisibilityTimeoutSeconds", "30")];

    let refused = try_deploy(&lab, &root().join("template.yaml"), &parameters).await.unwrap_err();

    let text = format!("{refused:?}");
    assert!(text.contains(&format!("Invalid request provided: {MESSAGE} (Service: Lambda")), "{text}");
    assert!(text.contains("ImageProcessorFunctionUploads"), "{text}");
    lab.stop().await;
}
