//! Errors of metric math: why an expression is not evaluated.

/// What is wrong with an expression.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MathError {
    /// A character that begins nothing.
    #[error("`{character}` at character {at} belongs to no expression")]
    Character {
        /// The character.
        character: char,
        /// Where, counted from 1.
        at: usize,
    },
    /// Something else should stand here.
    #[error("at character {at}: {expected} is expected")]
    Expected {
        /// What.
        expected: &'static str,
        /// Where, counted from 1.
        at: usize,
    },
    /// An order of evaluation that CloudWatch does not document.
    #[error("at character {at}: {what} needs parentheses, as CloudWatch does not document which goes first")]
    Ambiguous {
        /// What.
        what: &'static str,
        /// Where, counted from 1.
        at: usize,
    },
    /// A function that is not evaluated here.
    #[error("the function {0} is not evaluated here")]
    Function(String),
    /// An id that no metric and no expression has.
    #[error("no metric and no expression has the id `{0}`")]
    Id(String),
    /// Operands of kinds that the operation does not take.
    #[error("{operation} does not take {given}")]
    Kinds {
        /// The operator or function.
        operation: String,
        /// What it was given.
        given: String,
    },
}
