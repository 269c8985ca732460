//! Attributes of resources (`Fn::GetAtt`) and pseudo parameters, by AWS's rules and not as the engine has them.

use super::deployed::Deployed;

impl Deployed {
    /// A pseudo parameter, such as `AWS::Region`.
    pub(super) fn pseudo_parameter(&self, name: &str) -> Option<&str> {
        let mut parts = self.arn.split(':').skip(1);
        match name {
            "AWS::Partition" => parts.next(),
            "AWS::Region" => parts.nth(2),
            "AWS::AccountId" => parts.nth(3),
            _ => None,
        }
    }

    /// An attribute of a resource, for those that templates of this repository use.
    pub(super) fn attribute(&self, resource: &str, attribute: &str) -> Option<String> {
        let resource = self.resources.get(resource)?;
        let id = resource.physical_id.as_str();
        let last = |separator| id.rsplit(separator).next().map(str::to_owned);
        match (resource.kind.as_str(), attribute) {
            ("AWS::S3::Bucket", "Arn") => Some(format!("arn:{}:s3:::{id}", self.partition()?)),
            ("AWS::SQS::Queue", "Arn") => self.named("sqs", &last('/')?),
            ("AWS::SQS::Queue", "QueueName") => last('/'),
            ("AWS::SNS::Topic", "TopicName") => last(':'),
            ("AWS::DynamoDB::Table", "Arn") => self.named("dynamodb", &format!("table/{id}")),
            ("AWS::Events::Rule", "Arn") => self.named("events", &format!("rule/{id}")),
            ("AWS::Lambda::Function", "Arn") => self.named("lambda", &format!("function:{id}")),
            ("AWS::Logs::LogGroup", "Arn") => self.named("logs", &format!("log-group:{id}:*")),
            ("AWS::IAM::Role", "Arn") => {
                let account = self.pseudo_parameter("AWS::AccountId")?;
                Some(format!("arn:{}:iam::{account}:role/{id}", self.partition()?))
            }
            ("AWS::Cognito::UserPool", "ProviderName") => {
                Some(format!("cognito-idp.{}.amazonaws.com/{id}", self.pseudo_parameter("AWS::Region")?))
            }
            _ => None,
        }
    }

    fn partition(&self) -> Option<&str> {
        self.pseudo_parameter("AWS::Partition")
    }

    /// The ARN of something in the stack's region and account.
    fn named(&self, service: &str, name: &str) -> Option<String> {
        let (region, account) =
            (self.pseudo_parameter("AWS::Region")?, self.pseudo_parameter("AWS::AccountId")?);
        Some(format!("arn:{}:{service}:{region}:{account}:{name}", self.partition()?))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::deploy::Resource;

    fn attribute(kind: &str, id: &str, attribute: &str) -> Option<String> {
        let resource = Resource { physical_id: id.into(), kind: kind.into() };
        let deployed = Deployed {
            arn: "arn:aws-cn:cloudformation:cn-north-1:123:stack/s/1".into(),
            outputs: [].into(),
            resources: [("R".to_owned(), resource)].into(),
            parameters: [].into(),
            template: Value::Null,
        };
        deployed.attribute("R", attribute)
    }

    #[test]
    fn attributes_follow_the_service_s_form_of_names() {
        for (kind, id, name, expected) in [
            ("AWS::S3::Bucket", "b", "Arn", "arn:aws-cn:s3:::b"),
            ("AWS::SQS::Queue", "http://h/123/q", "Arn", "arn:aws-cn:sqs:cn-north-1:123:q"),
            ("AWS::SNS::Topic", "arn:aws-cn:sns:cn-north-1:123:t", "TopicName", "t"),
            ("AWS::IAM::Role", "r", "Arn", "arn:aws-cn:iam::123:role/r"),
            ("AWS::Logs::LogGroup", "/a", "Arn", "arn:aws-cn:logs:cn-north-1:123:log-group:/a:*"),
            ("AWS::Cognito::UserPool", "p", "ProviderName", "cognito-idp.cn-north-1.amazonaws.com/p"),
        ] {
            assert_eq!(attribute(kind, id, name).as_deref(), Some(expected), "{kind}");
        }
        assert_eq!(attribute("AWS::S3::Bucket", "b", "Unheard"), None);
    }
}
