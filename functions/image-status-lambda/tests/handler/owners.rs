//! Who learns of an image: its owner, and nobody else even that there is one.

use contract::{image_id, item::Record};
use serde_json::{Value, json};

use crate::{Harness, SUB, done, event, event_for};

#[tokio::test]
async fn an_image_of_another_user_is_refused_exactly_as_one_that_does_not_exist() {
    let issued = image_id::issue("mallory", "jpg");
    let id = issued.id.to_string();
    let theirs = Record { image_id: id.clone(), original_key: issued.key, ..done() };
    // What a user may name themselves with the identity pool's credentials, and what was issued before ids certified keys.
    let lookalike = Record { original_key: format!("user-uploads/{SUB}x/{SUB}/a.jpg"), ..theirs.clone() };
    let outside = Record { original_key: format!("other/{SUB}/a.jpg"), ..theirs.clone() };

    let unknown = Harness::empty().answer(event_for(&id)).await;
    for item in [theirs, lookalike, outside] {
        let refused = Harness::holding(item).answer(event_for(&id)).await;

        assert_eq!(refused.status_code, 404);
        assert_eq!(
            (refused.body, refused.headers, refused.status_code),
            (unknown.body.clone(), unknown.headers.clone(), unknown.status_code)
        );
    }
}

#[tokio::test]
async fn an_image_under_a_name_that_its_owner_chose_is_answered_under_its_derived_id() {
    let key = format!("user-uploads/{SUB}/holiday/cat.jpg");
    let id = image_id::image_id(&key).to_string();
    let item = Record { image_id: id.clone(), original_key: key, ..done() };

    assert_eq!(Harness::holding(item).read(event_for(&id)).await["status"], "DONE");
    assert_eq!(Harness::empty().refuse(event_for(&id)).await, (404, "ImageNotFound".to_owned()));
}

#[tokio::test]
async fn nobody_but_a_verified_user_gets_a_status() {
    let item = done();
    let claims = "/requestContext/authorizer/jwt/claims";
    let with = |claim: &str, value: Value| {
        let mut event = event_for(&item.image_id);
        event.pointer_mut(claims).unwrap()[claim] = value;
        event
    };
    for event in [
        with("sub", json!(null)),
        with("sub", json!("")),
        with("sub", json!("a/b")),
        with("token_use", json!("refresh")),
        with("token_use", json!(null)),
        json!(null),
        json!({ "pathParameters": { "imageId": item.image_id } }),
    ] {
        let refused = Harness::holding(item.clone()).refuse(event.clone()).await;
        assert_eq!(refused, (401, "Unauthorized".to_owned()), "{event}");
    }
    assert_eq!(Harness::empty().refuse(event()).await.0, 404, "the fixture's image is of another user");
}
