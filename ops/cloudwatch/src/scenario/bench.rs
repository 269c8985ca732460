//! Test bench: the alarms of templates and parameters, and the tests that are run on them.

use std::collections::BTreeMap;

use super::file::Test;
use super::{Entry, Minutes, timeline};
use crate::alarm::{AlarmError, AlarmSet, Evaluator, State};
use crate::datapoint::{Datapoint, Resolution, Unit};
use crate::location::Location;
use crate::math::MathError;
use crate::store::MetricStore;
use crate::template::{Inputs, Resource, Template, TemplateError};
use crate::time::Timestamp;

/// When every test begins: a midnight, so that periods of any length begin with it. 2026-01-01.
const START_MILLIS: i64 = 1_767_225_600_000;
const MINUTE_MILLIS: i64 = 60_000;

/// The alarms that tests are run on.
#[derive(Clone, Debug)]
pub struct Bench {
    templates: Vec<Template>,
    parameters: BTreeMap<String, String>,
}

/// A test that cannot be run, which is not the same as one that fails.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// A template does not resolve.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// An alarm cannot be evaluated.
    #[error(transparent)]
    Alarm(#[from] AlarmError),
    /// A test names an alarm that no template has.
    #[error("{location}: there is no alarm `{name}`")]
    UnknownAlarm {
        /// Which test.
        location: Location,
        /// The name.
        name: String,
    },
    /// A test gives a parameter that no template has.
    #[error("{location}: no template has a parameter `{name}`")]
    UnknownParameter {
        /// Which test.
        location: Location,
        /// The name.
        name: String,
    },
    /// A test fails already on the alarms as they are, so that it would notice every change.
    #[error("{location}: the test fails on the alarms as they are")]
    Fails {
        /// Which test.
        location: Location,
    },
    /// An expression failed on the data.
    #[error("{location}: an expression failed")]
    Math {
        /// Which test.
        location: Location,
        /// How.
        source: MathError,
    },
}

/// What was claimed and what was seen instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}\n       but saw {seen}")]
pub struct Mismatch {
    /// What was claimed.
    pub expected: String,
    /// What was seen.
    pub seen: String,
}

impl Bench {
    /// A bench with these templates; each takes those of the parameters that it declares.
    #[must_use]
    pub fn new(templates: Vec<Template>, parameters: BTreeMap<String, String>) -> Self {
        Self { templates, parameters }
    }

    /// The resources of all templates, with a test's own parameters.
    ///
    /// # Errors
    /// A template that does not resolve, and a parameter that no template has.
    pub fn resources(&self, test: &Test) -> Result<Vec<Resource>, BenchError> {
        let known: Vec<&str> = self.templates.iter().flat_map(Template::parameters).collect();
        if let Some(unknown) = test.parameters.keys().find(|name| !known.contains(&name.as_str())) {
            let (location, name) = (test.location.clone(), unknown.clone());
            return Err(BenchError::UnknownParameter { location, name });
        }
        self.resolved(&test.parameters)
    }

    /// The alarms of all templates with the bench's own parameters.
    ///
    /// # Errors
    /// Templates that do not resolve and alarms that cannot be evaluated.
    pub fn alarms(&self) -> Result<(Vec<Resource>, AlarmSet), BenchError> {
        let resources = self.resolved(&BTreeMap::new())?;
        let alarms = AlarmSet::read(&resources)?;
        Ok((resources, alarms))
    }

    fn resolved(&self, own: &BTreeMap<String, String>) -> Result<Vec<Resource>, BenchError> {
        let mut resources = Vec::new();
        for template in &self.templates {
            let given = template.parameters().filter_map(|name| {
                let value = own.get(name).or_else(|| self.parameters.get(name))?;
                Some((name.to_owned(), value.clone()))
            });
            let inputs = Inputs {
                parameters: given.collect(),
                region: "ap-northeast-1".to_owned(),
                account_id: "123456789012".to_owned(),
            };
            resources.extend(template.resolve(&inputs)?);
        }
        Ok(resources)
    }

    /// Runs a test; `None` when all that it claims is so.
    ///
    /// # Errors
    /// A test that cannot be run.
    pub fn run(&self, test: &Test) -> Result<Option<Mismatch>, BenchError> {
        let alarms = AlarmSet::read(&self.resources(test)?)?;
        if let Some(mismatch) = states(&alarms, test)? {
            return Ok(Some(mismatch));
        }
        rings(&alarms, test)
    }
}

/// Whether the alarm's timeline is as claimed.
fn states(alarms: &AlarmSet, test: &Test) -> Result<Option<Mismatch>, BenchError> {
    let Some((name, expected)) = &test.states else { return Ok(None) };
    let mut seen = Vec::new();
    replay(alarms, test, name, |entry| {
        seen.push(entry);
        true
    })?;
    let described = |entries: &[Entry]| match entries {
        [] => "no state but INSUFFICIENT_DATA".to_owned(),
        entries => timeline(entries),
    };
    let mismatch = || Mismatch { expected: described(expected), seen: described(&seen) };
    Ok((seen != *expected).then(mismatch))
}

/// Whether the alarm's timeline is as claimed, stopping where it no longer is.
pub(super) fn agrees(alarms: &AlarmSet, test: &Test) -> Result<bool, BenchError> {
    let Some((name, expected)) = &test.states else { return Ok(true) };
    let mut left = expected.iter();
    let mut agrees = true;
    replay(alarms, test, name, |entry| {
        agrees = left.next() == Some(&entry);
        agrees
    })?;
    Ok(agrees && left.next().is_none())
}

/// Replays a test, and calls `on_entry` with each state that the alarm enters until that returns false.
fn replay(
    alarms: &AlarmSet,
    test: &Test,
    name: &str,
    mut on_entry: impl FnMut(Entry) -> bool,
) -> Result<(), BenchError> {
    let alarms = alarms.closure(name);
    if alarms.get(name).is_none() {
        return Err(BenchError::UnknownAlarm { location: test.location.clone(), name: name.to_owned() });
    }
    let store = store(test);
    let mut evaluator = Evaluator::new(alarms);
    for minute in 1..=test.length.0 {
        let transitions = evaluator.tick(&store, at(minute)).map_err(|source| math(test, source))?;
        let entered = transitions.into_iter().find(|transition| transition.alarm == name);
        if entered.is_some_and(|entered| !on_entry(Entry { at: Minutes(minute), state: entered.to })) {
            return Ok(());
        }
    }
    Ok(())
}

/// Whether exactly the alarms ring that are claimed to.
fn rings(alarms: &AlarmSet, test: &Test) -> Result<Option<Mismatch>, BenchError> {
    let Some(expected) = &test.rings else { return Ok(None) };
    if let Some(unknown) = expected.iter().find(|name| alarms.get(name).is_none()) {
        return Err(BenchError::UnknownAlarm { location: test.location.clone(), name: unknown.clone() });
    }
    let store = store(test);
    let mut evaluator = Evaluator::new(alarms.clone());
    let mut seen: Vec<String> = Vec::new();
    for minute in 1..=test.length.0 {
        let transitions = evaluator.tick(&store, at(minute)).map_err(|source| math(test, source))?;
        let ringing = transitions.into_iter().filter(|transition| {
            let actions = alarms.get(&transition.alarm).map(|alarm| alarm.actions.on(State::Alarm));
            transition.to == State::Alarm && actions.is_some_and(|actions| !actions.is_empty())
        });
        seen.extend(ringing.map(|transition| transition.alarm));
    }
    seen.sort_unstable();
    seen.dedup();
    let mut wanted = expected.clone();
    wanted.sort_unstable();
    let described = |names: &[String]| match names {
        [] => "no alarm to ring".to_owned(),
        names => format!("to ring: {}", names.join(", ")),
    };
    Ok((seen != wanted).then(|| Mismatch { expected: described(&wanted), seen: described(&seen) }))
}

fn store(test: &Test) -> MetricStore {
    let mut store = MetricStore::new();
    for (metric, written) in &test.series {
        for (index, values) in written.intervals.iter().enumerate() {
            let Some(values) = values else { continue };
            let minute = i64::try_from(index).unwrap_or(i64::MAX).saturating_mul(written.every.0);
            store.put(Datapoint {
                metric: metric.clone(),
                timestamp: at(minute),
                unit: Unit::None,
                values: values.clone(),
                resolution: Resolution::Standard,
            });
        }
    }
    store
}

fn at(minute: i64) -> Timestamp {
    Timestamp::from_millis(START_MILLIS + minute * MINUTE_MILLIS)
}

fn math(test: &Test, source: MathError) -> BenchError {
    BenchError::Math { location: test.location.clone(), source }
}
