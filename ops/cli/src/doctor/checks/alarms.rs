//! Alarms: deployed as the repository states them, and evaluated as the tests of alarms evaluate them.

use std::time::{SystemTime, UNIX_EPOCH};

use cloudwatch_model::alarm::{Alarm, AlarmSet, EXTRA_POINTS, Kind, MetricAlarm, State};
use cloudwatch_model::{Period, Resource, Timestamp};
use futures_util::FutureExt as _;
use serde_json::Value;

use super::templates::{ALARMS, resolved};
use crate::cloudwatch::alarms::{described, models, names};
use crate::cloudwatch::data::{Fetched, Wanted, fetch};
use crate::cloudwatch::{CloudWatchError, text, time};
use crate::doctor::check::{Check, CheckError, Outcome, Proof};
use crate::doctor::context::Context;

pub(super) const DEFINITIONS: Check = Check {
    name: "alarm-definitions",
    claim: "CloudWatch shows an alarm as it evaluates it: metrics, periods, threshold, missing data, rule and actions.",
    doc: "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html",
    how: "CloudWatch `DescribeAlarms`, compared with `alarms/` of this repository under the stack's parameters",
    proof: Proof::Read,
    run: |context| definitions(context).boxed_local(),
};

async fn definitions(context: &Context) -> Result<Outcome, CheckError> {
    let stated = resolved(context, &ALARMS).await?;
    let shown = described(context.aws(), &names(context.resources().await?)).await?;
    let stated: Vec<&Resource> = stated.iter().collect();
    let stated = AlarmSet::read(stated.iter().copied()).map_err(CloudWatchError::from)?;
    let shown = models(&shown)?;
    Ok(alike(&stated, &shown))
}

fn alike(stated: &AlarmSet, shown: &AlarmSet) -> Outcome {
    let mut wrong = Vec::new();
    for alarm in stated.iter() {
        match shown.get(&alarm.name) {
            None => wrong.push(format!("{} is not there", alarm.name)),
            Some(other) => {
                wrong.extend(
                    difference(alarm, other).map(|what| format!("{} has another {what}", alarm.name)),
                );
            }
        }
    }
    let saw = format!("{} alarms as stated", stated.iter().count());
    Outcome::of(
        &wrong,
        saw,
        "somebody changed them by hand, or this is another version of the repository: deploy again",
    )
}

/// What differs between two alarms.
fn difference(one: &Alarm, other: &Alarm) -> Option<&'static str> {
    if one.actions != other.actions {
        return Some("set of actions");
    }
    if one.definition() != other.definition() {
        return Some("definition");
    }
    (format!("{:?}", one.kind) != format!("{:?}", other.kind)).then_some("expression")
}

pub(super) const STATES: Check = Check {
    name: "alarm-states",
    claim: "From the same data CloudWatch comes to the same states as the evaluation that the tests of alarms rely on.",
    doc: "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html",
    how: "CloudWatch `GetMetricData` of each alarm's metrics, evaluated here, compared with the state in `DescribeAlarms`",
    proof: Proof::Read,
    run: |context| states(context).boxed_local(),
};

/// A state that changed so lately may be about to change again; data may come so late.
const SETTLING_MINUTES: i64 = 5;

async fn states(context: &Context) -> Result<Outcome, CheckError> {
    let shown = described(context.aws(), &names(context.resources().await?)).await?;
    let alarms = models(&shown)?;
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(0)).start_of(Period::MINUTE);
    let (mut wrong, mut compared) = (Vec::new(), 0);
    for alarm in &shown {
        let name = text(alarm, "AlarmName");
        let Some(Kind::Metric(metric)) = alarms.get(name).map(|alarm| &alarm.kind) else { continue };
        if is_settling(alarm, now) {
            continue;
        }
        let fetched = fetch(context.aws(), &wanted(metric, now)).await?;
        if fetched.is_empty() && !context.is_aws() {
            continue;
        }
        compared += 1;
        let state = State::ALL.into_iter().find(|state| state.as_str() == text(alarm, "StateValue"));
        let here = evaluated(metric, &fetched, now, state.unwrap_or(State::InsufficientData));
        if let Some(state) = state.filter(|state| !here.contains(state)) {
            let here: Vec<&str> = here.iter().map(|state| state.as_str()).collect();
            wrong.push(format!("{name} is {state} and by the evaluation here {}", here.join(" or ")));
        }
    }
    if compared == 0 {
        let why = format!("no alarm has data and a state older than {SETTLING_MINUTES} minutes");
        return Ok(Outcome::NotHere(why));
    }
    let todo = "run the check again; if it stays, `ops alarms explain NAME --stack STACK` has CloudWatch's reason: \
                mend ops/cloudwatch, and then what its tests let pass";
    Ok(Outcome::of(&wrong, format!("{compared} of {} alarms in the same state", shown.len()), todo))
}

fn is_settling(alarm: &Value, now: Timestamp) -> bool {
    let since = contract::time::unix_millis(&time(alarm, "StateUpdatedTimestamp")).unwrap_or(0);
    now.as_millis() - since < SETTLING_MINUTES * Period::MINUTE.as_millis()
}

/// The instants at which the state is computed: CloudWatch may have looked some minutes ago.
fn instants(now: Timestamp) -> impl Iterator<Item = Timestamp> {
    (0..SETTLING_MINUTES).map(move |minutes| now.plus_millis(-minutes * Period::MINUTE.as_millis()))
}

fn wanted(alarm: &MetricAlarm, now: Timestamp) -> Vec<Wanted> {
    let count = i64::try_from(alarm.evaluation_periods + EXTRA_POINTS).unwrap_or(1);
    let starts = |until: Timestamp| {
        let back = (1..=count).rev();
        back.map(|periods| until.plus_millis(-periods * alarm.period.as_millis())).collect::<Vec<_>>()
    };
    let of = |stat: &cloudwatch_model::alarm::MetricStat| {
        let one = |until| Wanted { stat: stat.clone(), period: alarm.period, starts: starts(until) };
        instants(now).map(one).collect::<Vec<_>>()
    };
    alarm.source.metrics().flat_map(of).collect()
}

/// The states that the alarm has at the last instants.
fn evaluated(alarm: &MetricAlarm, data: &Fetched, now: Timestamp, before: State) -> Vec<State> {
    let verdicts = instants(now).filter_map(|at| alarm.evaluate(data, at, before).ok());
    let mut states: Vec<State> = verdicts.map(|verdict| verdict.state).collect();
    states.sort_unstable();
    states.dedup();
    states
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn set(change: &str, to: &Value) -> AlarmSet {
        let mut alarm = json!({
            "AlarmName": "a", "Namespace": "N", "MetricName": "M", "Statistic": "Maximum", "Period": 60,
            "EvaluationPeriods": 3, "DatapointsToAlarm": 3, "Threshold": 5, "TreatMissingData": "notBreaching",
            "ComparisonOperator": "GreaterThanThreshold", "AlarmActions": ["arn:page"],
        });
        alarm[change] = to.clone();
        models(&[alarm]).unwrap()
    }

    #[test]
    fn alarm_that_somebody_changed_is_named_with_what_changed() {
        let stated = set("Threshold", &json!(5));
        assert_eq!(alike(&stated, &set("Threshold", &json!(5.0))).status(), "ok");
        assert_eq!(alike(&stated, &set("Threshold", &json!(6))).saw(), "a has another definition");
        assert_eq!(alike(&stated, &set("AlarmActions", &json!([]))).saw(), "a has another set of actions");
        assert_eq!(alike(&stated, &set("AlarmName", &json!("b"))).saw(), "a is not there");
    }

    #[test]
    fn state_is_computed_from_what_was_fetched() {
        let set = set("Threshold", &json!(5));
        let Kind::Metric(alarm) = &set.get("a").unwrap().kind else { panic!("a metric alarm") };
        let now = Timestamp::from_millis(60_000_000);
        let wanted = wanted(alarm, now);
        let data = |value: f64| {
            let starts = wanted.iter().flat_map(|one| one.starts.iter().map(move |start| (one, *start)));
            Fetched::of(starts.map(|(one, start)| (one, start, value)))
        };
        assert_eq!(evaluated(alarm, &data(9.0), now, State::Ok), [State::Alarm]);
        assert_eq!(evaluated(alarm, &data(1.0), now, State::Alarm), [State::Ok]);
        assert_eq!(evaluated(alarm, &Fetched::default(), now, State::Alarm), [State::Ok]);
    }
}
