//! The three protocols of CloudWatch: forms answered in XML, JSON 1.0, and Smithy's RPC v2 in CBOR, which newer SDKs speak.
//!
//! A request becomes one JSON value, an [`Output`] becomes the answer, whichever protocol it is.

mod cbor;
mod form;
mod output;
mod xml;

use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{HeaderName, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use super::error::ApiError;
pub(crate) use output::{Output, members};

/// How deep a request may nest; the deepest of the model has six levels.
const MAX_DEPTH: usize = 16;
const SMITHY_PROTOCOL: HeaderName = HeaderName::from_static("smithy-protocol");
const TARGET: HeaderName = HeaderName::from_static("x-amz-target");
const QUERY_ERROR: HeaderName = HeaderName::from_static("x-amzn-query-error");
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");

/// How a request is written, and its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// A form, answered in XML.
    Query,
    /// JSON 1.0.
    Json,
    /// RPC v2 in CBOR.
    Cbor,
}

/// A request, read.
#[derive(Debug)]
pub(crate) struct Call {
    /// Which operation.
    pub(crate) operation: String,
    /// Its members; those of a form are texts.
    pub(crate) input: Value,
}

/// An answer, written.
pub(crate) type Written = (StatusCode, HeaderMap, Vec<u8>);

impl Protocol {
    /// The protocol that the headers of a request name.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if headers.contains_key(&SMITHY_PROTOCOL) || kind == "application/cbor" {
            Self::Cbor
        } else if headers.contains_key(&TARGET) {
            Self::Json
        } else {
            Self::Query
        }
    }

    /// Reads a request.
    pub(crate) fn read(self, headers: &HeaderMap, path: &str, body: &[u8]) -> Result<Call, ApiError> {
        let after = |text: &str, mark: char| text.rsplit(mark).next().unwrap_or_default().to_owned();
        match self {
            Self::Query => {
                let mut input = form::read(body)?;
                let action = input.as_object_mut().and_then(|members| members.remove("Action"));
                let operation = action.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned();
                Ok(Call { operation, input })
            }
            Self::Json => {
                let target = headers.get(&TARGET).and_then(|target| target.to_str().ok()).unwrap_or_default();
                let input =
                    serde_json::from_slice(body).map_err(|error| ApiError::Body(error.to_string()))?;
                Ok(Call { operation: after(target, '.'), input })
            }
            Self::Cbor => Ok(Call { operation: after(path, '/'), input: cbor::read(body)? }),
        }
    }

    /// Writes an answer or an error.
    pub(crate) fn write(self, operation: &str, answer: Result<Output, ApiError>) -> Written {
        match answer {
            Ok(output) => (StatusCode::OK, self.headers(), self.body(operation, &output)),
            Err(error) => self.refuse(&error),
        }
    }

    fn headers(self) -> HeaderMap {
        let kind = match self {
            Self::Query => "text/xml",
            Self::Json => "application/x-amz-json-1.0",
            Self::Cbor => "application/cbor",
        };
        let mut headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(kind))]);
        if self == Self::Cbor {
            headers.insert(SMITHY_PROTOCOL, HeaderValue::from_static("rpc-v2-cbor"));
        }
        headers
    }

    fn body(self, operation: &str, output: &Output) -> Vec<u8> {
        match self {
            Self::Query => xml::answer(operation, output, &Uuid::new_v4().to_string()).into_bytes(),
            Self::Json => output.json().to_string().into_bytes(),
            Self::Cbor => cbor::write(output),
        }
    }

    fn refuse(self, error: &ApiError) -> Written {
        let (status, shape, code) = error.names();
        let message = error.to_string();
        let mut headers = self.headers();
        let body = match self {
            Self::Query => xml::error(code, &message, &Uuid::new_v4().to_string()).into_bytes(),
            Self::Json => json!({"__type": shape, "message": message}).to_string().into_bytes(),
            Self::Cbor => {
                cbor::write(&members([("__type", Some(shape.into())), ("message", Some(message.into()))]))
            }
        };
        if self != Self::Query {
            headers.insert(ERROR_TYPE, HeaderValue::from_static(shape));
            // The code by which clients of the query protocol know the error.
            let compatible = HeaderValue::try_from(format!("{code};Sender"));
            headers.extend(compatible.ok().map(|compatible| (QUERY_ERROR, compatible)));
        }
        (StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST), headers, body)
    }
}
