//! Identity pool: to whom it gives an identity and credentials.

use aws_client::{AwsError, Credentials};
use serde_json::{Value, json};

use crate::harness::Harness;
use crate::tokens::{Parts, pool_key, stranger, time};
use crate::uploader::somebody;

/// The logins of a signed-in user, as the identity pool takes them.
pub(crate) fn login(harness: &Harness, id_token: &str) -> Value {
    let provider =
        format!("cognito-idp.{}.amazonaws.com/{}", harness.info.region, harness.output("UserPoolId"));
    json!({provider: id_token})
}

async fn call(harness: &Harness, operation: &str, body: Value) -> Result<Value, AwsError> {
    harness.aws.json("cognito-identity", &format!("AWSCognitoIdentityService.{operation}"), body).await
}

async fn identity(harness: &Harness, logins: &Value) -> Result<Value, AwsError> {
    let asked = json!({"IdentityPoolId": harness.output("IdentityPoolId"), "Logins": logins});
    Ok(call(harness, "GetId", asked).await?["IdentityId"].take())
}

/// The credentials that the identity pool gives out.
pub(crate) async fn pool_credentials(harness: &Harness, logins: &Value) -> Credentials {
    ask_for_credentials(harness, logins).await.unwrap()
}

/// The credentials that the identity pool gives out, or its refusal.
pub(crate) async fn ask_for_credentials(harness: &Harness, logins: &Value) -> Result<Credentials, AwsError> {
    let id = identity(harness, logins).await?;
    let given =
        call(harness, "GetCredentialsForIdentity", json!({"IdentityId": id, "Logins": logins})).await?;
    let text = |name: &str| given["Credentials"][name].as_str().unwrap().to_owned();
    Ok(Credentials {
        access_key_id: text("AccessKeyId"),
        secret_access_key: text("SecretKey"),
        session_token: Some(text("SessionToken")),
    })
}

/// Checks that no call of the identity pool takes these logins, for a new identity or for that of `id`.
async fn assert_refused(harness: &Harness, id: &Value, logins: &Value, why: &str) {
    let new = json!({"IdentityPoolId": harness.output("IdentityPoolId"), "Logins": logins});
    let known = json!({"IdentityId": id, "Logins": logins});
    for (operation, body) in
        [("GetId", &new), ("GetCredentialsForIdentity", &known), ("GetOpenIdToken", &known)]
    {
        let error = call(harness, operation, body.clone()).await.expect_err(why);
        assert_eq!(error.code(), Some("NotAuthorizedException"), "{operation}, {why}: {error}");
    }
}

#[tokio::test]
async fn identity_pool_takes_no_token_but_a_fresh_id_token_of_its_own_user_pool() {
    let harness = Harness::shared().await;
    let tokens = somebody(harness).await;
    let id = identity(harness, &login(harness, &tokens.id_token)).await.unwrap();
    let (genuine, key) = (Parts::of(&tokens.id_token), pool_key(harness));
    let signed = |parts: &Parts| parts.signed(&key);
    // Without this, every refusal below could be one of our signature instead of the fault it names.
    pool_credentials(harness, &login(harness, &signed(&genuine))).await;
    let expired = |ago: i64| genuine.with_claim("iat", time(-7_200)).with_claim("exp", time(-ago));
    let issuer = format!("https://cognito-idp.{0}.amazonaws.com/{0}_Another", harness.info.region);
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
        assert_refused(harness, &id, &login(harness, &token), why).await;
    }
}

#[tokio::test]
async fn identity_pool_gives_nobody_an_identity_who_is_not_signed_in() {
    let harness = Harness::shared().await;
    let tokens = somebody(harness).await;
    let id = identity(harness, &login(harness, &tokens.id_token)).await.unwrap();
    assert_refused(harness, &id, &json!({}), "nobody signed in").await;

    let unknown = format!("{}:{}", harness.info.region, uuid::Uuid::new_v4());
    for logins in [json!({}), login(harness, &tokens.id_token)] {
        let asked = json!({"IdentityId": unknown, "Logins": logins});
        let error = call(harness, "GetCredentialsForIdentity", asked).await.expect_err("no pool has it");
        assert_eq!(error.code(), Some("ResourceNotFoundException"), "{error}");
    }
}

#[tokio::test]
async fn identity_pool_gives_no_credentials_once_the_user_is_signed_out_disabled_or_deleted() {
    let harness = Harness::shared().await;
    let pool = harness.output("UserPoolId");
    for operation in ["AdminUserGlobalSignOut", "AdminDisableUser", "AdminDeleteUser"] {
        let tokens = somebody(harness).await;
        let logins = login(harness, &tokens.id_token);
        let id = identity(harness, &logins).await.unwrap();
        let target = format!("AWSCognitoIdentityProviderService.{operation}");
        let user = json!({"UserPoolId": pool, "Username": tokens.sub});
        harness.aws.json("cognito-idp", &target, user).await.unwrap();
        assert_refused(harness, &id, &logins, operation).await;
    }
}
