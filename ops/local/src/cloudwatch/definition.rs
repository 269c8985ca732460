//! Alarm as `DescribeAlarms` answers it: its definition, and the state it is in.

use cloudwatch_model::Statistic;
use cloudwatch_model::alarm::{
    Actions, Alarm, DataQuery, Kind, MetricAlarm, MetricStat, Queried, Rule, Source, State, WarmUp,
};

use super::account::Account;
use super::metrics;
use super::wire::{Output, members};
use crate::observe::Seen;

/// An alarm whole.
pub(super) fn described(alarm: &Alarm, seen: &Seen, account: &Account) -> Output {
    let mut all = vec![
        ("AlarmName", alarm.name.as_str().into()),
        ("AlarmArn", account.alarm_arn(&alarm.name).into()),
        ("AlarmConfigurationUpdatedTimestamp", seen.alarms.created().into()),
    ];
    if !alarm.description.is_empty() {
        all.push(("AlarmDescription", alarm.description.as_str().into()));
    }
    all.extend(actions(&alarm.actions));
    all.extend(state(&alarm.name, seen));
    match &alarm.kind {
        Kind::Composite(rule) => all.push(("AlarmRule", written(rule).into())),
        Kind::Metric(metric) => all.extend(definition(metric)),
    }
    Output::Structure(all)
}

/// Only what `ChildrenOfAlarmName` and `ParentsOfAlarmName` ask for.
pub(super) fn summary(alarm: &Alarm, seen: &Seen, account: &Account) -> Output {
    let mut all =
        vec![("AlarmName", alarm.name.as_str().into()), ("AlarmArn", account.alarm_arn(&alarm.name).into())];
    all.extend(
        state(&alarm.name, seen)
            .into_iter()
            .filter(|(name, _)| matches!(*name, "StateValue" | "StateUpdatedTimestamp")),
    );
    Output::Structure(all)
}

fn state(name: &str, seen: &Seen) -> Vec<(&'static str, Output)> {
    let value = seen.alarms.state(name).unwrap_or(State::InsufficientData);
    let created = seen.alarms.created();
    let standing = seen.alarms.standing(name);
    let reason = standing.map_or("Unchecked: Initial alarm creation", |standing| &standing.reason);
    vec![
        ("StateValue", value.as_str().into()),
        ("StateReason", reason.into()),
        ("StateUpdatedTimestamp", standing.map_or(created, |standing| standing.updated).into()),
        ("StateTransitionedTimestamp", standing.map_or(created, |standing| standing.since).into()),
    ]
}

fn actions(actions: &Actions) -> [(&'static str, Output); 4] {
    let list = |topics: &[String]| topics.iter().map(String::as_str).collect();
    [
        ("ActionsEnabled", (!actions.are_disabled).into()),
        ("OKActions", list(&actions.ok)),
        ("AlarmActions", list(&actions.alarm)),
        ("InsufficientDataActions", list(&actions.insufficient_data)),
    ]
}

/// A rule as it is written: without the parentheses around all of it.
fn written(rule: &Rule) -> String {
    let text = rule.to_string();
    let bare = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
    match (rule, bare) {
        (Rule::All(_) | Rule::Any(_), Some(bare)) => bare.to_owned(),
        _ => text,
    }
}

fn definition(alarm: &MetricAlarm) -> Vec<(&'static str, Output)> {
    let mut all = vec![
        ("EvaluationPeriods", alarm.evaluation_periods.into()),
        ("DatapointsToAlarm", alarm.datapoints_to_alarm.into()),
        ("Threshold", alarm.threshold.into()),
        ("ComparisonOperator", alarm.comparison.as_str().into()),
        ("TreatMissingData", alarm.missing.as_str().into()),
    ];
    match &alarm.source {
        Source::Metric(stat) => {
            let extended = matches!(stat.statistic, Statistic::Percentile(_) | Statistic::TrimmedCount(_));
            let name = if extended { "ExtendedStatistic" } else { "Statistic" };
            all.extend([
                ("Namespace", stat.metric.namespace().into()),
                ("MetricName", stat.metric.name().into()),
                ("Dimensions", metrics::dimensions(&stat.metric)),
                ("Period", alarm.period.as_seconds().into()),
                (name, stat.statistic.to_string().into()),
            ]);
            all.extend(stat.unit.map(|unit| ("Unit", unit.as_str().into())));
        }
        Source::Math { queries, returned } => {
            let query = |query: &DataQuery| {
                let returns = query.id == *returned;
                let (stat, expression) = match &query.of {
                    Queried::Metric(stat) => (Some(metric_stat(stat, alarm)), None),
                    Queried::Expression(expression) => (None, Some(expression.text().into())),
                };
                members([
                    ("Id", Some(query.id.as_str().into())),
                    ("Label", query.label.as_deref().map(Output::from)),
                    ("MetricStat", stat),
                    ("Expression", expression),
                    ("ReturnData", Some(returns.into())),
                ])
            };
            all.push(("Metrics", queries.iter().map(query).collect()));
        }
    }
    if let Some(WarmUp { minutes, to_its_end }) = alarm.warm_up {
        let warm_up = members([
            ("WarmUpPeriodDurationInMinutes", Some(minutes.into())),
            ("OnlyStartEvaluatingAfterWarmUpPeriodEnds", Some(to_its_end.into())),
        ]);
        all.push(("WarmUpConfiguration", warm_up));
    }
    if alarm.ignores_few_samples {
        all.push(("EvaluateLowSampleCountPercentile", "ignore".into()));
    }
    all
}

fn metric_stat(stat: &MetricStat, alarm: &MetricAlarm) -> Output {
    members([
        ("Metric", Some(metrics::described(&stat.metric))),
        ("Period", Some(alarm.period.as_seconds().into())),
        ("Stat", Some(stat.statistic.to_string().into())),
        ("Unit", stat.unit.map(|unit| unit.as_str().into())),
    ])
}
