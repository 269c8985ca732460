//! Mutation tests: each alarm is made wrong, one property at a time, to see whether its tests notice.
//!
//! The operators: the threshold one unit of its last digit up and down; each other comparison; the period
//! doubled and halved; each other statistic; N and M one up and down; each other treatment of missing data;
//! each dimension dropped and changed; each number of an expression (and of a statistic's bounds) one unit up
//! and down; in a rule each AND against OR, each operand dropped, and each state asked for negated.

mod operators;
mod rules;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Mutex;
use std::thread;

use serde_json::{Map, Value};

use super::bench::{Bench, BenchError, agrees};
use super::file::{FileError, Test, shape, strings, texts};
use crate::alarm::AlarmSet;
use crate::location::Location;
use crate::template::Resource;

/// Changes the properties of an alarm; nothing where they have nothing to change.
type Change = Box<dyn Fn(&mut Map<String, Value>) + Send + Sync>;

/// An alarm made wrong in one way.
struct Mutant {
    id: String,
    alarm: String,
    what: String,
    change: Change,
}

/// The mutants that no test can notice, because they change nothing.
#[derive(Clone, Debug, Default)]
pub struct Equivalents(BTreeMap<(String, String), String>);

/// What a mutation check found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// How many alarms were made wrong.
    pub alarms: usize,
    /// Mutants that a test noticed.
    pub killed: usize,
    /// Mutants that are listed as equivalent, and that no test noticed.
    pub equivalent: usize,
    /// Mutants that CloudWatch itself would refuse.
    pub refused: usize,
    /// Mutants that no test noticed: alarm, and what was changed.
    pub survived: Vec<(String, String)>,
    /// Listed as equivalent, but noticed by a test or not existing.
    pub stale: Vec<(String, String)>,
}

impl Report {
    /// Whether every mutant is accounted for.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.survived.is_empty() && self.stale.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { alarms, killed, equivalent, refused, survived, stale } = self;
        let count = survived.len();
        write!(
            f,
            "{alarms} alarms: {killed} mutants killed, {equivalent} listed as equivalent, {refused} refused by \
             CloudWatch, {count} survived"
        )?;
        survived.iter().try_for_each(|(alarm, what)| write!(f, "\nsurvived: {alarm}: {what}"))?;
        stale.iter().try_for_each(|(alarm, what)| write!(f, "\nnot equivalent, but listed: {alarm}: {what}"))
    }
}

impl Equivalents {
    /// A list of `{"alarms": […], "mutants": […], "reason": "…"}`.
    ///
    /// # Errors
    /// Text that is no such list.
    pub fn read(file: &str, text: &str) -> Result<Self, FileError> {
        let location = Location::file(file);
        let document: Value = serde_json::from_str(text)
            .map_err(|source| FileError::Json { location: location.clone(), source })?;
        let groups = document.as_array().ok_or_else(|| shape(&location, "a list"))?;
        let mut listed = BTreeMap::new();
        for (index, group) in groups.iter().enumerate() {
            let at = location.index(index);
            let list = |name: &str| texts(group.get(name).unwrap_or(&Value::Null), &at.member(name));
            let reason = strings(&serde_json::json!({"reason": group.get("reason")}), &at)?;
            let reason = reason.get("reason").cloned().unwrap_or_default();
            for alarm in list("alarms")? {
                for mutant in list("mutants")? {
                    listed.insert((alarm.clone(), mutant), reason.clone());
                }
            }
        }
        Ok(Self(listed))
    }
}

/// Makes every alarm wrong in every way, and runs the tests that watch it.
///
/// # Errors
/// Tests that cannot be run, or fail, even on the alarms as they are.
pub fn check(bench: &Bench, tests: &[Test], equivalents: &Equivalents) -> Result<Report, BenchError> {
    let (resources, _) = bench.alarms()?;
    let mutants: Vec<Mutant> = resources.iter().flat_map(mutants).collect();
    let mut watches = Vec::new();
    for test in tests {
        watches.extend(Watch::of(bench, test)?);
    }
    let fates = fates(&mutants, &watches);

    let mut report = Report {
        alarms: mutants.iter().map(|mutant| &mutant.alarm).collect::<BTreeSet<_>>().len(),
        ..Report::default()
    };
    let mut unlisted: BTreeSet<&(String, String)> = equivalents.0.keys().collect();
    for (mutant, fate) in mutants.iter().zip(fates) {
        let key = (mutant.alarm.clone(), mutant.what.clone());
        let listed = unlisted.remove(&key);
        match fate {
            Fate::Killed if listed => report.stale.push(key),
            Fate::Killed => report.killed += 1,
            Fate::Survived if listed => report.equivalent += 1,
            Fate::Survived => report.survived.push(key),
            Fate::Refused => report.refused += 1,
        }
    }
    report.stale.extend(unlisted.into_iter().cloned());
    Ok(report)
}

#[derive(Clone, Copy)]
enum Fate {
    Killed,
    Survived,
    Refused,
}

/// A test with the resources that its alarm's state depends on, and no others.
struct Watch<'a> {
    test: &'a Test,
    resources: Vec<Resource>,
}

impl<'a> Watch<'a> {
    fn of(bench: &Bench, test: &'a Test) -> Result<Option<Self>, BenchError> {
        let Some((watched, _)) = &test.states else { return Ok(None) };
        let mut resources = bench.resources(test)?;
        let closure = AlarmSet::read(&resources)?.closure(watched);
        if !agrees(&closure, test)? {
            return Err(BenchError::Fails { location: test.location.clone() });
        }
        resources.retain(|resource| closure.iter().any(|alarm| alarm.id == resource.id));
        Ok(Some(Self { test, resources }))
    }
}

/// The fate of each mutant, found out by as many threads as the machine offers.
fn fates(mutants: &[Mutant], watches: &[Watch<'_>]) -> Vec<Fate> {
    let next = Mutex::new(mutants.iter().enumerate());
    let fates = Mutex::new(vec![Fate::Survived; mutants.len()]);
    let work = || {
        loop {
            let taken = next.lock().map(|mut next| next.next()).ok().flatten();
            let Some((index, mutant)) = taken else { return };
            let fate = fate(mutant, watches);
            if let Some(slot) = fates.lock().ok().as_mut().and_then(|fates| fates.get_mut(index)) {
                *slot = fate;
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    fates.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn fate(mutant: &Mutant, watches: &[Watch<'_>]) -> Fate {
    for Watch { test, resources } in watches {
        let mut changed = resources.clone();
        let Some(resource) = changed.iter_mut().find(|resource| resource.id == mutant.id) else { continue };
        (mutant.change)(&mut resource.properties);
        let Ok(alarms) = AlarmSet::read(&changed) else { return Fate::Refused };
        // An expression that fails on the data is noticed as well.
        if !agrees(&alarms, test).unwrap_or(false) {
            return Fate::Killed;
        }
    }
    Fate::Survived
}

fn mutants(resource: &Resource) -> Vec<Mutant> {
    let name = resource.properties.get("AlarmName").and_then(Value::as_str).unwrap_or_default();
    let changes = match resource.kind.as_str() {
        "AWS::CloudWatch::Alarm" => operators::changes(&resource.properties),
        "AWS::CloudWatch::CompositeAlarm" => rules::changes(&resource.properties),
        _ => Vec::new(),
    };
    let named = changes.into_iter().map(|(what, change)| Mutant {
        id: resource.id.clone(),
        alarm: name.to_owned(),
        what,
        change,
    });
    named.collect()
}
