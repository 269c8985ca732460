//! A page that could not be made: what is wrong, and what to do.

use aws_client::{AwsError, chain};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use drill::DrillError;
use maud::{Markup, html};

use crate::layout::{Head, shell};

/// What a page's handler returns.
pub(crate) type Page = Result<Html<String>, Problem>;

/// Why there is no page.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    title: &'static str,
    what: String,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, title: &'static str, what: impl Into<String>) -> Self {
        Self { status, title, what: what.into() }
    }
}

impl From<AwsError> for Problem {
    fn from(error: AwsError) -> Self {
        Self::new(StatusCode::BAD_GATEWAY, "The stack did not answer", chain(&error))
    }
}

impl From<DrillError> for Problem {
    fn from(error: DrillError) -> Self {
        Self::new(StatusCode::BAD_GATEWAY, "The stack did not answer", chain(&error))
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let content: Markup = html! { p .problem { (self.what) } p { a href="/" { "Home" } } };
        let page = shell(None, Head { at: "", title: self.title, lead: "" }, content);
        (self.status, Html(page.into_string())).into_response()
    }
}
