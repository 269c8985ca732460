//! Alarm set: all alarms of a stack, evaluated together.

use std::collections::BTreeMap;

use super::{Alarm, AlarmError, Kind, State, read};
use crate::math::MathError;
use crate::store::MetricStore;
use crate::template::Resource;
use crate::time::Timestamp;

/// Alarms in an order in which composite ones come after those that they look at.
#[derive(Clone, Debug, Default)]
pub struct AlarmSet {
    alarms: Vec<Alarm>,
}

impl AlarmSet {
    /// The alarms among these resources.
    ///
    /// # Errors
    /// Alarms that CloudWatch would refuse or that are not evaluated here; two of one name; rules that name
    /// an alarm of none of these resources, or that go in a circle.
    pub fn read<'a>(resources: impl IntoIterator<Item = &'a Resource>) -> Result<Self, AlarmError> {
        let mut waiting: Vec<Alarm> = Vec::new();
        for resource in resources {
            let Some(alarm) = read::alarm(resource)? else { continue };
            if waiting.iter().any(|other| other.name == alarm.name) {
                return Err(AlarmError::Duplicate { location: alarm.location, name: alarm.name });
            }
            waiting.push(alarm);
        }
        for alarm in &waiting {
            let known = |name: &&str| waiting.iter().any(|other| other.name == *name);
            if let Some(unknown) = looked_at(alarm).into_iter().find(|name| !known(name)) {
                let location = alarm.location.member("Properties").member("AlarmRule");
                return Err(AlarmError::UnknownAlarm { location, name: unknown.to_owned() });
            }
        }
        let mut alarms: Vec<Alarm> = Vec::new();
        while !waiting.is_empty() {
            let ready = |alarm: &Alarm| {
                looked_at(alarm).into_iter().all(|name| alarms.iter().any(|known| known.name == name))
            };
            let Some(index) = waiting.iter().position(ready) else {
                return Err(AlarmError::Circular { location: waiting.swap_remove(0).location });
            };
            alarms.push(waiting.remove(index));
        }
        Ok(Self { alarms })
    }

    /// The alarms, composite ones after those that they look at.
    pub fn iter(&self) -> impl Iterator<Item = &Alarm> {
        self.alarms.iter()
    }

    /// The alarm of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Alarm> {
        self.alarms.iter().find(|alarm| alarm.name == name)
    }

    /// The alarm of this name with all that it looks at, directly or not.
    #[must_use]
    pub fn closure(&self, name: &str) -> Self {
        let mut wanted = vec![name.to_owned()];
        let mut alarms: Vec<Alarm> = Vec::new();
        for alarm in self.alarms.iter().rev() {
            if wanted.contains(&alarm.name) {
                wanted.extend(looked_at(alarm).into_iter().map(str::to_owned));
                alarms.push(alarm.clone());
            }
        }
        alarms.reverse();
        Self { alarms }
    }
}

fn looked_at(alarm: &Alarm) -> Vec<&str> {
    match &alarm.kind {
        Kind::Composite(rule) => rule.alarms(),
        Kind::Metric(_) => Vec::new(),
    }
}

/// An alarm entering another state.
#[derive(Clone, Debug, PartialEq)]
pub struct Transition {
    /// Which alarm.
    pub alarm: String,
    /// When.
    pub at: Timestamp,
    /// Out of which state.
    pub from: State,
    /// Into which state.
    pub to: State,
    /// Why.
    pub reason: String,
}

/// The states of a set's alarms as time goes on.
#[derive(Clone, Debug, Default)]
pub struct Evaluator {
    set: AlarmSet,
    states: BTreeMap<String, State>,
    /// When the alarms were first evaluated, which counts as their creation.
    created: Option<Timestamp>,
}

impl Evaluator {
    /// All alarms just created: each is in `INSUFFICIENT_DATA`.
    #[must_use]
    pub fn new(set: AlarmSet) -> Self {
        Self { set, ..Self::default() }
    }

    /// The alarms.
    #[must_use]
    pub fn set(&self) -> &AlarmSet {
        &self.set
    }

    /// The state of an alarm now.
    #[must_use]
    pub fn state(&self, name: &str) -> State {
        self.states.get(name).copied().unwrap_or(State::InsufficientData)
    }

    /// Sets the state of an alarm, which the next evaluation may change again; `None` for one that does not exist or is in
    /// that state already.
    pub fn set_state(&mut self, name: &str, to: State, reason: &str, at: Timestamp) -> Option<Transition> {
        let alarm = self.set.get(name)?.name.clone();
        let from = self.state(name);
        self.states.insert(alarm.clone(), to);
        (from != to).then(|| Transition { alarm, at, from, to, reason: reason.to_owned() })
    }

    /// Evaluates every alarm at `now`, and returns the transitions.
    ///
    /// # Errors
    /// An expression that cannot be evaluated; reading the set excludes it.
    pub fn tick(&mut self, store: &MetricStore, now: Timestamp) -> Result<Vec<Transition>, MathError> {
        let created = *self.created.get_or_insert(now);
        let mut transitions = Vec::new();
        for alarm in &self.set.alarms {
            let state = |name: &str| self.states.get(name).copied().unwrap_or(State::InsufficientData);
            let from = state(&alarm.name);
            let (to, reason) = match &alarm.kind {
                Kind::Metric(metric) if metric.warms_up(store, now, created)? => (from, None),
                Kind::Metric(metric) => {
                    let verdict = metric.evaluate(store, now, from)?;
                    (verdict.state, (verdict.state != from).then(|| metric.explain(&verdict)))
                }
                Kind::Composite(rule) => {
                    let to = if rule.holds(&state) { State::Alarm } else { State::Ok };
                    (to, (to != from).then(|| looked_at_states(alarm, &state)))
                }
            };
            if let Some(reason) = reason {
                transitions.push(Transition { alarm: alarm.name.clone(), at: now, from, to, reason });
                self.states.insert(alarm.name.clone(), to);
            }
        }
        Ok(transitions)
    }
}

fn looked_at_states(alarm: &Alarm, state: &impl Fn(&str) -> State) -> String {
    let each: Vec<String> =
        looked_at(alarm).into_iter().map(|name| format!("{name} is {}", state(name))).collect();
    each.join(", ")
}
