//! Mutation operators of the rules of composite alarms.

use serde_json::{Map, Value};

use super::Change;
use crate::alarm::Rule;

pub(super) fn changes(properties: &Map<String, Value>) -> Vec<(String, Change)> {
    let text = properties.get("AlarmRule").and_then(Value::as_str).unwrap_or_default();
    let Ok(rule) = Rule::parse(text) else { return Vec::new() };
    let named = variants(&rule).into_iter().map(|(what, variant)| {
        let text = spelt(&variant);
        let change: Change = Box::new(move |properties| {
            properties.insert("AlarmRule".to_owned(), text.clone().into());
        });
        (format!("rule: {what}"), change)
    });
    named.collect()
}

/// Every rule that differs from this one in one place.
fn variants(rule: &Rule) -> Vec<(String, Rule)> {
    match rule {
        Rule::Is(_, name) => {
            vec![(format!("{name} negated"), Rule::Not(Box::new(rule.clone())))]
        }
        Rule::Not(inner) => {
            let mut all = vec![("NOT dropped".to_owned(), (**inner).clone())];
            all.extend(variants(inner).into_iter().map(|(what, inner)| (what, Rule::Not(Box::new(inner)))));
            all
        }
        Rule::All(rules) => group(rules, Rule::All, Rule::Any, "AND → OR"),
        Rule::Any(rules) => group(rules, Rule::Any, Rule::All, "OR → AND"),
        Rule::Constant(truth) => vec![("constant negated".to_owned(), Rule::Constant(!truth))],
    }
}

fn group(
    rules: &[Rule],
    same: fn(Vec<Rule>) -> Rule,
    opposite: fn(Vec<Rule>) -> Rule,
    exchanged: &str,
) -> Vec<(String, Rule)> {
    let about = |rules: &[Rule]| rules.iter().flat_map(Rule::alarms).collect::<Vec<_>>().join(", ");
    let mut all = vec![(format!("{exchanged} of {}", about(rules)), opposite(rules.to_vec()))];
    for (index, rule) in rules.iter().enumerate() {
        let mut rest = rules.to_vec();
        rest.remove(index);
        all.push((format!("{} dropped", about(std::slice::from_ref(rule))), same(rest)));
        for (what, variant) in variants(rule) {
            let mut changed = rules.to_vec();
            if let Some(slot) = changed.get_mut(index) {
                *slot = variant;
            }
            all.push((what, same(changed)));
        }
    }
    all
}

/// The rule as text, every group in parentheses.
fn spelt(rule: &Rule) -> String {
    let joined = |rules: &[Rule], with: &str| {
        let parts: Vec<String> = rules.iter().map(spelt).collect();
        format!("({})", parts.join(with))
    };
    match rule {
        Rule::Is(state, name) => format!("{state}(\"{name}\")"),
        Rule::Not(rule) => format!("NOT {}", spelt(rule)),
        Rule::All(rules) => joined(rules, " AND "),
        Rule::Any(rules) => joined(rules, " OR "),
        Rule::Constant(truth) => if *truth { "TRUE" } else { "FALSE" }.to_owned(),
    }
}
