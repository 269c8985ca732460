//! The outcome of a call as span attributes, chosen so that X-Ray's flags come out right.
//!
//! Exporters to X-Ray derive the flags from `http.response.status_code`: 5xx is a fault, 4xx an error, and
//! 429 alone a throttle. AWS's services throttle with 400 and 503 as well.

use aws_runtime::retries::classifiers::THROTTLING_ERRORS;
use aws_smithy_runtime_api::client::{
    interceptors::context::Error,
    orchestrator::{HttpResponse, OrchestratorError},
};

use crate::Attributes;

const TOO_MANY_REQUESTS: u16 = 429;

/// The outcome of a call.
#[derive(Debug)]
pub(crate) struct Outcome<'a> {
    pub(crate) response: Option<&'a HttpResponse>,
    pub(crate) error: Option<&'a OrchestratorError<Error>>,
    /// The service's error code.
    pub(crate) code: Option<&'a str>,
    /// Whether the caller expects this error, so that the call has not failed.
    pub(crate) expected: bool,
}

/// Whether a response of this error code and status means that there were too many requests.
pub(crate) fn is_throttling(code: Option<&str>, status: Option<u16>) -> bool {
    status == Some(TOO_MANY_REQUESTS) || code.is_some_and(|code| THROTTLING_ERRORS.contains(&code))
}

impl Outcome<'_> {
    pub(crate) fn record(&self, call: &Attributes<'_>) {
        if let Some(response) = self.response {
            let headers = response.headers();
            let ids = ["x-amzn-requestid", "x-amzn-request-id", "x-amz-request-id"];
            call.text("aws.request_id", ids.iter().find_map(|name| headers.get(name)));
            call.text("aws.extended_request_id", headers.get("x-amz-id-2"));
            self.record_status(response.status().as_u16(), call);
        }
        call.text("rpc.response.status_code", self.code);
    }

    fn record_status(&self, status: u16, call: &Attributes<'_>) {
        let recorded = if is_throttling(self.code, None) { TOO_MANY_REQUESTS } else { status };
        call.number("http.response.status_code", recorded.into());
        if recorded != status {
            call.number("aws.response.status_code", status.into());
        }
    }

    /// The kind of the failure, of a bounded set, for `error.type`.
    pub(crate) fn failure(&self) -> Option<&str> {
        let error = self.error.filter(|_| !self.expected)?;
        Some(match self.code {
            Some(code) => code,
            None if error.is_timeout_error() => "timeout",
            None if error.is_connector_error() => "connection",
            None if error.is_response_error() => "response",
            None => "_OTHER",
        })
    }
}
