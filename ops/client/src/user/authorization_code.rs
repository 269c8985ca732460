//! Sign-in by the hosted page with authorization code and PKCE: the way of a browser.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::{Method, Response, StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::Url;
use uuid::Uuid;

use super::{LoginError, Tokens, User, call, page, subject};
use crate::retry::in_turn;
use crate::stack::Pipeline;
use aws_client::Aws;
use aws_client::http::{Http, HttpError};

/// What a user of the pipeline asks for: to be known, and by which address.
const SCOPE: &str = "openid email";

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
        let answer = self.send(Method::GET, page.as_str(), &[], String::new()).await?;
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
        self.send(Method::POST, target.as_str(), &form, body).await
    }

    /// Sends a request, again after waits while there are too many.
    async fn send(
        &self,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> Result<Response<Bytes>, HttpError> {
        let ask = || self.http.send(method.clone(), url, headers, body.clone());
        let too_many = |answer: &Response<Bytes>| answer.status() == StatusCode::TOO_MANY_REQUESTS;
        in_turn(ask, |answer| answer.as_ref().is_ok_and(too_many)).await
    }
}

fn refused(step: &'static str, answer: &Response<Bytes>) -> LoginError {
    let text = String::from_utf8_lossy(answer.body());
    let reason = page::error(&text).unwrap_or_else(|| text.chars().take(300).collect());
    LoginError::Refused { step, status: answer.status(), reason }
}
