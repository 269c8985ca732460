//! Users of the pipeline, and their ways in: the hosted sign-in page, and the Secure Remote Password protocol.

mod page;
mod password;
mod session;
mod srp;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::{Method, Response, StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::Url;
use uuid::Uuid;

use crate::stack::{MissingOutput, Pipeline, SignIn};
use aws_client::http::{Http, HttpError};
use aws_client::{Aws, AwsError};

pub use password::sign_in_by_srp;
pub use session::Session;

/// What a user of the pipeline asks for: to be known, and by which address.
const SCOPE: &str = "openid email";

/// A user who can sign in.
#[derive(Clone, Serialize, Deserialize)]
pub struct User {
    /// The user's name in the pool.
    pub email: String,
    /// The password, which no log or error shows.
    pub password: String,
    /// The user's id: the folder of their uploads.
    pub sub: String,
}

impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("User").field("sub", &self.sub).finish_non_exhaustive()
    }
}

/// What the page hands out after a sign-in.
#[derive(Clone)]
pub struct Tokens {
    /// Says who the user is; the API takes it, and the identity pool too.
    pub id_token: String,
    /// Says what the user may do; the API takes it as well.
    pub access_token: String,
    /// The user's id, from the ID token.
    pub sub: String,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens").field("sub", &self.sub).finish_non_exhaustive()
    }
}

/// Nobody got in.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// The stack's outputs lack something.
    #[error("the sign-in page cannot be found")]
    Output(#[from] MissingOutput),
    /// An address of the stack is malformed.
    #[error("the sign-in page has a malformed address")]
    Address(#[from] url::ParseError),
    /// The user pool's API refused.
    #[error("the user pool refused")]
    Pool(#[from] AwsError),
    /// A page was not answered.
    #[error("the sign-in page was not answered")]
    Http(#[from] HttpError),
    /// The client of the user pool allows no way back.
    #[error("the user pool client {0} has no callback URL; give the parameter CallbackUrls one")]
    NoCallback(String),
    /// A step of the flow got something else than it must.
    #[error("{step} answered {status}: {reason}")]
    Refused {
        /// Which step.
        step: &'static str,
        /// The HTTP status.
        status: StatusCode,
        /// The error of the page or the endpoint.
        reason: String,
    },
    /// The answer came back for somebody else's question.
    #[error("the sign-in page answered with another state than was sent; somebody may have interfered")]
    State,
    /// The user pool asks for more than the password, such as a second factor or a new password.
    #[error("the user pool asks for {0}, which this program does not answer; sign in as a user without it")]
    Challenge(String),
    /// The proof of the password cannot be computed.
    #[error("the user pool's challenge cannot be answered")]
    Proof,
    /// The ID token is no JWT with a subject.
    #[error("the ID token names no user")]
    Token,
}

/// Creates a user who may sign in at once, with a password nobody else knows.
///
/// # Errors
///
/// When the user pool refuses.
pub async fn create_user(aws: &Aws, pool: &str) -> Result<User, AwsError> {
    let email = format!("demo-{}@example.com", Uuid::new_v4().simple());
    // The prefix satisfies every rule that a password policy may have.
    let password = format!("Aa1-{}", Uuid::new_v4().simple());
    let attributes = json!([{"Name": "email", "Value": email}, {"Name": "email_verified", "Value": "true"}]);
    let create = json!({
        "UserPoolId": pool, "Username": email, "UserAttributes": attributes, "MessageAction": "SUPPRESS",
    });
    let created = call(aws, "AdminCreateUser", create).await?;
    let confirm = json!({"UserPoolId": pool, "Username": email, "Password": password, "Permanent": true});
    call(aws, "AdminSetUserPassword", confirm).await?;
    let attributes = created.pointer("/User/Attributes").and_then(Value::as_array);
    let sub = attributes.into_iter().flatten().find(|attribute| attribute["Name"] == "sub");
    let sub = sub.and_then(|attribute| attribute["Value"].as_str()).unwrap_or_default().to_owned();
    Ok(User { email, password, sub })
}

/// Deletes a user.
///
/// # Errors
///
/// When the user pool refuses.
pub async fn delete_user(aws: &Aws, pool: &str, user: &User) -> Result<(), AwsError> {
    call(aws, "AdminDeleteUser", json!({"UserPoolId": pool, "Username": user.email})).await.map(drop)
}

/// Signs the pipeline's user in, in the way that it has.
///
/// # Errors
///
/// Names the step that was answered otherwise than it must be.
pub async fn enter(stack: &dyn Pipeline) -> Result<Tokens, LoginError> {
    match stack.sign_in() {
        SignIn::Page => sign_in(stack, stack.user()).await,
        SignIn::Srp => sign_in_by_srp(stack, stack.user()).await,
    }
}

/// Signs `user` in as a browser would: page, form, code, tokens.
///
/// # Errors
///
/// Names the step that answered otherwise than it must.
pub async fn sign_in(stack: &dyn Pipeline, user: &User) -> Result<Tokens, LoginError> {
    sign_in_with(stack, user, SCOPE, None).await
}

/// Signs `user` in for these scopes, with the code of an authenticator app where the page asks for one.
///
/// # Errors
///
/// Names the step that answered otherwise than it must.
pub async fn sign_in_with(
    stack: &dyn Pipeline,
    user: &User,
    scope: &str,
    app_code: Option<&str>,
) -> Result<Tokens, LoginError> {
    let client = stack.output("UserPoolClientId")?;
    let flow = Flow {
        http: Http::new(),
        hosted_ui: Url::parse(stack.output("HostedUiUrl")?)?,
        client,
        callback: callback(&stack.aws(), stack.output("UserPoolId")?, client).await?,
        state: Uuid::new_v4().simple().to_string(),
        verifier: format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple()),
    };
    let page = flow.open_page(scope).await?;
    let code = flow.submit(&page, user, app_code).await?;
    flow.redeem(&code).await
}

async fn call(aws: &Aws, operation: &str, body: Value) -> Result<Value, AwsError> {
    aws.json("cognito-idp", &format!("AWSCognitoIdentityProviderService.{operation}"), body).await
}

/// The first address that the page may send users back to.
async fn callback(aws: &Aws, pool: &str, client: &str) -> Result<String, LoginError> {
    let described =
        call(aws, "DescribeUserPoolClient", json!({"UserPoolId": pool, "ClientId": client})).await?;
    let first = described.pointer("/UserPoolClient/CallbackURLs/0").and_then(Value::as_str);
    first.map(str::to_owned).ok_or_else(|| LoginError::NoCallback(client.to_owned()))
}

/// One sign-in under way.
struct Flow<'a> {
    http: Http,
    hosted_ui: Url,
    client: &'a str,
    callback: String,
    state: String,
    verifier: String,
}

#[derive(Deserialize)]
struct TokenAnswer {
    id_token: String,
    access_token: String,
}

impl Flow<'_> {
    async fn open_page(&self, scope: &str) -> Result<String, LoginError> {
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&self.verifier));
        let mut page = self.hosted_ui.join("/oauth2/authorize")?;
        page.query_pairs_mut().extend_pairs([
            ("response_type", "code"),
            ("client_id", self.client),
            ("redirect_uri", &self.callback),
            ("scope", scope),
            ("state", &self.state),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ]);
        let answer = self.http.send(Method::GET, page.as_str(), &[], "").await?;
        if answer.status() != StatusCode::OK {
            return Err(refused("the sign-in page", &answer));
        }
        Ok(String::from_utf8_lossy(answer.body()).into_owned())
    }

    /// Fills in the page's forms; answers the code that comes back with the redirect.
    async fn submit(&self, page: &str, user: &User, app_code: Option<&str>) -> Result<String, LoginError> {
        let password = [("username", user.email.as_str()), ("password", user.password.as_str())];
        let mut answer = self.fill_in(page, &password).await?;
        if let Some(code) = app_code.filter(|_| answer.status() == StatusCode::OK) {
            let page = String::from_utf8_lossy(answer.body()).into_owned();
            answer = self.fill_in(&page, &[("code", code)]).await?;
        }
        let location = answer.headers().get(header::LOCATION).and_then(|location| location.to_str().ok());
        let back = location.and_then(|location| Url::parse(location).ok());
        let Some(back) = back.filter(|back| back.as_str().starts_with(&self.callback)) else {
            return Err(refused("the sign-in form", &answer));
        };
        let answered =
            |name| back.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        if answered("state").as_ref() != Some(&self.state) {
            return Err(LoginError::State);
        }
        answered("code").ok_or_else(|| refused("the sign-in form", &answer))
    }

    /// Sends the first form of a page.
    async fn fill_in(&self, page: &str, fields: &[(&str, &str)]) -> Result<Response<Bytes>, LoginError> {
        let form = page::form(page);
        let target = self.hosted_ui.join(&form.action)?;
        let hidden = form.hidden.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let fields: Vec<(&str, &str)> = hidden.chain(fields.iter().copied()).collect();
        Ok(self.post(&target, &fields).await?)
    }

    async fn redeem(&self, code: &str) -> Result<Tokens, LoginError> {
        let target = self.hosted_ui.join("/oauth2/token")?;
        let fields = [
            ("grant_type", "authorization_code"),
            ("client_id", self.client),
            ("redirect_uri", &self.callback),
            ("code", code),
            ("code_verifier", &self.verifier),
        ];
        let answer = self.post(&target, &fields).await?;
        let tokens: TokenAnswer =
            serde_json::from_slice(answer.body()).map_err(|_| refused("the token endpoint", &answer))?;
        let sub = subject(&tokens.id_token).ok_or(LoginError::Token)?;
        Ok(Tokens { id_token: tokens.id_token, access_token: tokens.access_token, sub })
    }

    async fn post(&self, target: &Url, fields: &[(&str, &str)]) -> Result<Response<Bytes>, HttpError> {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let form = [("content-type", "application/x-www-form-urlencoded")];
        self.http.send(Method::POST, target.as_str(), &form, body).await
    }
}

/// The claims of a JWT; its signature is the API's to check.
fn claims(token: &str) -> Option<Value> {
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    serde_json::from_slice(&payload).ok()
}

fn subject(token: &str) -> Option<String> {
    claims(token)?.get("sub")?.as_str().map(str::to_owned)
}

fn refused(step: &'static str, answer: &Response<Bytes>) -> LoginError {
    let text = String::from_utf8_lossy(answer.body());
    let reason = page::error(&text).unwrap_or_else(|| text.chars().take(300).collect());
    LoginError::Refused { step, status: answer.status(), reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subject_is_read_from_the_payload_only() {
        let token = format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(r#"{"sub":"abc"}"#));
        assert_eq!(subject(&token).as_deref(), Some("abc"));
        assert_eq!(subject("not a token"), None);
    }

    #[test]
    fn secrets_are_absent_from_debug_output() {
        let tokens = Tokens { id_token: "secret".into(), access_token: "secret".into(), sub: "abc".into() };
        assert!(!format!("{tokens:?}").contains("secret"));
    }
}
