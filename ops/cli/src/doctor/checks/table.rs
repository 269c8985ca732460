//! The table: what a refused conditional write returns.

use futures_util::FutureExt as _;
use http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::cloudwatch::text;
use crate::doctor::check::{Check, CheckError, Outcome, Proof};
use crate::doctor::context::Context;

pub(super) const CONDITIONAL_PUT: Check = Check {
    name: "conditional-put",
    claim: "A PutItem whose condition fails returns the item that stands, with `ReturnValuesOnConditionCheckFailure=ALL_OLD`.",
    doc: "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutItem.html",
    how: "DynamoDB `PutItem` twice under a random id, the second one on condition that there is none; the item is removed",
    proof: Proof::Upload,
    run: |context| conditional_put(context).boxed_local(),
};

async fn conditional_put(context: &Context) -> Result<Outcome, CheckError> {
    let id = format!("ops-doctor-{}", Uuid::new_v4());
    context.invented(&id);
    let item = json!({"imageId": {"S": id}, "status": {"S": "PROCESSING"}});
    let put = json!({
        "TableName": context.output("MetadataTableName")?, "Item": item,
        "ConditionExpression": "attribute_not_exists(imageId)", "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    });
    context.aws().json("dynamodb", "DynamoDB_20120810.PutItem", put.clone()).await?;
    let headers =
        [("content-type", "application/x-amz-json-1.0"), ("x-amz-target", "DynamoDB_20120810.PutItem")];
    let body = put.to_string().into_bytes();
    let answer =
        context.aws().exchange("dynamodb PutItem", "dynamodb", Method::POST, "/", body, &headers).await?;
    let answer: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
    Ok(returned(&answer, &item))
}

fn returned(answer: &Value, item: &Value) -> Outcome {
    let code = text(answer, "__type").rsplit('#').next().unwrap_or_default().to_owned();
    let todo =
        "claims read the other attempt from this answer: without it they cannot tell a duplicate from a race";
    if code != "ConditionalCheckFailedException" {
        return Outcome::failed(format!("the second write was answered {code:?}"), todo);
    }
    match answer.get("Item") {
        Some(returned) if returned == item => Outcome::Ok("refused, with the item that stands".to_owned()),
        Some(_) => Outcome::failed("refused, with another item", todo),
        None => Outcome::failed("refused, without an item", todo),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusal_without_the_item_is_a_failure() {
        let item = json!({"imageId": {"S": "i"}});
        let code = "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException";
        assert_eq!(returned(&json!({"__type": code, "Item": item}), &item).status(), "ok");
        assert_eq!(returned(&json!({"__type": code}), &item).status(), "failed");
        assert_eq!(returned(&json!({}), &item).status(), "failed");
    }
}
