//! Timeline of an alarm: in which state it was from when to when.

use super::{State, Transition};
use crate::time::Timestamp;

/// A time in one state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// When it began.
    pub from: Timestamp,
    /// When it ended.
    pub until: Timestamp,
    /// The state.
    pub state: State,
}

/// The states of one alarm between two instants, oldest first. `transitions` are all of it that are known, oldest first, and
/// `now` is the state after the last of them.
#[must_use]
pub fn timeline<'a>(
    transitions: impl IntoIterator<Item = &'a Transition>,
    now: State,
    from: Timestamp,
    until: Timestamp,
) -> Vec<Stretch> {
    let mut stretches = Vec::new();
    let mut begin = from;
    for transition in transitions {
        let end = transition.at.min(until);
        if end > begin {
            stretches.push(Stretch { from: begin, until: end, state: transition.from });
            begin = end;
        }
    }
    if begin < until {
        stretches.push(Stretch { from: begin, until, state: now });
    }
    stretches
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_millis(minute * 60_000)
    }

    fn entered(minute: i64, from: State, to: State) -> Transition {
        Transition { alarm: "a".to_owned(), at: at(minute), from, to, reason: String::new() }
    }

    #[test]
    fn each_stretch_ends_where_the_next_begins_and_the_last_is_the_state_now() {
        use State::{Alarm, InsufficientData, Ok};
        let known = [entered(2, InsufficientData, Ok), entered(10, Ok, Alarm), entered(15, Alarm, Ok)];
        let states = |from, until| -> Vec<(i64, i64, State)> {
            let minutes = |at: Timestamp| at.as_millis() / 60_000;
            let stretches = timeline(&known, Ok, at(from), at(until));
            stretches.iter().map(|it| (minutes(it.from), minutes(it.until), it.state)).collect()
        };
        assert_eq!(states(0, 20), [(0, 2, InsufficientData), (2, 10, Ok), (10, 15, Alarm), (15, 20, Ok)]);
        assert_eq!(states(12, 20), [(12, 15, Alarm), (15, 20, Ok)]);
        assert_eq!(states(16, 20), [(16, 20, Ok)]);
        assert_eq!(timeline([], Alarm, at(0), at(1)).len(), 1);
    }
}
