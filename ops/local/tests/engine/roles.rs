//! Roles that lack what Lambda does on a function's behalf: the deploy is refused by name, as on AWS.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;

use local_stack::deploy::{DeployError, Deployment};

use crate::lab::{Lab, root, stubs};

/// The error of a deploy of the repository's template with texts in the place of others.
async fn refusal<const N: usize>(changes: [(&str, &str); N]) -> (String, String) {
    let lab = Lab::start().await;
    let mut text = fs::read_to_string(root().join("template.yaml")).unwrap();
    for (old, new) in changes {
        assert!(text.contains(old), "{old} is in the template");
        text = text.replace(old, new);
    }
    let template = lab.directory().join("template.yaml");
    fs::write(&template, text).unwrap();
    for name in ["alarms", "dashboards", "functions"] {
        symlink(root().join(name), lab.directory().join(name)).unwrap();
    }
    let (aws, functions) = (&lab.aws(), &stubs(lab.directory()));
    let parameters = &BTreeMap::from([("MathAlarms".to_owned(), "disabled".to_owned())]);
    let deployment = Deployment { aws, stack: "image-pipeline", template: &template, parameters, functions };
    let error = deployment.create(&()).await.unwrap_err();
    lab.stop().await;
    match error {
        DeployError::Resource { kind, reason, .. } => (kind, reason),
        other => (String::new(), other.to_string()),
    }
}

fn without(operation: &str, service: &str) -> String {
    format!("The provided execution role does not have permissions to call {operation} on {service}")
}

#[tokio::test]
async fn queue_is_not_mapped_to_a_function_whose_role_lacks_a_right_of_the_poller() {
    for operation in ["ReceiveMessage", "DeleteMessage", "GetQueueAttributes"] {
        let (kind, reason) = refusal([(&format!("sqs:{operation}, "), "")]).await;
        assert_eq!(kind, "AWS::Lambda::EventSourceMapping", "{operation}");
        assert_eq!(reason, without(operation, "SQS"));
    }
}

#[tokio::test]
async fn function_with_active_tracing_is_not_made_when_its_role_may_not_trace() {
    let (kind, reason) = refusal([("[xray:PutTraceSegments, xray:", "[xray:")]).await;
    assert_eq!((kind.as_str(), reason), ("AWS::Lambda::Function", without("PutTraceSegments", "XRAY")));
}

#[tokio::test]
async fn function_is_not_made_with_a_role_that_lambda_may_not_assume() {
    let (kind, reason) = refusal([("{Service: lambda.amazonaws.com}", "{Service: ec2.amazonaws.com}")]).await;
    let expected = "The role defined for the function cannot be assumed by Lambda.";
    assert_eq!((kind.as_str(), reason.as_str()), ("AWS::Lambda::Function", expected));
}

#[tokio::test]
async fn destination_is_not_set_when_the_role_may_not_publish_there() {
    let granted = "Action: sns:Publish\n                Resource: !Ref TicketTopic";
    // Until it has its own policy, a topic has one by which everybody in the account may publish.
    let function = "  S3MetricsFunction:\n    Type: AWS::Serverless::Function\n";
    let later = format!("{function}    DependsOn: TicketTopicPolicy\n");
    let changes = [(granted, granted.replace("Ticket", "Page")), (function, later)];
    let (kind, reason) = refusal(changes.each_ref().map(|(old, new)| (*old, new.as_str()))).await;
    assert_eq!(kind, "AWS::Lambda::EventInvokeConfig");
    assert!(reason.contains(&without("Publish", "SNS")), "{reason}");
}

#[tokio::test]
async fn bucket_does_not_notify_a_queue_whose_policy_does_not_let_it() {
    let (kind, reason) = refusal([("{Service: s3.amazonaws.com}", "{Service: sns.amazonaws.com}")]).await;
    assert_eq!(kind, "AWS::S3::Bucket");
    assert!(reason.contains("Unable to validate the following destination configurations"), "{reason}");
}
