//! The 10,000 images, written as the pipeline leaves them, without it.

use std::time::{Duration, SystemTime};

use contract::time::rfc3339;
use http::Method;
use local_stack::stack::StackInfo;
use serde_json::{Value, json};

use crate::stack::root;

const IMAGES: u64 = 10_000;
/// As many are on a page.
const SHOWN: u64 = 60;
/// `BatchWriteItem` takes at most this number.
const BATCH: usize = 25;

/// Fills the table; the newest images have a thumbnail that can be shown.
pub(crate) async fn plant(stack: &StackInfo) {
    let (aws, now) = (stack.aws(), SystemTime::now());
    let thumbnail = std::fs::read(root().join("ops/local/photos/raccoon.jpg")).unwrap();
    let id = |number: u64| format!("{number:08x}-0000-7000-8000-{number:012x}");
    let items: Vec<Value> =
        (0..IMAGES).map(|number| item(&id(number), now - Duration::from_secs(60 * number))).collect();
    for items in items.chunks(BATCH) {
        let puts: Vec<Value> = items.iter().map(|item| json!({"PutRequest": {"Item": item}})).collect();
        let ask = json!({"RequestItems": {stack.output("MetadataTableName").unwrap(): puts}});
        aws.json("dynamodb", "DynamoDB_20120810.BatchWriteItem", ask).await.unwrap();
    }
    for number in 0..SHOWN {
        let path = format!("/{}/processed/{}.jpg", stack.output("ProcessedBucketName").unwrap(), id(number));
        aws.rest("s3", Method::PUT, &path, thumbnail.clone(), &[]).await.unwrap();
    }
}

fn item(id: &str, uploaded: SystemTime) -> Value {
    let text = |text: String| json!({"S": text});
    let number = |number: u32| json!({"N": number.to_string()});
    json!({
        "imageId": text(id.to_owned()), "originalS3Key": text(format!("user-uploads/anna/{id}.jpg")), "status": text("DONE".to_owned()),
        "processedS3Key": text(format!("processed/{id}.jpg")), "userId": text("anna".to_owned()), "notified": {"BOOL": true},
        "thumbnailWidth": number(320), "thumbnailHeight": number(240), "width": number(4032), "height": number(3024),
        "uploadedAt": text(rfc3339(uploaded)), "processedAt": text(rfc3339(uploaded)), "contentType": text("image/jpeg".to_owned()),
    })
}
