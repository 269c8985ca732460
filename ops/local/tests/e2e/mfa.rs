//! An authenticator app as a second factor: who may set it up, and that it is asked for.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_client::AwsError;
use aws_lc_rs::hmac;
use local_stack::user::{LoginError, create_user, sign_in, sign_in_with};
use serde_json::{Value, json};

use crate::harness::Harness;

/// The scope of Cognito's calls by which users change their own account.
const OWN_ACCOUNT: &str = "aws.cognito.signin.user.admin";

async fn call(harness: &Harness, operation: &str, request: Value) -> Result<Value, AwsError> {
    harness.aws.json("cognito-idp", &format!("AWSCognitoIdentityProviderService.{operation}"), request).await
}

/// The code that an authenticator app shows now (RFC 6238) for a secret in base32.
fn code(secret: &str) -> String {
    let mut bits = 0_u32;
    let (mut held, mut key) = (0, Vec::new());
    for digit in secret.bytes() {
        let value = if digit.is_ascii_digit() { digit - b'2' + 26 } else { digit - b'A' };
        (bits, held) = (bits << 5 | u32::from(value), held + 5);
        if held >= 8 {
            held -= 8;
            key.push(u8::try_from(bits >> held & 0xff).unwrap());
        }
    }
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &key);
    let step = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() / 30;
    let digest = hmac::sign(&key, &step.to_be_bytes());
    let start = usize::from(digest.as_ref()[19] & 0xf);
    let word = u32::from_be_bytes(digest.as_ref()[start..start + 4].try_into().unwrap());
    format!("{:06}", (word & 0x7fff_ffff) % 1_000_000)
}

#[tokio::test]
async fn user_sets_up_an_authenticator_app_with_the_scope_for_it_and_is_asked_for_its_code() {
    let harness = Harness::shared().await;
    let user = create_user(&harness.aws, harness.output("UserPoolId")).await.unwrap();
    let set_up =
        async |token: &str| call(harness, "AssociateSoftwareToken", json!({"AccessToken": token})).await;

    let plain = sign_in(&harness.info, &user).await.unwrap();
    let refused = set_up(&plain.access_token).await.unwrap_err();
    assert!(refused.to_string().ends_with("Access Token does not have required scopes"), "{refused}");

    let scopes = format!("openid {OWN_ACCOUNT}");
    let token = sign_in_with(&harness.info, &user, &scopes, None).await.unwrap().access_token;
    let secret = set_up(&token).await.unwrap()["SecretCode"].as_str().unwrap().to_owned();
    let verify = json!({"AccessToken": token, "UserCode": code(&secret)});
    assert_eq!(call(harness, "VerifySoftwareToken", verify).await.unwrap()["Status"], "SUCCESS");
    let prefer = json!({"Enabled": true, "PreferredMfa": true});
    let prefer = json!({"AccessToken": token, "SoftwareTokenMfaSettings": prefer});
    call(harness, "SetUserMFAPreference", prefer).await.unwrap();

    for wrong in [None, Some(""), Some("12345"), Some("none")] {
        let kept_out = sign_in_with(&harness.info, &user, "openid", wrong).await.unwrap_err();
        assert!(matches!(kept_out, LoginError::Refused { .. }), "{wrong:?}: {kept_out:?}");
    }
    let signed_in = sign_in_with(&harness.info, &user, "openid", Some(&code(&secret))).await.unwrap();
    assert_eq!(signed_in.sub, plain.sub);
}
