use std::collections::BTreeMap;

use super::*;
use crate::time::{Period, Timestamp};

const GAP: Option<f64> = None;

fn some(values: &[f64]) -> Values {
    values.iter().copied().map(Some).collect()
}

fn scope(metrics: &[(&str, Values)]) -> Scope {
    let count = metrics.first().map_or(0, |(_, values)| values.len());
    let starts = (0..count).map(|index| Timestamp::from_millis(60_000 * i64::try_from(index).unwrap()));
    Scope {
        starts: starts.collect(),
        period: Period::MINUTE,
        metrics: metrics.iter().map(|(id, values)| ((*id).to_owned(), values.clone())).collect(),
        expressions: BTreeMap::new(),
    }
}

fn outcome(expression: &str, metrics: &[(&str, Values)]) -> ExpressionValue {
    Expression::parse(expression).unwrap().evaluate(&scope(metrics)).unwrap()
}

fn series(expression: &str, metrics: &[(&str, Values)]) -> Values {
    match outcome(expression, metrics) {
        ExpressionValue::Series(values) => values,
        other => panic!("{expression} came to {other:?}"),
    }
}

fn error(expression: &str) -> String {
    let metrics = [("m1", some(&[1.0])), ("m2", some(&[2.0]))];
    match Expression::parse(expression) {
        Err(error) => error.to_string(),
        Ok(expression) => expression.evaluate(&scope(&metrics)).unwrap_err().to_string(),
    }
}

/// The table under "Comparison and logical operators" of AWS's page on metric math.
#[test]
fn comparisons_answer_as_in_the_documented_table() {
    let metrics = [("m1", some(&[30.0, 20.0, 0.0, 0.0])), ("m2", vec![Some(20.0), GAP, Some(20.0), GAP])];
    assert_eq!(series("(m1 < m2)", &metrics), some(&[0.0, 0.0, 1.0, 0.0]));
    assert_eq!(series("(m1 >= 30)", &metrics), some(&[1.0, 0.0, 0.0, 0.0]));
    assert_eq!(series("(m1 > 15 AND m2 > 15)", &metrics), some(&[1.0, 0.0, 0.0, 0.0]));
}

/// The three tables under "Using IF expressions" of the same page.
#[test]
fn if_answers_as_in_the_documented_tables() {
    let metrics = [
        ("m1", vec![Some(1.0), Some(1.0), Some(0.0), Some(0.0), GAP]),
        ("m2", vec![Some(30.0), GAP, Some(0.0), Some(0.0), Some(30.0)]),
        ("m3", vec![Some(0.0), Some(0.0), Some(20.0), GAP, Some(20.0)]),
    ];
    assert_eq!(series("IF(m1, m2, m3)", &metrics), [Some(30.0), Some(0.0), Some(20.0), GAP, GAP]);
    assert_eq!(series("IF(m1, 5, m3)", &metrics), [Some(5.0), Some(5.0), Some(20.0), GAP, GAP]);
    assert_eq!(series("IF(m1, m2, 5)", &metrics), [Some(30.0), Some(0.0), Some(5.0), Some(5.0), GAP]);
}

#[test]
fn a_number_as_condition_chooses_a_whole_series() {
    let metrics = [("m1", some(&[1.0, 2.0])), ("m2", some(&[3.0, 4.0]))];
    assert_eq!(series("IF(1, m1, m2)", &metrics), some(&[1.0, 2.0]));
    assert_eq!(series("IF(0, m1, m2)", &metrics), some(&[3.0, 4.0]));
    assert_eq!(series("IF(0, m1)", &metrics), [GAP, GAP]);
}

#[test]
fn a_gap_counts_as_zero_beside_a_value_and_stays_a_gap_alone() {
    let metrics = [("m1", vec![Some(1.0), GAP, GAP]), ("m2", vec![GAP, Some(2.0), GAP])];
    assert_eq!(series("m1 + m2", &metrics), [Some(1.0), Some(2.0), GAP]);
    assert_eq!(series("m1 * 2", &metrics), [Some(2.0), GAP, GAP]);
    assert_eq!(series("m1 == 0", &metrics), [Some(0.0), GAP, GAP]);
}

#[test]
fn what_would_be_divided_by_zero_is_dropped() {
    let metrics = [("m1", some(&[1.0, 4.0])), ("m2", some(&[0.0, 2.0]))];
    assert_eq!(series("m1 / m2", &metrics), [GAP, Some(2.0)]);
    assert_eq!(series("m1 / 0", &metrics), [GAP, GAP]);
}

#[test]
fn operators_bind_as_in_arithmetic() {
    let metrics = [("m1", some(&[2.0]))];
    for (expression, value) in [
        ("m1 + 2 * 3", 8.0),
        ("(m1 + 2) * 3", 12.0),
        ("2 * m1 ^ 3", 16.0),
        ("10 - 3 - m1", 5.0),
        ("-m1 + 3", 1.0),
        ("m1 + 1 > 2", 1.0),
        ("m1 > 1 AND m1 < 2", 0.0),
        ("m1 > 1 OR m1 < 2", 1.0),
        ("m1 != 2 || m1 <= 2 || m1 == 5", 1.0),
        ("(-m1) ^ 2", 4.0),
    ] {
        assert_eq!(series(expression, &metrics), some(&[value]), "{expression}");
    }
}

#[test]
fn fill_closes_gaps_by_a_value_by_repetition_or_by_a_line() {
    let gaps = [("m1", vec![GAP, Some(1.0), GAP, GAP, Some(4.0), GAP]), ("m2", some(&[9.0; 6]))];
    assert_eq!(series("FILL(m1, 0)", &gaps), some(&[0.0, 1.0, 0.0, 0.0, 4.0, 0.0]));
    assert_eq!(series("FILL(m1, MIN(m1))", &gaps), some(&[1.0, 1.0, 1.0, 1.0, 4.0, 1.0]));
    assert_eq!(
        series("FILL(m1, REPEAT)", &gaps),
        [GAP, Some(1.0), Some(1.0), Some(1.0), Some(4.0), Some(4.0)]
    );
    assert_eq!(series("FILL(m1, LINEAR)", &gaps), [GAP, Some(1.0), Some(2.0), Some(3.0), Some(4.0), GAP]);
    assert_eq!(series("FIRST(FILL(METRICS(), m2))", &gaps), some(&[9.0, 1.0, 9.0, 9.0, 4.0, 9.0]));
}

#[test]
fn summaries_are_numbers_of_one_series_and_series_of_several() {
    let metrics = [("m1", vec![Some(1.0), Some(3.0), GAP]), ("m2", vec![Some(5.0), GAP, GAP])];
    for (expression, value) in [("SUM(m1)", 4.0), ("AVG(m1)", 4.0 / 3.0), ("MIN(m1)", 1.0), ("MAX(m1)", 3.0)]
    {
        assert_eq!(outcome(expression, &metrics), ExpressionValue::Scalar(value), "{expression}");
    }
    assert_eq!(series("SUM(METRICS())", &metrics), [Some(6.0), Some(3.0), GAP]);
    assert_eq!(series("AVG([m1, m2])", &metrics), [Some(3.0), Some(1.5), GAP]);
    assert_eq!(series("MIN([m1, m2])", &metrics), [Some(1.0), Some(3.0), GAP]);
    assert_eq!(series("MAX([m1, m2])", &metrics), [Some(5.0), Some(3.0), GAP]);
    assert_eq!(outcome("DATAPOINT_COUNT(m1)", &metrics), ExpressionValue::Scalar(2.0));
    assert_eq!(series("m2 / METRIC_COUNT(METRICS())", &metrics), [Some(2.5), GAP, GAP]);
}

#[test]
fn changes_are_told_per_step_and_per_second() {
    let metrics = [("m1", vec![Some(0.0), Some(60.0), GAP, Some(0.0)])];
    assert_eq!(series("DIFF(m1)", &metrics), [GAP, Some(60.0), GAP, Some(-60.0)]);
    assert_eq!(series("RATE(m1)", &metrics), [GAP, Some(1.0), GAP, Some(-0.5)]);
    assert_eq!(series("DIFF_TIME(m1)", &metrics), [GAP, Some(60.0), GAP, Some(120.0)]);
    assert_eq!(series("RUNNING_SUM(m1)", &metrics), [Some(0.0), Some(60.0), GAP, Some(60.0)]);
    assert_eq!(series("m1 / PERIOD(m1)", &metrics), [Some(0.0), Some(1.0), GAP, Some(0.0)]);
}

#[test]
fn functions_of_one_series_apply_to_each_of_a_list() {
    let metrics = [("m1", some(&[-1.5])), ("m2", some(&[100.0]))];
    assert_eq!(
        outcome("ABS(METRICS())", &metrics),
        ExpressionValue::Array(vec![some(&[1.5]), some(&[100.0])])
    );
    assert_eq!(
        outcome("-[m1, m2] * 2", &metrics),
        ExpressionValue::Array(vec![some(&[3.0]), some(&[-200.0])])
    );
    for (expression, value) in
        [("CEIL(m1)", -1.0), ("FLOOR(m1)", -2.0), ("LOG10(m2)", 2.0), ("LOG(m2)", 100f64.ln())]
    {
        assert_eq!(series(expression, &metrics), some(&[value]), "{expression}");
    }
    assert_eq!(series("LOG(m1)", &metrics), [GAP]);
}

#[test]
fn lists_are_chosen_from() {
    let metrics = [("errors", some(&[1.0])), ("calls", some(&[9.0])), ("more_errors", some(&[4.0]))];
    assert_eq!(series("SUM(METRICS(\"errors\"))", &metrics), some(&[5.0]));
    assert_eq!(series("SUM([METRICS('errors'), calls])", &metrics), some(&[14.0]));
    assert_eq!(series("FIRST(SORT(METRICS(), AVG, DESC))", &metrics), some(&[9.0]));
    assert_eq!(series("LAST(SORT(METRICS(), MAX, DESC, 2))", &metrics), some(&[4.0]));
    assert_eq!(
        outcome("SLICE(SORT(METRICS(), SUM, ASC), 1)", &metrics),
        ExpressionValue::Array(vec![some(&[4.0]), some(&[9.0])])
    );
    assert_eq!(outcome("SLICE(METRICS(), 0, 1)", &metrics), ExpressionValue::Array(vec![some(&[1.0])]));
    let empty = [("m1", vec![GAP]), ("m2", some(&[1.0]))];
    assert_eq!(outcome("REMOVE_EMPTY(METRICS())", &empty), ExpressionValue::Array(vec![some(&[1.0])]));
    assert_eq!(series("TIME_SERIES(5 + MAX(m2))", &empty), some(&[6.0]));
}

#[test]
fn an_expression_knows_its_ids_and_its_constants() {
    let expression = Expression::parse("IF(total > 10, bad / total, METRICS('x') * 0)").unwrap();
    assert_eq!(expression.ids(), ["bad", "total"]);
    let text = "IF(m10 > 1.5, m2 + 20)";
    let found: Vec<&str> = constants(text).unwrap().into_iter().map(|span| &text[span]).collect();
    assert_eq!(found, ["1.5", "20"]);
}

#[test]
fn an_operation_beside_and_or_or_without_parentheses_is_found() {
    let bare = |text: &str| Expression::parse(text).unwrap().bare_operand();
    for text in [
        "(a > 1) AND (b > 1)",
        "a AND FILL(b, 0)",
        "((a > 1) AND (b > 1)) OR (c < 1)",
        "(a > 1) AND (b > 1) AND c",
        "IF((a > 1) && (b + 1), a + b)",
        "a > 1",
    ] {
        assert_eq!(bare(text), None, "{text}");
    }
    for (text, at) in [
        ("a > 1 AND (b > 1)", 7),
        ("(a > 1) AND b > 1", 9),
        ("(a) > (1) AND b", 11),
        ("(a > 1) || (b > 1) || c + (1)", 20),
        ("IF(a > 1 OR b, a)", 10),
        ("(a AND b > 1) AND c", 4),
    ] {
        assert_eq!(bare(text), Some(at), "{text}");
    }
}

#[test]
fn what_is_not_documented_or_not_evaluated_is_refused() {
    for (expression, expected) in [
        ("SEARCH('{A,B}', 'Sum')", "the function SEARCH is not evaluated here"),
        ("ANOMALY_DETECTION_BAND(m1, 2)", "the function ANOMALY_DETECTION_BAND is not evaluated here"),
        ("STDDEV(m1)", "the function STDDEV is not evaluated here"),
        ("HOUR(m1)", "the function HOUR is not evaluated here"),
        ("m1 > 1 AND m2 > 1 OR m1 < 0", "at character 19: AND beside OR needs parentheses"),
        ("m1 < m2 < 3", "at character 9: a comparison of a comparison needs parentheses"),
        ("-m1 ^ 2", "at character 5: the power of a negation needs parentheses"),
        ("m1 ^ 2 ^ 2", "a power of a power needs parentheses"),
        ("m3", "no metric and no expression has the id `m3`"),
        ("m1 +", "at character 5: a number, an id, a function, `(` or `[` is expected"),
        ("(m1", "at character 4: `)` is expected"),
        ("m1 m2", "at character 4: an operator or the end is expected"),
        ("m1 % 2", "`%` at character 4 belongs to no expression"),
        ("1.2.3", "at character 1: a number is expected"),
        ("METRICS('x)", "at character 9: the closing quote is expected"),
        ("[m1, m2] > 1", "> does not take a list of series and a number"),
        ("[m1] + [m2]", "+ does not take a list of series and a list of series"),
        ("ABS(5)", "ABS does not take a number"),
        ("FILL(m1, m2)", "FILL does not take a series and a series"),
        ("IF(m1, [m2])", "IF does not take a series and a list of series"),
        ("IF(1, 2, 3)", "IF does not take a number and a number and a number"),
        ("m1 + REPEAT", "an expression does not take the word REPEAT"),
    ] {
        let error = error(expression);
        assert!(error.contains(expected), "{expression}: {error}");
    }
}
