//! Users of the pipeline, and their ways in: the hosted sign-in page, and the Secure Remote Password protocol.

mod authorization_code;
mod page;
mod password;
mod session;
mod srp;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::retry::in_turn;
use crate::stack::{MissingOutput, Pipeline, SignIn};
use aws_client::http::HttpError;
use aws_client::{Aws, AwsError};

pub use authorization_code::{sign_in, sign_in_with};
pub use password::sign_in_by_srp;
pub use session::Session;

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

/// Calls the user pool's API, again after waits while it has too many requests: its quotas are the
/// account's, and low.
async fn call(aws: &Aws, operation: &str, body: Value) -> Result<Value, AwsError> {
    let target = format!("AWSCognitoIdentityProviderService.{operation}");
    let ask = || aws.json("cognito-idp", &target, body.clone());
    in_turn(ask, |answer| answer.as_ref().is_err_and(AwsError::is_throttled)).await
}

/// The claims of a JWT; its signature is the API's to check.
fn claims(token: &str) -> Option<Value> {
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    serde_json::from_slice(&payload).ok()
}

fn subject(token: &str) -> Option<String> {
    claims(token)?.get("sub")?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests;
