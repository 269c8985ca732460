//! Outbox: the queue that gets a copy of every notification, since the engine sends no mail.

use aws_client::{Aws, AwsError};
use pipeline_client::inbox::Inbox;

/// Not in the template: nothing of the sort exists on AWS.
const NAME: &str = "ops-outbox";

/// Creates the queue and subscribes it to `topics`; answers its URL.
///
/// # Errors
///
/// When the engine refuses.
pub async fn create_outbox(aws: &Aws, topics: &[&str]) -> Result<String, AwsError> {
    Ok(Inbox::create(aws, NAME, topics).await?.url)
}
