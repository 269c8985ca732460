//! Alarms that wait for their first data.

use super::*;

fn waiting(configuration: &Value) -> AlarmSet {
    let alarm = metric_alarm(&json!({
        "EvaluationPeriods": 2, "TreatMissingData": "breaching", "WarmUpConfiguration": configuration,
    }));
    read(&json!({"A": alarm})).unwrap()
}

#[test]
fn an_alarm_that_warms_up_takes_silence_for_no_fault_until_the_time_is_over() {
    let store = MetricStore::new();
    let set = waiting(&json!({"WarmUpPeriodDurationInMinutes": 3}));
    assert_eq!(states(set, &store, 4), [INSUFFICIENT, INSUFFICIENT, INSUFFICIENT, "ALARM"]);
}

#[test]
fn a_warm_up_ends_when_every_evaluated_period_has_data_unless_it_is_to_last() {
    let mut store = MetricStore::new();
    for minute in 0..9 {
        put(&mut store, "N", "put", minute, &[11.0], &[1.0]);
    }
    let expected = |to_its_end: bool| {
        let third = if to_its_end { INSUFFICIENT } else { "ALARM" };
        [INSUFFICIENT, third, third, "ALARM"]
    };
    for to_its_end in [false, true] {
        let set = waiting(&json!({
            "WarmUpPeriodDurationInMinutes": 3, "OnlyStartEvaluatingAfterWarmUpPeriodEnds": to_its_end,
        }));
        assert_eq!(states(set, &store, 4), expected(to_its_end), "{to_its_end}");
    }
}
