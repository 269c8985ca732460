//! Signing up on the sign-in page: who may, and what is asked for.

use aws_client::AwsError;
use aws_client::http::Http;
use http::{Method, StatusCode, header};
use serde_json::{Value, json};
use url::form_urlencoded::Serializer;

use crate::harness::Harness;

const CALLBACK: &str = "http://localhost:3000/callback";

/// The parameters of a sign-in, and what a form adds to them.
fn fields(harness: &Harness, filled_in: &[(&str, &str)]) -> String {
    let client = harness.output("UserPoolClientId");
    let carried = [
        ("client_id", client),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", "openid email"),
        ("state", "s"),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("code_challenge_method", "S256"),
    ];
    Serializer::new(String::new()).extend_pairs(carried).extend_pairs(filled_in).finish()
}

/// Fills in a page's form; the answer's status, text, and where it leads.
async fn submit(harness: &Harness, page: &str, filled_in: &[(&str, &str)]) -> (StatusCode, String, String) {
    let url = format!("{}{page}", harness.output("HostedUiUrl"));
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let answer = Http::new().send(Method::POST, &url, &form, fields(harness, filled_in)).await.unwrap();
    let location = answer.headers().get(header::LOCATION).map_or("", |location| location.to_str().unwrap());
    let text = String::from_utf8_lossy(answer.body()).into_owned();
    (answer.status(), text, location.to_owned())
}

#[tokio::test]
async fn somebody_new_gets_an_authorization_code_only_with_the_code_that_was_sent() {
    let harness = Harness::shared().await;
    let (email, password) = (("email", "new@sign-up.example"), ("password", "Secret-word-1"));

    let (status, page, _) = submit(harness, "/signup", &[email, ("password", "short")]).await;
    assert!(status == 200 && page.contains("class=\"error\""), "{page}");
    let (_, page, _) = submit(harness, "/signup", &[email, password]).await;
    let code = page.split_once("the code is <strong>").unwrap().1.split('<').next().unwrap().to_owned();
    let (_, page, location) = submit(harness, "/confirmUser", &[email, ("code", "000000")]).await;
    assert!(page.contains("Invalid verification code") && location.is_empty(), "{page}");
    let (status, _, location) = submit(harness, "/confirmUser", &[email, ("code", &code)]).await;
    assert!(status == 302 && location.starts_with(&format!("{CALLBACK}?code=")), "{location}");
    let (_, page, _) = submit(harness, "/signup", &[email, password]).await;
    assert!(page.contains("User already exists."), "{page}");
}

#[tokio::test]
async fn nobody_signs_up_where_only_administrators_create_users() {
    let harness = Harness::up("e2e-closed-pool", &[("SelfSignUp", "disabled")]).await;
    let (status, page, _) =
        submit(&harness, "/signup", &[("email", "a@b.example"), ("password", "Secret-word-1")]).await;
    assert!(status == 400 && page.contains("not permitted"), "{page}");
    let sign_in = format!("{}/oauth2/authorize?{}", harness.output("HostedUiUrl"), fields(&harness, &[]));
    let page = Http::new().send(Method::GET, &sign_in, &[], "").await.unwrap();
    assert!(!String::from_utf8_lossy(page.body()).contains("/signup"));

    let ask: Value = json!({"ClientId": harness.output("UserPoolClientId"), "Username": "a@b.example", "Password": "Secret-word-1"});
    let refused =
        harness.aws.json("cognito-idp", "AWSCognitoIdentityProviderService.SignUp", ask).await.unwrap_err();
    assert!(
        matches!(&refused, AwsError::Refused { code, .. } if code == "NotAuthorizedException"),
        "{refused}"
    );
}
