//! Places of policies: where each kind is in force, and how it is put there.

use aws_client::{Aws, xml};
use http::Method;
use serde_json::{Value, json};

const IAM: (&str, &str) = ("iam", "2010-05-08");

/// Stands for no statement at all, which no policy may have: it is about nothing of the pipeline.
const NOTHING: &str =
    r#"{"Sid":"Nothing","Effect":"Allow","Action":"ec2:DescribeRegions","Resource":"arn:aws:ec2:::none"}"#;

/// Where a policy is in force, and how it is put there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Role { role: String, policy: String },
    Trust { role: String },
    Boundary { arn: String },
    Bucket { name: String },
    Queue { url: String },
    Topic { arn: String },
    Function { name: String, statement: String },
}

impl Place {
    /// Puts a policy of these statements in force.
    pub(super) async fn put(&self, aws: &Aws, mut statements: Vec<Value>) {
        if let Place::Function { name, statement } = self {
            return put_permission(aws, name, statement, statements.first()).await;
        }
        if statements.is_empty() {
            statements.push(serde_json::from_str(NOTHING).unwrap());
        }
        let document = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
        let iam = async |action: &str, params: &[(&str, &str)]| {
            aws.query(IAM.0, IAM.1, action, params).await.unwrap()
        };
        match self {
            Place::Role { role, policy } => {
                let params =
                    [("RoleName", role.as_str()), ("PolicyName", policy), ("PolicyDocument", &document)];
                iam("PutRolePolicy", &params).await;
            }
            Place::Trust { role } => {
                iam("UpdateAssumeRolePolicy", &[("RoleName", role.as_str()), ("PolicyDocument", &document)])
                    .await;
            }
            Place::Boundary { arn } => {
                let policy = ("PolicyArn", arn.as_str());
                let before = xml::first(&iam("GetPolicy", &[policy]).await, "DefaultVersionId").unwrap();
                let default = ("SetAsDefault", "true");
                iam("CreatePolicyVersion", &[policy, ("PolicyDocument", &document), default]).await;
                // A policy has at most five versions.
                iam("DeletePolicyVersion", &[policy, ("VersionId", &before)]).await;
            }
            Place::Bucket { name } => {
                let path = format!("/{name}?policy");
                aws.rest("s3", Method::PUT, &path, document.into_bytes(), &[]).await.unwrap();
            }
            Place::Queue { url } => {
                let attributes = json!({"QueueUrl": url, "Attributes": {"Policy": document}});
                aws.json("sqs", "AmazonSQS.SetQueueAttributes", attributes).await.unwrap();
            }
            Place::Topic { arn } => {
                let params = [
                    ("TopicArn", arn.as_str()),
                    ("AttributeName", "Policy"),
                    ("AttributeValue", document.as_str()),
                ];
                aws.query("sns", "2010-03-31", "SetTopicAttributes", &params).await.unwrap();
            }
            Place::Function { .. } => {}
        }
    }
}

/// Gives a function its permission, or takes it away.
async fn put_permission(aws: &Aws, function: &str, statement: &str, permission: Option<&Value>) {
    let path = format!("/2015-03-31/functions/{function}/policy");
    if let Some(permission) = permission {
        let body = permission.to_string().into_bytes();
        aws.rest("lambda", Method::POST, &path, body, &[]).await.unwrap();
    } else {
        let path = format!("{path}/{statement}");
        aws.rest("lambda", Method::DELETE, &path, Vec::new(), &[]).await.unwrap();
    }
}
