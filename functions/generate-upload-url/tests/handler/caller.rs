//! Who gets a URL: nobody but the user that the authorizer vouches for.

use serde_json::{Value, json};

use crate::{Harness, event};

#[tokio::test]
async fn nobody_but_a_verified_user_gets_a_url() {
    let claims = "/requestContext/authorizer/jwt/claims";
    for sub in
        [json!(null), json!(""), json!("../b"), json!("a/b"), json!("é"), json!(7), json!("x".repeat(129))]
    {
        let mut event = event();
        event.pointer_mut(claims).unwrap()["sub"] = sub.clone();
        assert_eq!(Harness::new().refuse(event).await, (401, "Unauthorized".to_owned()), "{sub}");
    }
    for event in [json!(null), json!({}), json!([]), json!({ "requestContext": 1, "body": {} })] {
        assert_eq!(Harness::new().refuse(event).await.0, 401);
    }
}

#[tokio::test]
async fn token_that_is_neither_an_id_nor_an_access_token_gets_no_url() {
    let with = |token_use: Value| {
        let mut event = event();
        event.pointer_mut("/requestContext/authorizer/jwt/claims").unwrap()["token_use"] = token_use;
        event
    };
    for token_use in ["id", "access"] {
        Harness::new().issue(with(token_use.into())).await;
    }
    for token_use in [json!("refresh"), json!("ID"), json!(""), json!(null), json!(7), json!(["id"])] {
        let refused = Harness::new().refuse(with(token_use.clone())).await;
        assert_eq!(refused, (401, "Unauthorized".to_owned()), "{token_use}");
    }
}
