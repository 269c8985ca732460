//! The port to the table, and its AWS adapter.

use std::{collections::HashMap, future::Future};

use aws_config::BehaviorVersion;
use aws_sdk_dynamodb::{
    operation::get_item::{GetItemError, GetItemInput},
    types::AttributeValue,
};
use contract::item::{Attribute, Record};
use telemetry_aws_sdk::CallSpans;
use uuid::Uuid;

use crate::{config::Config, error::AwsError};

/// The one thing this function asks of AWS.
pub trait Items: Sync {
    /// The item of an image, where it has one.
    fn get(&self, id: Uuid) -> impl Future<Output = Result<Option<Record>, AwsError>> + Send;
}

/// The table of the account that the environment's credentials belong to.
#[derive(Clone, Debug)]
pub struct AwsItems {
    dynamodb: aws_sdk_dynamodb::Client,
    table: String,
}

impl AwsItems {
    /// A client with the credentials of the environment.
    pub async fn load(config: &Config) -> Self {
        let sdk = aws_config::defaults(BehaviorVersion::latest()).load().await;
        let dynamodb = aws_sdk_dynamodb::config::Builder::from(&sdk).interceptor(spans());
        Self {
            dynamodb: aws_sdk_dynamodb::Client::from_conf(dynamodb.build()),
            table: config.metadata_table.clone(),
        }
    }
}

fn spans() -> CallSpans {
    CallSpans::default().operation::<GetItemInput, GetItemError>(|input, call| {
        call.text("db.system.name", Some("aws.dynamodb"));
        call.text("db.operation.name", Some("GetItem"));
        call.list("aws.dynamodb.table_names", input.table_name());
    })
}

impl Items for AwsItems {
    async fn get(&self, id: Uuid) -> Result<Option<Record>, AwsError> {
        let request = self.dynamodb.get_item().table_name(&self.table);
        let request = request.key("imageId", AttributeValue::S(id.to_string()));
        // An older copy could answer PROCESSING to somebody who has seen DONE.
        let found = request.consistent_read(true).send().await?;
        Ok(found.item().map(record))
    }
}

fn record(item: &HashMap<String, AttributeValue>) -> Record {
    Record::read(|name| {
        Some(match item.get(name)? {
            AttributeValue::S(text) => Attribute::S(text.clone()),
            AttributeValue::N(number) => Attribute::N(number.clone()),
            AttributeValue::Bool(yes) => Attribute::Bool(*yes),
            AttributeValue::L(texts) => {
                Attribute::L(texts.iter().filter_map(|text| text.as_s().ok()).cloned().collect())
            }
            _ => return None,
        })
    })
}
