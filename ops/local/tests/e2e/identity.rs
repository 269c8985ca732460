//! Whom the identity pool gives an identity and credentials.

use aws_client::{AwsError, Credentials};
use serde_json::{Value, json};

use crate::stage::Stage;
use crate::tokens::{Parts, pool_key, stranger, time};
use crate::uploader::somebody;

/// Who a signed-in user is, as the identity pool wants it said.
pub(crate) fn login(stage: &Stage, id_token: &str) -> Value {
    let provider = format!("cognito-idp.{}.amazonaws.com/{}", stage.info.region, stage.output("UserPoolId"));
    json!({provider: id_token})
}

async fn call(stage: &Stage, operation: &str, body: Value) -> Result<Value, AwsError> {
    stage.aws.json("cognito-identity", &format!("AWSCognitoIdentityService.{operation}"), body).await
}

async fn identity(stage: &Stage, logins: &Value) -> Result<Value, AwsError> {
    let asked = json!({"IdentityPoolId": stage.output("IdentityPoolId"), "Logins": logins});
    Ok(call(stage, "GetId", asked).await?["IdentityId"].take())
}

/// The credentials that the identity pool gives out.
pub(crate) async fn pool_credentials(stage: &Stage, logins: &Value) -> Credentials {
    let id = identity(stage, logins).await.unwrap();
    let given =
        call(stage, "GetCredentialsForIdentity", json!({"IdentityId": id, "Logins": logins})).await.unwrap();
    let text = |name: &str| given["Credentials"][name].as_str().unwrap().to_owned();
    Credentials {
        access_key_id: text("AccessKeyId"),
        secret_access_key: text("SecretKey"),
        session_token: Some(text("SessionToken")),
    }
}

/// Checks that no call of the identity pool takes these logins, for a new identity or for that of `id`.
async fn assert_refused(stage: &Stage, id: &Value, logins: &Value, why: &str) {
    let new = json!({"IdentityPoolId": stage.output("IdentityPoolId"), "Logins": logins});
    let known = json!({"IdentityId": id, "Logins": logins});
    for (operation, body) in
        [("GetId", &new), ("GetCredentialsForIdentity", &known), ("GetOpenIdToken", &known)]
    {
        let error = call(stage, operation, body.clone()).await.expect_err(why);
        assert_eq!(error.code(), Some("NotAuthorizedException"), "{operation}, {why}: {error}");
    }
}

#[tokio::test]
async fn identity_pool_takes_no_token_but_a_fresh_id_token_of_its_own_user_pool() {
    let stage = Stage::shared().await;
    let tokens = somebody(stage).await;
    let id = identity(stage, &login(stage, &tokens.id_token)).await.unwrap();
    let (genuine, key) = (Parts::of(&tokens.id_token), pool_key(stage));
    let signed = |parts: &Parts| parts.signed(&key);
    // Without this, every refusal below could be one of our signature instead of the fault it names.
    pool_credentials(stage, &login(stage, &signed(&genuine))).await;
    let expired = |ago: i64| genuine.with_claim("iat", time(-7_200)).with_claim("exp", time(-ago));
    let issuer = format!("https://cognito-idp.{0}.amazonaws.com/{0}_Another", stage.info.region);
    let (text, signature) = tokens.id_token.rsplit_once('.').unwrap();
    for (why, token) in [
        ("expired an hour ago", signed(&expired(3_600))),
        ("expired a moment ago", signed(&expired(1))),
        ("never expires", signed(&genuine.with_claim("exp", Value::Null))),
        ("another issuer", signed(&genuine.with_claim("iss", issuer))),
        ("another audience", signed(&genuine.with_claim("aud", "another-client"))),
        ("changed after it was signed", format!("{}.{signature}", genuine.with_claim("sub", "b").unsigned())),
        ("without a signature", format!("{text}.")),
        ("a stranger's signature", genuine.signed(&stranger())),
        ("an access token", tokens.access_token.clone()),
        ("no token", "x".to_owned()),
    ] {
        assert_refused(stage, &id, &login(stage, &token), why).await;
    }
}

#[tokio::test]
async fn identity_pool_gives_nobody_an_identity_who_is_not_signed_in() {
    let stage = Stage::shared().await;
    let tokens = somebody(stage).await;
    let id = identity(stage, &login(stage, &tokens.id_token)).await.unwrap();
    assert_refused(stage, &id, &json!({}), "nobody signed in").await;

    let unknown = format!("{}:{}", stage.info.region, uuid::Uuid::new_v4());
    for logins in [json!({}), login(stage, &tokens.id_token)] {
        let asked = json!({"IdentityId": unknown, "Logins": logins});
        let error = call(stage, "GetCredentialsForIdentity", asked).await.expect_err("no pool has it");
        assert_eq!(error.code(), Some("ResourceNotFoundException"), "{error}");
    }
}

#[tokio::test]
async fn identity_pool_gives_no_credentials_once_the_user_is_signed_out_disabled_or_deleted() {
    let stage = Stage::shared().await;
    let pool = stage.output("UserPoolId");
    for operation in ["AdminUserGlobalSignOut", "AdminDisableUser", "AdminDeleteUser"] {
        let tokens = somebody(stage).await;
        let logins = login(stage, &tokens.id_token);
        let id = identity(stage, &logins).await.unwrap();
        let target = format!("AWSCognitoIdentityProviderService.{operation}");
        let user = json!({"UserPoolId": pool, "Username": tokens.sub});
        stage.aws.json("cognito-idp", &target, user).await.unwrap();
        assert_refused(stage, &id, &logins, operation).await;
    }
}
