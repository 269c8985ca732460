//! A restart of the engine: it forgets nothing that a service holds.

use aws_client::Aws;
use http::Method;
use local_stack::faults::{Faults, InjectedFault, Proxy, Rule};
use serde_json::json;
use tokio::net::TcpListener;

use crate::lab::{Lab, REGION};

const BODY: &[u8] = &[0, 159, 146, 150];

#[tokio::test]
async fn restarted_engine_is_the_same_process_and_still_holds_objects_messages_items_and_its_key() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let environment = [("SERVICE_METRICS", address), ("CLOCK_RATE", "20".to_owned())];
    let lab = Lab::start_with(&environment.map(|(name, value)| (name.to_owned(), value))).await;
    drop(listener.accept().await.unwrap());
    let aws = lab.aws();
    let place = format!(
        "<CreateBucketConfiguration><LocationConstraint>{REGION}</LocationConstraint></CreateBucketConfiguration>"
    );
    aws.rest("s3", Method::PUT, "/bucket", place.into_bytes(), &[]).await.unwrap();
    aws.rest("s3", Method::PUT, "/bucket/key", BODY.to_vec(), &[("x-amz-meta-of", "test")]).await.unwrap();
    let queue = aws.json("sqs", "AmazonSQS.CreateQueue", json!({"QueueName": "queue"})).await.unwrap();
    let queue = queue["QueueUrl"].clone();
    let message = json!({"QueueUrl": queue, "MessageBody": "message"});
    aws.json("sqs", "AmazonSQS.SendMessage", message).await.unwrap();
    let table = json!({
        "TableName": "table", "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    });
    aws.json("dynamodb", "DynamoDB_20120810.CreateTable", table).await.unwrap();
    let item = json!({"id": {"S": "item"}});
    let put = json!({"TableName": "table", "Item": item});
    aws.json("dynamodb", "DynamoDB_20120810.PutItem", put).await.unwrap();

    let (proxy, faults) = (Proxy::bind().await.unwrap(), Faults::default());
    let address = proxy.address();
    let _proxying = proxy.serve(lab.endpoint(), lab.processes(), faults.clone());
    let restart = faults.strike(Rule::next("sts", "GetCallerIdentity", "", InjectedFault::EngineRestarts));
    let through = Aws::new(&address, REGION, lab.root_credentials().clone());
    // The engine may answer before it ends, or break off.
    through.query("sts", "2011-06-15", "GetCallerIdentity", &[]).await.ok();
    restart.struck(1).await.unwrap();
    // The program that starts anew connects anew.
    let _reports = listener.accept().await.unwrap();

    let object = aws.rest("s3", Method::GET, "/bucket/key", Vec::new(), &[]).await.unwrap();
    assert_eq!(
        (&object.headers()["x-amz-meta-of"], object.body().as_ref()),
        (&"test".parse().unwrap(), BODY)
    );
    let received = json!({"QueueUrl": queue, "VisibilityTimeout": 0});
    let received = aws.json("sqs", "AmazonSQS.ReceiveMessage", received).await.unwrap();
    assert_eq!(received["Messages"][0]["Body"], "message", "{received}");
    let get = json!({"TableName": "table", "Key": item});
    assert_eq!(aws.json("dynamodb", "DynamoDB_20120810.GetItem", get).await.unwrap()["Item"], item);
    lab.stop().await;
}
