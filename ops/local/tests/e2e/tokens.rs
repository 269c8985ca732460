//! Tokens that are not what they should be, before the API's authorizer.

use std::fs;
use std::path::Path;

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::StatusCode;
use serde_json::{Value, json};

use crate::harness::{Harness, root};
use crate::uploader::{anybody, ask, bearer};

/// A token taken apart, to be signed again after a change.
pub(crate) struct Parts {
    header: Value,
    claims: Value,
}

impl Parts {
    /// The parts of a token that the sign-in page gave out.
    pub(crate) fn of(token: &str) -> Self {
        let mut parts = token.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).unwrap());
        let mut json = || serde_json::from_slice(&parts.next().unwrap()).unwrap();
        Self { header: json(), claims: json() }
    }

    pub(crate) fn unsigned(&self) -> String {
        let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
        format!("{}.{}", encode(&self.header), encode(&self.claims))
    }

    pub(crate) fn signed(&self, key: &KeyPair) -> String {
        sign(&self.unsigned(), key)
    }

    pub(crate) fn with_claim(&self, name: &str, value: impl Into<Value>) -> Self {
        let mut claims = self.claims.clone();
        claims[name] = value.into();
        Self { header: self.header.clone(), claims }
    }

    fn with_header(&self, name: &str, value: &str) -> Self {
        let mut header = self.header.clone();
        header[name] = value.into();
        Self { header, claims: self.claims.clone() }
    }
}

/// Signed by RS256, as the user pool does.
fn sign(text: &str, key: &KeyPair) -> String {
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).unwrap();
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// A user's genuine token with other claims, signed by the pool's own key; `change` gets the genuine claims and
/// gives JSON text, which can hold a name twice.
pub(crate) async fn with_claims(harness: &Harness, change: impl FnOnce(Value) -> String) -> String {
    let Parts { header, claims } = genuine(harness).await;
    let encode = |part: String| URL_SAFE_NO_PAD.encode(part);
    sign(&format!("{}.{}", encode(header.to_string()), encode(change(claims))), &pool_key(harness))
}

/// The key that the stack's user pool signs ID tokens with: the engine keeps it in the stack's directory.
pub(crate) fn pool_key(harness: &Harness) -> KeyPair {
    key_for(harness, "id")
}

/// The key that it signs access tokens with, and the engine its refresh tokens.
fn access_key(harness: &Harness) -> KeyPair {
    key_for(harness, "access")
}

fn key_for(harness: &Harness, token_use: &str) -> KeyPair {
    let keys = root().join(".local-stack").join(&harness.info.name).join("state/cognito-pool-keys");
    read_key(&keys.join(format!("{}-{token_use}.pem", harness.output("UserPoolId"))))
}

fn read_key(path: &Path) -> KeyPair {
    let pem = fs::read_to_string(path).unwrap();
    let base64: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    KeyPair::from_pkcs8(&STANDARD.decode(base64).unwrap()).unwrap()
}

async fn genuine(harness: &Harness) -> Parts {
    Parts::of(&anybody(harness).await.id_token)
}

/// Checks that the API refuses this header, and hands out no URL.
async fn assert_refused(harness: &Harness, authorization: Option<&str>, why: &str) {
    let (status, answer) = ask(harness, "", authorization, &[], "").await;
    assert_eq!(status, StatusCode::UNAUTHORIZED, "{why}: {answer}");
    assert!(!answer.to_string().contains("upload_url"), "{why}: {answer}");
}

async fn assert_token_refused(harness: &Harness, token: &str, why: &str) {
    assert_refused(harness, Some(&bearer(token)), why).await;
}

/// A key that no user pool has.
pub(crate) fn stranger() -> KeyPair {
    KeyPair::generate(KeySize::Rsa2048).unwrap()
}

/// Seconds since 1970, `from_now` seconds away.
pub(crate) fn time(from_now: i64) -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(now.as_secs()).unwrap() + from_now
}

#[tokio::test]
async fn token_signed_here_with_the_pools_own_key_is_accepted() {
    // Without this, every refusal below could be one of our signature instead of the fault it names.
    let harness = Harness::shared().await;
    let token = genuine(harness).await.signed(&pool_key(harness));
    let (status, answer) = ask(harness, "", Some(&bearer(&token)), &[], "").await;
    assert_eq!(status, StatusCode::OK, "{answer}");
}

#[tokio::test]
async fn missing_and_garbage_tokens_are_refused() {
    let harness = Harness::shared().await;
    let token = anybody(harness).await.id_token;
    assert_refused(harness, None, "no header").await;
    assert_refused(harness, Some("Basic dGVzdDp0ZXN0"), "another scheme").await;
    let (half, _) = token.rsplit_once('.').unwrap();
    for garbage in ["", "x", "a.b.c", "..", half, &format!("{half}."), &format!("{token}.{token}")] {
        assert_token_refused(harness, garbage, garbage).await;
    }
}

#[tokio::test]
async fn expired_token_is_refused() {
    let harness = Harness::shared().await;
    let expired = genuine(harness).await.with_claim("iat", time(-7200)).with_claim("exp", time(-3600));
    assert_token_refused(harness, &expired.signed(&pool_key(harness)), "expired an hour ago").await;
}

#[tokio::test]
async fn unsigned_token_is_refused() {
    let harness = Harness::shared().await;
    let genuine = genuine(harness).await;
    for algorithm in ["none", "None", "NONE"] {
        let token = format!("{}.", genuine.with_header("alg", algorithm).unsigned());
        assert_token_refused(harness, &token, algorithm).await;
    }
}

#[tokio::test]
async fn token_signed_with_the_public_key_as_a_secret_is_refused() {
    let harness = Harness::shared().await;
    let public = pool_key(harness).public_key().as_der().unwrap().as_ref().to_vec();
    let text = genuine(harness).await.with_header("alg", "HS256").unsigned();
    let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &public), text.as_bytes());
    let token = format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature));
    assert_token_refused(harness, &token, "HS256 with a key that everybody knows").await;
}

#[tokio::test]
async fn token_of_another_audience_or_issuer_is_refused() {
    let harness = Harness::shared().await;
    let (genuine, key) = (genuine(harness).await, pool_key(harness));
    let token = genuine.with_claim("aud", "another-client").signed(&key);
    assert_token_refused(harness, &token, "another audience").await;
    let issuer = format!("https://cognito-idp.{0}.amazonaws.com/{0}_Another", harness.info.region);
    let token = genuine.with_claim("iss", issuer).signed(&key);
    assert_token_refused(harness, &token, "another issuer").await;
    let token = genuine.with_claim("aud", json!([])).signed(&key);
    assert_token_refused(harness, &token, "no audience").await;
}

#[tokio::test]
async fn token_with_a_changed_payload_or_a_strangers_signature_is_refused() {
    let harness = Harness::shared().await;
    let token = anybody(harness).await.id_token;
    let genuine = Parts::of(&token);
    let signature = token.rsplit('.').next().unwrap();
    let text = genuine.with_claim("sub", "somebody-else").unsigned();
    assert_token_refused(harness, &format!("{text}.{signature}"), "changed payload").await;
    assert_token_refused(harness, &genuine.signed(&stranger()), "a stranger's key").await;
}

/// What API Gateway itself answers, before any function is asked.
async fn assert_refused_by_the_authorizer(harness: &Harness, token: &str, why: &str) {
    let (status, answer) = ask(harness, "", Some(&bearer(token)), &[], "").await;
    assert_eq!((status, answer), (StatusCode::UNAUTHORIZED, json!({"message": "Unauthorized"})), "{why}");
}

#[tokio::test]
async fn refresh_token_opens_nothing_at_the_api() {
    let harness = Harness::shared().await;
    let access = Parts::of(&anybody(harness).await.access_token);
    let token = access.with_claim("token_use", "refresh").signed(&access_key(harness));
    assert_refused_by_the_authorizer(harness, &token, "of the pool, and no JWT on AWS").await;
    // What the authorizer would let through, the function refuses.
    let other = access.with_claim("token_use", "other").signed(&access_key(harness));
    let (status, answer) = ask(harness, "", Some(&bearer(&other)), &[], "").await;
    assert_eq!((status.as_u16(), &answer["error"]["code"]), (401, &json!("Unauthorized")), "{answer}");
    let good = access.signed(&access_key(harness));
    assert_eq!(ask(harness, "", Some(&bearer(&good)), &[], "").await.0, StatusCode::OK);
}

#[tokio::test]
async fn token_without_an_expiry_or_with_times_that_are_no_numbers_is_refused() {
    let harness = Harness::shared().await;
    let (genuine, key) = (genuine(harness).await, pool_key(harness));
    let mut endless = Parts { header: genuine.header.clone(), claims: genuine.claims.clone() };
    endless.claims.as_object_mut().unwrap().remove("exp");
    assert_refused_by_the_authorizer(harness, &endless.signed(&key), "no exp").await;
    for name in ["exp", "nbf", "iat"] {
        for value in [json!("soon"), json!(null), json!([]), json!(true), json!(time(3_600).to_string())] {
            let token = genuine.with_claim(name, value.clone()).signed(&key);
            assert_refused_by_the_authorizer(harness, &token, &format!("{name} {value}")).await;
        }
    }
    let renamed = genuine.with_header("alg", "HS256").signed(&key);
    assert_refused_by_the_authorizer(harness, &renamed, "another algorithm than it was signed by").await;
}
