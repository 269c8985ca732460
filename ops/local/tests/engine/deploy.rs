//! Deploying to a real engine: the very template of the repository, and broken ones.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use local_stack::deploy::{DeployError, Deployed, Deployment, Functions, create_outbox, reconcile};
use serde_json::json;

use crate::lab::{Lab, root, stubs};

async fn deploy(
    lab: &Lab,
    template: &Path,
    functions: &Functions,
    parameters: &[(&str, &str)],
) -> Result<Deployed, DeployError> {
    let parameters: BTreeMap<_, _> =
        parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let aws = &lab.aws();
    Deployment { aws, stack: "image-pipeline", template, parameters: &parameters, functions }
        .create(&())
        .await
}

#[tokio::test]
async fn template_of_the_repository_deploys_as_it_is() {
    let lab = Lab::start().await;
    let (template, functions) = (root().join("template.yaml"), stubs(lab.directory()));
    // The engine's gap; see docs/local-engine-gaps.md.
    let parameters = [("MathAlarms", "disabled")];
    let deployed = deploy(&lab, &template, &functions, &parameters).await.unwrap();

    assert_eq!(deployed.outputs["ImageProcessorFunctionName"], "image-processor-lambda");
    assert_eq!(deployed.resources["ProcessingQueue"].kind, "AWS::SQS::Queue");
    // Fails when a property reads back otherwise than the template states it.
    reconcile(&lab.aws(), &deployed, &()).await.unwrap();
    consumer_counts_in_numbers(&lab, &deployed).await;
    lab.stop().await;
}

/// The worst of the gaps: with a text in its place, no message was ever delivered.
async fn consumer_counts_in_numbers(lab: &Lab, deployed: &Deployed) {
    let id = &deployed.resources["ImageProcessorFunctionUploads"].physical_id;
    let path = format!("/2015-03-31/event-source-mappings/{id}");
    let mapping = lab.aws().rest("lambda", http::Method::GET, &path, Vec::new(), &[]).await.unwrap();
    let mapping: serde_json::Value = serde_json::from_slice(mapping.body()).unwrap();
    assert_eq!(mapping["ScalingConfig"]["MaximumConcurrency"], 5);
}

#[tokio::test]
async fn outbox_gets_a_copy_of_what_the_topics_publish() {
    let lab = Lab::start().await;
    let aws = lab.aws();
    let sns = async |action: &str, params: &[(&str, &str)]| {
        aws.query("sns", "2010-03-31", action, params).await.unwrap()
    };
    let created = sns("CreateTopic", &[("Name", "a-topic")]).await;
    let topic = aws_client::xml::first(&created, "TopicArn").unwrap();

    let url = create_outbox(&aws, &[&topic]).await.unwrap();

    sns("Publish", &[("TopicArn", &topic), ("Subject", "Hello"), ("Message", "body")]).await;
    let request = json!({"QueueUrl": url, "WaitTimeSeconds": 5});
    let received = aws.json("sqs", "AmazonSQS.ReceiveMessage", request).await.unwrap();
    let envelope: serde_json::Value =
        serde_json::from_str(received["Messages"][0]["Body"].as_str().unwrap()).unwrap();
    assert_eq!((&envelope["Subject"], &envelope["Message"]), (&json!("Hello"), &json!("body")));
    lab.stop().await;
}

#[tokio::test]
async fn resource_that_fails_is_named_with_its_reason() {
    let lab = Lab::start().await;
    let template = lab.directory().join("template.yaml");
    let text = "Transform: AWS::Serverless-2016-10-31
Resources:
  Refused:
    Type: AWS::S3::Bucket
    Properties:
      NotificationConfiguration:
        QueueConfigurations:
          - {Event: 's3:ObjectCreated:*', Queue: 'arn:aws:sqs:ap-northeast-1:000000000000:absent'}
";
    fs::write(&template, text).unwrap();

    let error = deploy(&lab, &template, &Functions::default(), &[]).await.unwrap_err();

    assert!(matches!(&error, DeployError::Resource { resource, .. } if resource == "Refused"), "{error}");
    assert!(error.to_string().contains(":absent"), "{error}");
    lab.stop().await;
}

#[tokio::test]
async fn code_that_is_no_package_of_the_workspace_is_named() {
    let lab = Lab::start().await;
    let template = lab.directory().join("template.yaml");
    let text = "Resources:\n  F:\n    Type: AWS::Serverless::Function\n    Properties:\n      CodeUri: .\n";
    fs::write(&template, text).unwrap();

    let error = deploy(&lab, &template, &Functions::default(), &[]).await.unwrap_err();

    assert!(matches!(&error, DeployError::NoProgram { path } if path == "."), "{error}");
    lab.stop().await;
}
