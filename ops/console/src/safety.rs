//! Which requests may change anything: those of our own pages.
//!
//! A browser adds to each request where it comes from, and a page elsewhere cannot change that. It cannot read our pages
//! either, so it does not know the token that they send along; and it may not send such a header without asking first.

use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::app::Base;
use crate::page::Problem;

/// The header that our pages send with what changes something.
pub(crate) const TOKEN: &str = "x-console-token";

/// What only pages of this process know.
#[derive(PartialEq, Eq)]
pub(crate) struct Token(String);

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token")
    }
}

impl Token {
    /// A new one; without random bytes, one that nobody can send.
    pub(crate) fn random() -> Self {
        let mut bytes = [0; 16];
        if getrandom::fill(&mut bytes).is_err() {
            return Self("\n".to_owned());
        }
        Self(bytes.iter().fold(String::new(), |mut text, byte| {
            // Writing to a string does not fail.
            write!(text, "{byte:02x}").ok();
            text
        }))
    }

    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    /// Tells this process from the one before and the next, and says nothing of the token.
    pub(crate) fn mark(&self) -> String {
        let mut hasher = DefaultHasher::new();
        self.0.hash(&mut hasher);
        format!("{:016x}", hasher.finish())
    }
}

/// Refuses what would change something and does not come from our own pages.
pub(crate) async fn check(State(base): State<Base>, request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    if reads || is_own(request.headers(), &base.token) {
        return next.run(request).await;
    }
    let what = "Only the console's own pages may change anything. Reload the page and try again.";
    Problem::new(StatusCode::FORBIDDEN, "Not from this console", what).into_response()
}

fn is_own(headers: &HeaderMap, token: &Token) -> bool {
    let value = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let same_site = match value("sec-fetch-site") {
        Some(site) => site == "same-origin",
        None => true,
    };
    let same_origin = match (value(header::ORIGIN.as_str()), value(header::HOST.as_str())) {
        (Some(origin), Some(host)) => origin.strip_prefix("http://") == Some(host),
        (None, _) => true,
        (Some(_), None) => false,
    };
    same_site && same_origin && value(TOKEN) == Some(token.text())
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn is_taken(headers: &[(&str, &str)]) -> bool {
        let token = Token("secret".to_owned());
        let headers = headers.iter().map(|(name, value)| {
            (HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap())
        });
        is_own(&headers.collect(), &token)
    }

    #[test]
    fn only_the_token_from_our_own_origin_opens() {
        let own = [("host", "127.0.0.1:1"), ("origin", "http://127.0.0.1:1"), (TOKEN, "secret")];
        assert!(is_taken(&own));
        assert!(is_taken(&[own[0], own[1], own[2], ("sec-fetch-site", "same-origin")]));
        assert!(!is_taken(&own[..2]) && !is_taken(&[own[0], own[1], (TOKEN, "other")]));
        assert!(!is_taken(&[own[0], ("origin", "http://127.0.0.1:2"), own[2]]));
        assert!(!is_taken(&[own[0], ("origin", "null"), own[2]]));
        assert!(!is_taken(&[own[0], own[2], ("sec-fetch-site", "same-site")]));
    }

    #[test]
    fn each_process_has_a_token_of_its_own() {
        let (one, other) = (Token::random(), Token::random());
        assert!(one != other && one.text().len() == 32);
    }
}
