//! A guest of a deployed pipeline: a user and an inbox that exist for as long as something is tried, and leave nothing
//! behind. It needs what an operator may do, and nothing that a stranger could.

use std::collections::BTreeSet;

use aws_client::{Aws, AwsError, chain};
use serde_json::json;
use uuid::Uuid;

use crate::erase::versions;
use crate::inbox::Inbox;
use crate::stack::{DeployedStack, MissingOutput, Pipeline, SignIn};
use crate::user::{User, create_user, delete_user};

/// A deployed stack, and a user who uploads to it.
#[derive(Clone, Debug)]
pub struct StackUser {
    /// The stack.
    pub stack: DeployedStack,
    /// The user; a guest's name is random.
    pub user: User,
}

impl Pipeline for StackUser {
    fn aws(&self) -> Aws {
        self.stack.aws.clone()
    }

    fn output(&self, name: &'static str) -> Result<&str, MissingOutput> {
        self.stack.output(name)
    }

    fn user(&self) -> &User {
        &self.user
    }

    fn sign_in(&self) -> SignIn {
        SignIn::Srp
    }
}

/// A user of the pool, and a queue that is subscribed to the topic of finished images.
#[derive(Debug)]
pub struct Guest {
    /// Who uploads, and to which stack.
    pub client: StackUser,
    /// Gets what the topic sends.
    pub inbox: Inbox,
}

/// No guest could be made.
#[derive(Debug, thiserror::Error)]
pub enum GuestError {
    /// The stack's outputs lack something.
    #[error(transparent)]
    Output(#[from] MissingOutput),
    /// The user pool refuses.
    #[error(
        "no temporary user could be created; you need cognito-idp:AdminCreateUser and AdminSetUserPassword"
    )]
    User(#[source] AwsError),
    /// No inbox.
    #[error(
        "no temporary queue could be subscribed to the topic; you need sqs:CreateQueue and sns:Subscribe"
    )]
    Inbox(#[source] AwsError),
}

impl Guest {
    /// Creates the user and the inbox.
    ///
    /// # Errors
    ///
    /// When either is refused; then neither is left.
    pub async fn create(stack: &DeployedStack) -> Result<Self, GuestError> {
        let (pool, topic) = (stack.output("UserPoolId")?, stack.output("TopicArn")?);
        let name = format!("ops-guest-{}", Uuid::new_v4().simple());
        let inbox = Inbox::create(&stack.aws, &name, &[topic]).await.map_err(GuestError::Inbox)?;
        match create_user(&stack.aws, pool).await {
            Ok(user) => Ok(Self { client: StackUser { stack: stack.clone(), user }, inbox }),
            Err(error) => {
                // The refusal is the news; what is left of the inbox has the guest's name.
                inbox.delete(&stack.aws).await.ok();
                Err(GuestError::User(error))
            }
        }
    }

    /// Removes the guest's images, the items of the images `more`, user and inbox; answers what could not be removed, one
    /// sentence each.
    pub async fn remove(&self, more: &[String]) -> Vec<String> {
        let aws = &self.client.stack.aws;
        let mut left = Vec::new();
        if let Err(error) = self.remove_images(more).await {
            left.push(format!("images below user-uploads/{}/ are left: {error}", self.client.user.sub));
        }
        if let Ok(pool) = self.client.output("UserPoolId")
            && let Err(error) = delete_user(aws, pool, &self.client.user).await
        {
            left.push(format!("the user {} is left: {}", self.client.user.sub, chain(&error)));
        }
        if let Err(error) = self.inbox.delete(aws).await {
            left.push(format!("the queue {} is left: {}", self.inbox.url, chain(&error)));
        }
        left
    }

    async fn remove_images(&self, more: &[String]) -> Result<(), String> {
        let (aws, output) =
            (&self.client.stack.aws, |name| self.client.output(name).map_err(|error| error.to_string()));
        let (original, processed) = (output("OriginalBucketName")?, output("ProcessedBucketName")?);
        let table = output("MetadataTableName")?;
        let text = |error: AwsError| chain(&error);
        let mut ids: BTreeSet<String> = more.iter().cloned().collect();
        let prefix = format!("user-uploads/{}/", self.client.user.sub);
        for key in remove_objects(aws, original, &prefix).await.map_err(text)? {
            let Some(id) = image_id(&key) else { continue };
            remove_objects(aws, processed, &format!("processed/{id}")).await.map_err(text)?;
            ids.insert(id.to_owned());
        }
        for id in ids {
            let item = json!({"TableName": table, "Key": {"imageId": {"S": id}}});
            aws.json("dynamodb", "DynamoDB_20120810.DeleteItem", item).await.map_err(text)?;
        }
        Ok(())
    }
}

/// The id in a key, as far as it is one of ours.
fn image_id(key: &str) -> Option<&str> {
    let (id, _) = key.rsplit('/').next()?.split_once('.')?;
    Uuid::parse_str(id).ok().map(|_| id)
}

/// Deletes every version of every object below a prefix; answers their keys.
async fn remove_objects(aws: &Aws, bucket: &str, prefix: &str) -> Result<BTreeSet<String>, AwsError> {
    let mut keys = BTreeSet::new();
    loop {
        // From the start each time: what was listed is deleted.
        let page = versions::list(aws, bucket, prefix, None).await?;
        for version in page.entries {
            versions::delete(aws, bucket, &version).await?;
            keys.insert(version.key);
        }
        if page.next.is_none() {
            return Ok(keys);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_are_ids_name_images() {
        let id = "0193a5b2-7c41-7d0e-9f00-5be2a1c0ffee";
        assert_eq!(image_id(&format!("user-uploads/u/{id}.jpg")), Some(id));
        for key in ["user-uploads/u/", "user-uploads/u/cat.jpg", "user-uploads/u/.jpg"] {
            assert_eq!(image_id(key), None, "{key}");
        }
    }
}
