//! Pools of many users, who come at the same time.

use futures_util::future::try_join_all;
use local_stack::user::create_user;
use serde_json::{Value, json};

use crate::lab::Lab;

/// How many users come, and how many at the same time.
const USERS: usize = 640;
const AT_ONCE: usize = 16;

#[tokio::test]
async fn users_are_created_and_found_while_others_are() {
    let lab = Lab::start().await;
    let aws = &lab.aws();
    let call = async |operation: &str, body: Value| {
        aws.json("cognito-idp", &format!("AWSCognitoIdentityProviderService.{operation}"), body).await
    };
    let pool = json!({"PoolName": "crowd", "UsernameAttributes": ["email"]});
    let pool = call("CreateUserPool", pool).await.unwrap()["UserPool"]["Id"].as_str().unwrap().to_owned();

    let mut users = Vec::new();
    for _ in 0..USERS / AT_ONCE {
        users.extend(try_join_all((0..AT_ONCE).map(|_| create_user(aws, &pool))).await.unwrap());
    }

    let (first, second) = (&users[0], &users[1]);
    let named = async |name: &str| {
        let found = call("AdminGetUser", json!({"UserPoolId": pool, "Username": name})).await.ok()?;
        Some(found["Username"].as_str().unwrap().to_owned())
    };
    assert_eq!(named(&first.email).await, named(&first.sub).await);
    assert_ne!(named(&first.email).await, named(&second.email).await);
    // Whoever gave an address up, or is gone, is found by it no more.
    let moved = json!([{"Name": "email", "Value": "moved@example.com"}]);
    let update = json!({"UserPoolId": pool, "Username": first.email, "UserAttributes": moved});
    call("AdminUpdateUserAttributes", update).await.unwrap();
    assert_eq!(named(&first.email).await, None);
    assert_eq!(named("moved@example.com").await, named(&first.sub).await);
    call("AdminDeleteUser", json!({"UserPoolId": pool, "Username": second.email})).await.unwrap();
    assert_eq!(named(&second.email).await, None);
}
