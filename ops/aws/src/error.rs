//! Errors of calls to an AWS API.

use bytes::Bytes;
use http::{HeaderMap, Response};
use serde_json::Value;

use crate::http::HttpError;
use crate::xml;

/// How the codes begin by which services refuse too many calls, with whichever status: user pools answer 400.
const THROTTLED: [&str; 6] = [
    "Throttl",
    "TooManyRequests",
    "ProvisionedThroughputExceeded",
    "RequestLimitExceeded",
    "RequestThrottled",
    "SlowDown",
];

/// A call to an AWS API failed.
#[derive(Debug, thiserror::Error)]
pub enum AwsError {
    /// No answer came.
    #[error("{call} got no answer")]
    Http {
        /// Service and operation.
        call: String,
        /// Why not.
        #[source]
        source: HttpError,
    },
    /// The service refused.
    #[error("{call} was refused: {code} ({status}): {message}")]
    Refused {
        /// Service and operation.
        call: String,
        /// The HTTP status.
        status: u16,
        /// The service's error code, without namespaces.
        code: String,
        /// The service's message.
        message: String,
    },
    /// The request could not be signed.
    #[error("{call} could not be signed")]
    Signing {
        /// Service and operation.
        call: String,
        /// Why not.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The answer is not what the API promises.
    #[error("{call} answered something else than the API promises")]
    Answer {
        /// Service and operation.
        call: String,
        /// Where it went wrong.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl AwsError {
    /// Whether the same call may succeed a moment later: no answer, a fault of the service, or too many calls.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Http { source, .. } => !source.is_malformed(),
            Self::Refused { status, .. } => *status >= 500 || self.is_throttled(),
            Self::Signing { .. } | Self::Answer { .. } => false,
        }
    }

    /// Whether the service refused because there are too many calls; then it did nothing.
    #[must_use]
    pub fn is_throttled(&self) -> bool {
        matches!(self, Self::Refused { status, code, .. }
            if *status == 429 || THROTTLED.iter().any(|throttled| code.starts_with(throttled)))
    }

    /// The service's error code, when the service refused.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { code, .. } => Some(code),
            _ => None,
        }
    }
}

/// The refusal that an answer holds.
pub(super) fn refused(call: &str, response: &Response<Bytes>) -> AwsError {
    let (code, message) = reason(response.headers(), response.body());
    AwsError::Refused { call: call.to_owned(), status: response.status().as_u16(), code, message }
}

/// The error code and message of an answer in any of the three protocols.
fn reason(headers: &HeaderMap, body: &[u8]) -> (String, String) {
    let text = String::from_utf8_lossy(body);
    let (code, message) = if let Ok(value) = serde_json::from_slice::<Value>(body) {
        let field = |names: [&str; 3]| {
            names.iter().find_map(|name| value.get(name).and_then(Value::as_str)).map(str::to_owned)
        };
        (field(["__type", "code", "Code"]), field(["message", "Message", "errorMessage"]))
    } else {
        (xml::first(&text, "Code"), xml::first(&text, "Message"))
    };
    let header = headers.get("x-amzn-errortype").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let code = code.or(header).unwrap_or_else(|| "Unknown".to_owned());
    let code = code.rsplit('#').next().unwrap_or(&code).split(':').next().unwrap_or(&code).to_owned();
    (code, message.unwrap_or_else(|| text.chars().take(300).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_pass_by_itself_is_transient() {
        let refused = |status, code: &str| {
            let (call, message) = ("s3 GET /".to_owned(), String::new());
            let error = AwsError::Refused { call, status, code: code.to_owned(), message };
            (error.is_transient(), error.is_throttled())
        };
        for (status, code) in [
            (503, "SlowDown"),
            (400, "ThrottlingException"),
            (400, "TooManyRequestsException"),
            (429, "TooManyRequestsException"),
            (429, "Unknown"),
        ] {
            assert_eq!(refused(status, code), (true, true), "{status} {code}");
        }
        assert_eq!(refused(500, "InternalError"), (true, false));
        // A limit that no waiting lifts soon, such as that of wrong passwords.
        for (status, code) in
            [(403, "AccessDenied"), (400, "ValidationException"), (400, "LimitExceededException")]
        {
            assert_eq!(refused(status, code), (false, false), "{status} {code}");
        }
    }

    #[test]
    fn refusals_of_all_protocols_give_code_and_message() {
        let none = HeaderMap::new();
        let xml = br#"<ErrorResponse xmlns="x"><Error><Code>NotFound</Code><Message>No &lt;topic&gt;</Message></Error></ErrorResponse>"#;
        assert_eq!(reason(&none, xml), ("NotFound".into(), "No <topic>".into()));
        let json = br#"{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"gone"}"#;
        assert_eq!(reason(&none, json), ("QueueDoesNotExist".into(), "gone".into()));
        let mut typed = HeaderMap::new();
        typed.insert("x-amzn-errortype", "ResourceNotFoundException:http://x".parse().unwrap());
        assert_eq!(
            reason(&typed, br#"{"Message":"no function"}"#),
            ("ResourceNotFoundException".into(), "no function".into())
        );
    }
}
