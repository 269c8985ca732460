//! Functions of metric math, and what they evaluate to.

use super::combine::{combine, finite, kinds, map};
use super::parse::Node;
use super::{ExpressionValue, MathError, Scope, Values, choose, reduce, series};
use ExpressionValue::{Array, Scalar, Series};

pub(super) fn evaluate(node: &Node, scope: &Scope) -> Result<ExpressionValue, MathError> {
    match node {
        Node::Number(number) => Ok(Scalar(*number)),
        Node::Id(id) => lookup(id, scope),
        Node::Negative(node) => match evaluate(node, scope)? {
            Scalar(value) => Ok(Scalar(-value)),
            Series(values) => Ok(Series(map(&values, |value| -value))),
            Array(items) => Ok(Array(items.iter().map(|item| map(item, |value| -value)).collect())),
        },
        Node::Binary(operator, left, right) => {
            combine(*operator, &evaluate(left, scope)?, &evaluate(right, scope)?)
        }
        Node::List(nodes) => list(nodes, scope).map(Array),
        Node::Call(name, arguments) => call(name, arguments, scope),
        Node::Text(text) | Node::Option(text) => {
            Err(MathError::Kinds { operation: "an expression".to_owned(), given: format!("the word {text}") })
        }
    }
}

fn lookup(id: &str, scope: &Scope) -> Result<ExpressionValue, MathError> {
    let metric = scope.metrics.iter().find(|(of, _)| of == id).map(|(_, values)| Series(values.clone()));
    let found = metric.or_else(|| scope.expressions.get(id).cloned());
    found.ok_or_else(|| MathError::Id(id.to_owned()))
}

/// A list's members; one that is a list of series itself, such as `METRICS("x")`, is unpacked.
fn list(nodes: &[Node], scope: &Scope) -> Result<Vec<Values>, MathError> {
    let mut items = Vec::new();
    for node in nodes {
        match evaluate(node, scope)? {
            Series(values) => items.push(values),
            Array(values) => items.extend(values),
            scalar @ Scalar(_) => return Err(kinds("a list", &[&scalar])),
        }
    }
    Ok(items)
}

fn call(name: &str, arguments: &[Node], scope: &Scope) -> Result<ExpressionValue, MathError> {
    if !KNOWN.contains(&name) {
        return Err(MathError::Function(name.to_owned()));
    }
    match (name, arguments) {
        ("METRICS", []) => Ok(Array(scope.metrics.iter().map(|(_, values)| values.clone()).collect())),
        ("METRICS", [Node::Text(part)]) => {
            let found = scope.metrics.iter().filter(|(id, _)| id.contains(part.as_str()));
            Ok(Array(found.map(|(_, values)| values.clone()).collect()))
        }
        ("PERIOD", [Node::Id(id)]) => {
            let metric = scope.metrics.iter().find(|(of, _)| of == id);
            let period = metric.map(|_| Scalar(f64::from(scope.period.as_seconds())));
            period.ok_or_else(|| MathError::Id(id.clone()))
        }
        ("FILL", [values, Node::Option(option)]) if option == "REPEAT" => {
            each("FILL", &evaluate(values, scope)?, series::repeated)
        }
        ("FILL", [values, Node::Option(option)]) if option == "LINEAR" => {
            each("FILL", &evaluate(values, scope)?, series::interpolated)
        }
        ("FILL", [values, filler]) => fill(&evaluate(values, scope)?, &evaluate(filler, scope)?),
        ("SORT", [values, Node::Option(by), Node::Option(order)]) => sort(values, by, order, None, scope),
        ("SORT", [values, Node::Option(by), Node::Option(order), limit]) => {
            sort(values, by, order, Some(limit), scope)
        }
        _ => {
            let arguments: Result<Vec<ExpressionValue>, _> =
                arguments.iter().map(|argument| evaluate(argument, scope)).collect();
            plain(name, &arguments?, scope)
        }
    }
}

/// Functions whose arguments are all values.
fn plain(name: &str, given: &[ExpressionValue], scope: &Scope) -> Result<ExpressionValue, MathError> {
    match (name, given) {
        ("SUM" | "AVG" | "MIN" | "MAX", [Series(values)]) => Ok(Scalar(reduce::summary(name, values))),
        ("SUM" | "AVG" | "MIN" | "MAX", [Array(items)]) => {
            Ok(Series(reduce::across(name, items, scope.starts.len())))
        }
        ("DATAPOINT_COUNT", [Series(values)]) => Ok(Scalar(reduce::count(values.iter().flatten().count()))),
        ("METRIC_COUNT", [Array(items)]) => Ok(Scalar(reduce::count(items.len()))),
        ("TIME_SERIES", [Scalar(value)]) => Ok(Series(vec![finite(*value); scope.starts.len()])),
        ("FIRST", [Array(items)]) => items.first().cloned().map(Series).ok_or_else(|| refused(name, given)),
        ("LAST", [Array(items)]) => items.last().cloned().map(Series).ok_or_else(|| refused(name, given)),
        ("SLICE", [Array(items), Scalar(from)]) => Ok(Array(reduce::slice(items, *from, f64::MAX))),
        ("SLICE", [Array(items), Scalar(from), Scalar(until)]) => {
            Ok(Array(reduce::slice(items, *from, *until)))
        }
        ("REMOVE_EMPTY", [Array(items)]) => {
            let filled = items.iter().filter(|values| values.iter().any(Option::is_some));
            Ok(Array(filled.cloned().collect()))
        }
        ("IF", [condition, yes]) => choose::choose(condition, yes, None).ok_or_else(|| refused(name, given)),
        ("IF", [condition, yes, no]) => {
            choose::choose(condition, yes, Some(no)).ok_or_else(|| refused(name, given))
        }
        ("ABS", [values]) => each(name, values, |values| map(values, f64::abs)),
        ("CEIL", [values]) => each(name, values, |values| map(values, f64::ceil)),
        ("FLOOR", [values]) => each(name, values, |values| map(values, f64::floor)),
        ("LOG", [values]) => each(name, values, |values| map(values, f64::ln)),
        ("LOG10", [values]) => each(name, values, |values| map(values, f64::log10)),
        ("RUNNING_SUM", [values]) => each(name, values, series::running_sum),
        ("DIFF", [values]) => each(name, values, |values| series::steps(values, scope, |rise, _| rise)),
        ("DIFF_TIME", [values]) => {
            each(name, values, |values| series::steps(values, scope, |_, seconds| seconds))
        }
        ("RATE", [values]) => {
            each(name, values, |values| series::steps(values, scope, |rise, seconds| rise / seconds))
        }
        _ => Err(refused(name, given)),
    }
}

/// Functions that are evaluated; what else they are given is a mistake of the expression.
const KNOWN: &[&str] = &[
    "ABS",
    "AVG",
    "CEIL",
    "DATAPOINT_COUNT",
    "DIFF",
    "DIFF_TIME",
    "FILL",
    "FIRST",
    "FLOOR",
    "IF",
    "LAST",
    "LOG",
    "LOG10",
    "MAX",
    "METRICS",
    "METRIC_COUNT",
    "MIN",
    "PERIOD",
    "RATE",
    "REMOVE_EMPTY",
    "RUNNING_SUM",
    "SLICE",
    "SORT",
    "SUM",
    "TIME_SERIES",
];

fn refused(name: &str, given: &[ExpressionValue]) -> MathError {
    kinds(name, &given.iter().collect::<Vec<_>>())
}

/// A function of one series, also applied to each of a list.
fn each(
    name: &str,
    given: &ExpressionValue,
    change: impl Fn(&Values) -> Values,
) -> Result<ExpressionValue, MathError> {
    match given {
        Series(values) => Ok(Series(change(values))),
        Array(items) => Ok(Array(items.iter().map(change).collect())),
        Scalar(_) => Err(kinds(name, &[given])),
    }
}

fn fill(values: &ExpressionValue, filler: &ExpressionValue) -> Result<ExpressionValue, MathError> {
    match filler {
        Scalar(filler) => {
            each("FILL", values, |values| values.iter().map(|value| value.or(finite(*filler))).collect())
        }
        Series(filler) if matches!(values, Array(_)) => each("FILL", values, |values| {
            values.iter().zip(filler).map(|(value, filler)| value.or(*filler)).collect()
        }),
        _ => Err(kinds("FILL", &[values, filler])),
    }
}

fn sort(
    values: &Node,
    by: &str,
    order: &str,
    limit: Option<&Node>,
    scope: &Scope,
) -> Result<ExpressionValue, MathError> {
    let limit = limit.map_or(Ok(Scalar(f64::MAX)), |limit| evaluate(limit, scope))?;
    let values = evaluate(values, scope)?;
    match (&values, &limit, by, order) {
        (Array(items), Scalar(limit), "AVG" | "MIN" | "MAX" | "SUM", "ASC" | "DESC") => {
            let sorted = reduce::sorted(items, by, order == "DESC");
            Ok(Array(reduce::slice(&sorted, 0.0, *limit)))
        }
        _ => Err(kinds("SORT", &[&values, &limit])),
    }
}
