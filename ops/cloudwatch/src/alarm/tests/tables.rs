//! AWS's tables of the states that follow from missing data.

use super::*;

fn fates(points: &str) -> Vec<Fate> {
    let fate = |point| match point {
        "0" => Fate::Within,
        "X" => Fate::Breaching,
        _ => Fate::Missing,
    };
    points.split(' ').map(fate).collect()
}

/// `retain` stands for the state before.
fn row(points: &str, periods: usize, to_alarm: usize, states: [&str; 4]) {
    let treatments =
        [MissingData::Missing, MissingData::Ignore, MissingData::Breaching, MissingData::NotBreaching];
    for (treatment, expected) in treatments.into_iter().zip(states) {
        for before in State::ALL {
            let expected = if expected == "retain" { before.as_str() } else { expected };
            let state = decide(&fates(points), periods, to_alarm, treatment, before);
            assert_eq!(state.as_str(), expected, "{points} with {treatment:?} after {before}");
        }
    }
}

/// The tables of AWS's page "Configuring how CloudWatch alarms treat missing data", 3 of 3 and 2 of 3. The
/// rows with a lone newest X stand in an earlier edition; today's states in prose that they are no
/// alarm yet.
#[test]
fn missing_data_is_treated_as_in_the_documented_tables() {
    row("0 - X - X", 3, 3, ["OK"; 4]);
    row("0 - - - -", 3, 3, ["OK"; 4]);
    row("- - - - -", 3, 3, [INSUFFICIENT, "retain", "ALARM", "OK"]);
    row("0 X X - X", 3, 3, ["ALARM"; 4]);
    row("- - X - -", 3, 3, ["ALARM", "retain", "ALARM", "OK"]);
    row("X - - - -", 3, 3, ["ALARM", "retain", "ALARM", "OK"]);
    row("- - - - X", 3, 3, [INSUFFICIENT, "retain", "ALARM", "OK"]);

    row("0 - X - X", 3, 2, ["ALARM"; 4]);
    row("0 0 X 0 X", 3, 2, ["ALARM"; 4]);
    row("0 - X - -", 3, 2, ["OK", "OK", "ALARM", "OK"]);
    row("- - - - 0", 3, 2, ["OK", "OK", "ALARM", "OK"]);
    row("- - - X -", 3, 2, ["ALARM", "retain", "ALARM", "OK"]);
    row("- - - - X", 3, 2, [INSUFFICIENT, "retain", "ALARM", "OK"]);
}

/// "The alarm does not go immediately into ALARM state when the data is either - - - - X or - - - X -", and
/// is not when the next datapoint is within the threshold.
#[test]
fn an_alarm_is_not_premature() {
    row("- - - X -", 3, 3, [INSUFFICIENT, "retain", "ALARM", "OK"]);
    row("- - - X 0", 3, 3, ["OK"; 4]);
    row("- - X - 0", 3, 3, ["OK"; 4]);
}

#[test]
fn older_datapoints_than_needed_do_not_count() {
    row("X X 0 0 0", 3, 2, ["OK"; 4]);
    row("0 0 X X X", 3, 3, ["ALARM"; 4]);
    row("X X X 0 -", 3, 3, ["OK"; 4]);
    row("- - - X X", 3, 2, ["ALARM"; 4]);
}
