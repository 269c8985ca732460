//! Operators of metric math: between numbers, series and lists of series.

use super::parse::Operator;
use super::{ExpressionValue, MathError, Values};

impl Operator {
    pub(super) const fn symbol(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Power => "^",
            Self::Equal => "==",
            Self::Unequal => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::And => "AND",
            Self::Or => "OR",
        }
    }

    const fn is_arithmetic(self) -> bool {
        matches!(self, Self::Add | Self::Subtract | Self::Multiply | Self::Divide | Self::Power)
    }

    #[expect(clippy::float_cmp, reason = "CloudWatch's == compares exactly")]
    fn apply(self, left: f64, right: f64) -> f64 {
        let truth = |holds: bool| f64::from(u8::from(holds));
        match self {
            Self::Add => left + right,
            Self::Subtract => left - right,
            Self::Multiply => left * right,
            Self::Divide => left / right,
            Self::Power => left.powf(right),
            Self::Equal => truth(left == right),
            Self::Unequal => truth(left != right),
            Self::Less => truth(left < right),
            Self::LessOrEqual => truth(left <= right),
            Self::Greater => truth(left > right),
            Self::GreaterOrEqual => truth(left >= right),
            Self::And => truth(left != 0.0 && right != 0.0),
            Self::Or => truth(left != 0.0 || right != 0.0),
        }
    }

    /// A datapoint that would be divided by zero is dropped, like all that is no number.
    fn point(self, left: f64, right: f64) -> Option<f64> {
        finite(self.apply(left, right))
    }
}

pub(super) fn finite(value: f64) -> Option<f64> {
    Some(value).filter(|value| value.is_finite())
}

/// Where only one of two series has a value, the other counts as zero; where neither has, there is none.
fn pair(operator: Operator, left: &Values, right: &Values) -> Values {
    let pairs = left.iter().zip(right);
    let points = pairs.map(|(left, right)| match (left, right) {
        (None, None) => None,
        _ => operator.point(left.unwrap_or(0.0), right.unwrap_or(0.0)),
    });
    points.collect()
}

pub(super) fn map(values: &Values, change: impl Fn(f64) -> f64) -> Values {
    values.iter().map(|value| value.and_then(|value| finite(change(value)))).collect()
}

pub(super) fn combine(
    operator: Operator,
    left: &ExpressionValue,
    right: &ExpressionValue,
) -> Result<ExpressionValue, MathError> {
    use ExpressionValue::{Array, Scalar, Series};
    let one = |left: &ExpressionValue, right: &ExpressionValue| match (left, right) {
        (Series(left), Series(right)) => Some(pair(operator, left, right)),
        (Series(left), Scalar(right)) => Some(map(left, |left| operator.apply(left, *right))),
        (Scalar(left), Series(right)) => Some(map(right, |right| operator.apply(*left, right))),
        _ => None,
    };
    let each = |items: Vec<Option<Values>>| items.into_iter().collect::<Option<Vec<_>>>().map(Array);
    let series = |values: &Values| Series(values.clone());
    let combined = match (left, right) {
        (Scalar(left), Scalar(right)) => Some(Scalar(operator.apply(*left, *right))),
        (Array(items), Scalar(_) | Series(_)) if operator.is_arithmetic() => {
            each(items.iter().map(|item| one(&series(item), right)).collect())
        }
        (Scalar(_) | Series(_), Array(items)) if operator.is_arithmetic() => {
            each(items.iter().map(|item| one(left, &series(item))).collect())
        }
        _ => one(left, right).map(Series),
    };
    combined.ok_or_else(|| kinds(operator.symbol(), &[left, right]))
}

/// The error of an operation on operands that it does not take.
pub(super) fn kinds(operation: &str, given: &[&ExpressionValue]) -> MathError {
    let names: Vec<&str> = given
        .iter()
        .map(|outcome| match outcome {
            ExpressionValue::Scalar(_) => "a number",
            ExpressionValue::Series(_) => "a series",
            ExpressionValue::Array(_) => "a list of series",
        })
        .collect();
    let given = if names.is_empty() { "nothing".to_owned() } else { names.join(" and ") };
    MathError::Kinds { operation: operation.to_owned(), given }
}
