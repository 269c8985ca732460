//! Errors of alarms that cannot be read or evaluated.

use super::rule::RuleError;
use crate::fields::FieldError;
use crate::location::Location;
use crate::math::MathError;
use crate::template::TemplateError;

/// What stands in an alarm and cannot be evaluated, and where.
#[derive(Debug, thiserror::Error)]
pub enum AlarmError {
    /// The template cannot be resolved.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A property that is absent, of another shape, or not evaluated here.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// A value that CloudWatch refuses.
    #[error("{location} is not valid")]
    Invalid {
        /// Where.
        location: Location,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Numbers that do not go together.
    #[error("{location}: {why}")]
    Limit {
        /// Where.
        location: Location,
        /// Which rule is broken.
        why: String,
    },
    /// An expression that is not evaluated.
    #[error("{location}: the expression is not evaluated")]
    Math {
        /// Where.
        location: Location,
        /// Why not.
        source: MathError,
    },
    /// A composite alarm's rule that is not understood.
    #[error("{location}: the rule is not understood")]
    Rule {
        /// Where.
        location: Location,
        /// Why not.
        source: RuleError,
    },
    /// A rule that names an alarm of no template.
    #[error("{location}: there is no alarm `{name}`")]
    UnknownAlarm {
        /// Where.
        location: Location,
        /// The name.
        name: String,
    },
    /// Two alarms of one name.
    #[error("{location}: another alarm is called `{name}` too")]
    Duplicate {
        /// Where the second stands.
        location: Location,
        /// The name.
        name: String,
    },
    /// Rules that refer to each other in a circle; CloudWatch would stop evaluating them.
    #[error("{location}: the rule depends on its own alarm")]
    Circular {
        /// Where.
        location: Location,
    },
}

impl AlarmError {
    pub(super) fn shape(location: &Location, expected: &'static str) -> Self {
        Self::Field(FieldError::shape(location, expected))
    }

    pub(super) fn limit(location: &Location, why: impl Into<String>) -> Self {
        Self::Limit { location: location.clone(), why: why.into() }
    }

    pub(super) fn invalid(
        location: &Location,
        source: impl std::error::Error + Send + Sync + 'static,
    ) -> Self {
        Self::Invalid { location: location.clone(), source: Box::new(source) }
    }
}
