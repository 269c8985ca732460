//! Scan: the table read part by part, in the order of its keys.

use std::collections::HashMap;
use std::sync::Arc;

use aws_client::{Aws, AwsError};
use contract::item::Record;
use serde_json::{Map, Value};

use super::MOST;

/// A read of the table, as far as it is.
#[derive(Debug)]
pub(super) struct Scan {
    aws: Aws,
    table: String,
    pub(super) images: HashMap<String, Arc<Record>>,
    at: Position,
}

#[derive(Debug)]
enum Position {
    Begin,
    /// After this key.
    After(Value),
    End,
}

impl Scan {
    /// One that has not begun.
    pub(super) fn of(aws: &Aws, table: &str) -> Self {
        Self { aws: aws.clone(), table: table.to_owned(), images: HashMap::new(), at: Position::Begin }
    }

    /// Reads the next part: at most `limit` items, or as many as DynamoDB answers at once.
    pub(super) async fn part(&mut self, limit: Option<usize>) -> Result<(), AwsError> {
        let mut ask = Map::from_iter([("TableName".to_owned(), self.table.as_str().into())]);
        ask.extend(limit.map(|limit| ("Limit".to_owned(), limit.into())));
        if let Position::After(key) = &self.at {
            ask.insert("ExclusiveStartKey".to_owned(), key.clone());
        }
        let mut part = self.aws.json("dynamodb", "DynamoDB_20120810.Scan", ask.into()).await?;
        let items = part.get("Items").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let records = items.iter().map(Record::of_tagged);
        self.images.extend(records.map(|image| (image.image_id.clone(), Arc::new(image))));
        let last = part.get_mut("LastEvaluatedKey").map(Value::take);
        self.at = last.filter(Value::is_object).map_or(Position::End, Position::After);
        Ok(())
    }

    /// Whether nothing more is read.
    pub(super) fn is_over(&self) -> bool {
        self.is_complete() || self.images.len() >= MOST
    }

    /// Whether the table holds nothing more.
    pub(super) const fn is_complete(&self) -> bool {
        matches!(self.at, Position::End)
    }
}
