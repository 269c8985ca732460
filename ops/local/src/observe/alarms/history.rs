//! History of alarms: what became of them, the newest kept.

use std::collections::VecDeque;

use cloudwatch_model::alarm::{State, Transition};
use cloudwatch_model::{AlarmSet, Timestamp};

/// How much is remembered.
const MAX_ENTRIES: usize = 3_000;

/// Something that became of an alarm.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Counted over all alarms, from 0.
    pub number: u64,
    /// Which alarm.
    pub alarm: String,
    /// When, by the observer's clock.
    pub at: Timestamp,
    /// What.
    pub event: Event,
}

/// What became of an alarm.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// It was created.
    Created,
    /// It entered another state.
    Changed(Transition),
    /// An action was taken.
    Acted(Action),
}

/// An action on entering a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// The topic's ARN.
    pub topic: String,
    /// What was published there.
    pub message: String,
    /// Which state was entered.
    pub to: State,
    /// Why it failed.
    pub failure: Option<String>,
}

/// The entries, oldest first.
#[derive(Debug, Default)]
pub(super) struct History {
    entries: VecDeque<Entry>,
    next: u64,
    /// How many transitions there ever were.
    transitions: usize,
}

impl History {
    /// Of alarms that were just created.
    pub(super) fn of(set: &AlarmSet, at: Timestamp) -> Self {
        let mut history = Self::default();
        for alarm in set.iter() {
            history.put(&alarm.name, at, Event::Created);
        }
        history
    }

    pub(super) fn put(&mut self, alarm: &str, at: Timestamp, event: Event) {
        self.transitions += usize::from(matches!(event, Event::Changed(_)));
        self.entries.push_back(Entry { number: self.next, alarm: alarm.to_owned(), at, event });
        self.next += 1;
        let excess = self.entries.len().saturating_sub(MAX_ENTRIES);
        self.entries.drain(..excess);
    }

    pub(super) fn entries(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.entries.iter()
    }

    pub(super) fn transitions(&self) -> impl DoubleEndedIterator<Item = &Transition> {
        self.entries.iter().filter_map(|entry| match &entry.event {
            Event::Changed(transition) => Some(transition),
            Event::Created | Event::Acted(_) => None,
        })
    }

    /// The transitions after the first `seen`, and how many there ever were.
    pub(super) fn after(&self, seen: usize) -> (Vec<Transition>, usize) {
        let new = self.transitions.saturating_sub(seen);
        let mut found: Vec<Transition> = self.transitions().rev().take(new).cloned().collect();
        found.reverse();
        (found, self.transitions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(history: &mut History, index: usize) {
        let at = Timestamp::from_millis(0);
        let transition = Transition {
            alarm: format!("a{index}"),
            at,
            from: State::Ok,
            to: State::Alarm,
            reason: String::new(),
        };
        history.put(&transition.alarm.clone(), at, Event::Changed(transition));
    }

    fn names(transitions: &[Transition]) -> Vec<&str> {
        transitions.iter().map(|transition| transition.alarm.as_str()).collect()
    }

    #[test]
    fn who_asks_gets_each_transition_once_and_what_is_forgotten_never() {
        let mut history = History::default();
        assert_eq!(history.after(0), (Vec::new(), 0));
        (0..3).for_each(|index| put(&mut history, index));
        let (first, seen) = history.after(0);
        assert_eq!((names(&first), seen), (vec!["a0", "a1", "a2"], 3));
        assert_eq!(names(&history.after(2).0), ["a2"]);
        assert_eq!(history.after(seen).0, []);
        (3..=MAX_ENTRIES).for_each(|index| put(&mut history, index));
        assert_eq!(names(&history.after(0).0)[0], "a1");
        assert_eq!(history.entries().next().map(|entry| entry.number), Some(1));
    }
}
