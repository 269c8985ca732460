//! Errors of CloudWatch's API: status, shape and code of each.

use cloudwatch_model::InvalidDatapoint;
use cloudwatch_model::InvalidId;

/// A request that is not answered.
#[derive(Debug, PartialEq, thiserror::Error)]
pub(crate) enum ApiError {
    /// What the service's model or the semantics of a request forbid.
    #[error("{0}")]
    Validation(String),
    /// A value that the operation does not take.
    #[error("{0}")]
    Value(String),
    /// Values that do not go together.
    #[error("{0}")]
    Combination(String),
    /// A token of no page.
    #[error("The NextToken is not valid.")]
    NextToken,
    /// A dashboard that does not exist.
    #[error("Dashboard {0} does not exist")]
    NoDashboard(String),
    /// An alarm that does not exist.
    #[error("Unknown alarm: {0}")]
    NoAlarm(String),
    /// An operation that is not answered here.
    #[error("CloudWatch's {0} is not answered by the local stack")]
    Operation(String),
    /// A body that is none of its protocol.
    #[error("The request is not valid: {0}.")]
    Body(String),
}

impl ApiError {
    /// The HTTP status, the error's shape, and the code that the query protocol and its compatible ones name.
    pub(super) fn names(&self) -> (u16, &'static str, &'static str) {
        match self {
            Self::Validation(_) => (400, "ValidationError", "ValidationError"),
            Self::Value(_) => (400, "InvalidParameterValueException", "InvalidParameterValue"),
            Self::Combination(_) => {
                (400, "InvalidParameterCombinationException", "InvalidParameterCombination")
            }
            Self::NextToken => (400, "InvalidNextToken", "InvalidNextToken"),
            Self::NoDashboard(_) => (404, "DashboardNotFoundError", "ResourceNotFound"),
            Self::NoAlarm(_) => (404, "ResourceNotFound", "ResourceNotFound"),
            Self::Operation(_) => (404, "UnknownOperationException", "InvalidAction"),
            Self::Body(_) => (400, "SerializationException", "MalformedInput"),
        }
    }
}

impl From<InvalidId> for ApiError {
    fn from(error: InvalidId) -> Self {
        Self::Value(error.to_string())
    }
}

impl From<InvalidDatapoint> for ApiError {
    fn from(error: InvalidDatapoint) -> Self {
        Self::Value(error.to_string())
    }
}
