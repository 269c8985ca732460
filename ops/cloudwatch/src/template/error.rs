//! Errors of templates that cannot be resolved.

use crate::location::Location;

/// What stands in a template and cannot be resolved, and where.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// The text is no JSON.
    #[error("{location} is not JSON")]
    Json {
        /// Which file.
        location: Location,
        /// Why not.
        source: serde_json::Error,
    },
    /// A value of another type than belongs there.
    #[error("{location} must be {expected}")]
    Shape {
        /// Where.
        location: Location,
        /// What belongs there.
        expected: &'static str,
    },
    /// What CloudFormation may know and this library does not.
    #[error("{location}: {what} is not understood here")]
    Unsupported {
        /// Where.
        location: Location,
        /// What stands there.
        what: String,
    },
    /// A name that stands for nothing.
    #[error("{location}: there is no {what} `{name}`")]
    Unknown {
        /// Where.
        location: Location,
        /// What it would be.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// A parameter without a value.
    #[error("{location}: the parameter has no default and was given no value")]
    NoValue {
        /// Which parameter.
        location: Location,
    },
    /// A parameter's value outside its list.
    #[error("{location}: the value `{value}` is not allowed")]
    NotAllowed {
        /// Which parameter.
        location: Location,
        /// The value.
        value: String,
    },
    /// References that go round.
    #[error("{location}: the reference leads back to itself")]
    Circular {
        /// Where it was noticed.
        location: Location,
    },
}

impl TemplateError {
    pub(crate) fn shape(location: &Location, expected: &'static str) -> Self {
        Self::Shape { location: location.clone(), expected }
    }

    pub(crate) fn unsupported(location: &Location, what: impl Into<String>) -> Self {
        Self::Unsupported { location: location.clone(), what: what.into() }
    }

    pub(crate) fn unknown(location: &Location, what: &'static str, name: &str) -> Self {
        Self::Unknown { location: location.clone(), what, name: name.to_owned() }
    }
}
