//! Metric math: expressions over time series, as CloudWatch documents them.
//!
//! What the documentation leaves open is refused rather than guessed: `AND` beside `OR`, chained comparisons
//! and `-a^b` want parentheses; `STDDEV`, `SEARCH`, bands, and functions of the calendar are not evaluated.
//! Two readings are ours: `MIN` and `MAX` over several series look at the values that exist at an instant,
//! and `LINEAR` and `REPEAT` fill nothing before the first value (nor, for `LINEAR`, after the last).

mod choose;
mod combine;
mod error;
mod functions;
mod parse;
mod reduce;
mod series;
#[cfg(test)]
mod tests;
mod token;
mod value;

use std::ops::Range;

pub use error::MathError;
use parse::Node;
pub use value::{ExpressionValue, Scope, Values};

/// An expression, understood.
#[derive(Clone, Debug)]
pub struct Expression {
    text: String,
    root: Node,
    bare_operand: Option<usize>,
}

impl Expression {
    /// The expression that `text` spells.
    ///
    /// # Errors
    /// Text that is no expression, and what is not evaluated here.
    pub fn parse(text: &str) -> Result<Self, MathError> {
        let (root, bare_operand) = parse::parse(text)?;
        Ok(Self { text: text.to_owned(), root, bare_operand })
    }

    /// The text it was written as.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The ids that it names.
    #[must_use]
    pub fn ids(&self) -> Vec<&str> {
        let mut ids = Vec::new();
        self.root.collect_ids(&mut ids);
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// Where the first `AND` or `OR` stands, counted from 1, that has an operation without parentheses beside it.
    ///
    /// Evaluated as in AWS's one example, `m1 > 15 AND m2 > 15`; which operator goes first is documented nowhere.
    #[must_use]
    pub fn bare_operand(&self) -> Option<usize> {
        self.bare_operand
    }

    /// What it comes to.
    ///
    /// # Errors
    /// Ids that the scope has not, and operands of kinds that the operation does not take. Neither depends
    /// on the values, so that one evaluation shows whether all will succeed.
    pub fn evaluate(&self, scope: &Scope) -> Result<ExpressionValue, MathError> {
        functions::evaluate(&self.root, scope)
    }
}

/// Where in `text` its numbers stand; for tests that change them.
///
/// # Errors
/// Text that has something that belongs to no expression.
pub fn constants(text: &str) -> Result<Vec<Range<usize>>, MathError> {
    let tokens = token::tokens(text)?;
    let numbers = tokens.into_iter().filter(|token| matches!(token.kind, token::Kind::Number(_)));
    Ok(numbers.map(|token| token.span).collect())
}
