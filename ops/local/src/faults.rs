//! Fault injection: a proxy between the functions and the engine refuses, cuts or delays calls on demand.
//!
//! - `rule` what goes wrong with which calls; `share` rules by which a share of all calls fails
//! - `call` which AWS API call a request is
//! - `processes` the engine's, all together; `caller` which of them made a call
//! - `proxy` passes on what no rule is about; `broken` is a body that breaks off
//! - `leases` rules that other processes put into force, and what is undone when such a process ends; `holder` is
//!   that process's side
//!
//! Without rules it changes nothing: requests keep their `Host`, so signatures hold, and bodies are
//! streamed.

mod broken;
mod call;
mod caller;
mod holder;
pub mod leases;
mod processes;
mod proxy;
mod rule;
mod share;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

pub use call::ApiCall;
pub use holder::{HeldLease, LeaseError};
pub use processes::{Processes, StrikeError};
pub use proxy::{Proxy, Proxying};
pub use rule::{InjectedFault, Rule};

/// The rules of one proxy; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    rules: Arc<Mutex<Vec<Armed>>>,
    /// Changes with each call that is struck.
    news: Arc<watch::Sender<()>>,
}

/// A rule in force; dropping it ends the rule and lets held calls go.
#[derive(Debug)]
pub struct Strike {
    faults: Faults,
    state: watch::Sender<State>,
}

/// How far a rule got.
#[derive(Clone, Debug, Default)]
struct State {
    struck: usize,
    failed: Option<Arc<StrikeError>>,
    over: bool,
}

#[derive(Debug)]
pub(crate) struct Armed {
    rule: Rule,
    seen: usize,
    state: watch::Sender<State>,
    news: Arc<watch::Sender<()>>,
}

/// One call that a rule strikes.
#[derive(Debug)]
pub(crate) struct Hit {
    fault: InjectedFault,
    state: watch::Sender<State>,
    news: Arc<watch::Sender<()>>,
}

impl Faults {
    /// Puts a rule into force; of several that would strike a call, the oldest does.
    #[must_use]
    pub fn strike(&self, rule: Rule) -> Strike {
        let state = watch::Sender::default();
        let news = Arc::clone(&self.news);
        self.lock().push(Armed { rule, seen: 0, state: state.clone(), news });
        Strike { faults: self.clone(), state }
    }

    /// Changes with each call that is struck.
    fn news(&self) -> watch::Receiver<()> {
        self.news.subscribe()
    }

    /// What happens to a call; `None` when it passes.
    pub(crate) fn hit(&self, call: &ApiCall) -> Option<Hit> {
        self.lock().iter_mut().filter(|armed| armed.rule.is_about(call)).find_map(Armed::meet)
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Vec<Armed>> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Armed {
    /// Counts a call that the rule is about; the hit, if it is one of those to be struck.
    fn meet(&mut self) -> Option<Hit> {
        if !happens(self.rule.probability) {
            return None;
        }
        let struck = self.rule.after..self.rule.after.saturating_add(self.rule.times);
        let number = self.seen;
        self.seen += 1;
        let hit = || Hit {
            fault: self.rule.fault.clone(),
            state: self.state.clone(),
            news: Arc::clone(&self.news),
        };
        struck.contains(&number).then(hit)
    }
}

/// Whether what has this probability happens; without randomness it never does.
fn happens(probability: f64) -> bool {
    probability >= 1.0
        || getrandom::u32().is_ok_and(|drawn| f64::from(drawn) < probability * f64::from(u32::MAX))
}

impl Strike {
    /// How many calls were struck so far.
    #[must_use]
    pub fn count(&self) -> usize {
        self.state.borrow().struck
    }

    /// Why a call that was to be struck was not.
    fn failure(&self) -> Option<Arc<StrikeError>> {
        self.state.borrow().failed.clone()
    }

    /// Waits until `count` calls were struck; a held call counts from its begin.
    ///
    /// # Errors
    ///
    /// When a call was to be struck and could not be.
    pub async fn struck(&self, count: usize) -> Result<(), Arc<StrikeError>> {
        let mut state = self.state.subscribe();
        let reached = state.wait_for(|state| state.struck >= count || state.failed.is_some()).await;
        // The sender is ours, so the channel cannot close.
        reached.ok().and_then(|state| state.failed.clone()).map_or(Ok(()), Err)
    }
}

impl Drop for Strike {
    fn drop(&mut self) {
        self.state.send_modify(|state| state.over = true);
        self.faults.lock().retain(|armed| !armed.state.same_channel(&self.state));
    }
}

impl Hit {
    pub(crate) fn happened(&self) {
        self.state.send_modify(|state| state.struck += 1);
        self.news.send_replace(());
    }

    fn failed(&self, error: StrikeError) {
        self.state.send_modify(|state| state.failed = Some(Arc::new(error)));
        self.news.send_replace(());
    }

    /// Waits until the rule is over.
    async fn over(&self) {
        self.state.subscribe().wait_for(|state| state.over).await.ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(operation: &str, subject: &str) -> ApiCall {
        ApiCall { service: "s3".into(), operation: operation.into(), subject: subject.into() }
    }

    fn strikes(faults: &Faults, call: &ApiCall) -> Vec<bool> {
        (0..4).map(|_| faults.hit(call).is_some()).collect()
    }

    #[test]
    fn rule_strikes_as_often_as_it_says_after_as_many_as_it_says() {
        let faults = Faults::default();
        let rule = Rule { after: 1, times: 2, ..Rule::next("s3", "PutObject", "", InjectedFault::Drop) };
        let _strike = faults.strike(rule);
        assert_eq!(strikes(&faults, &call("PutObject", "/b/k")), [false, true, true, false]);
    }

    #[test]
    fn rule_of_no_service_is_about_all_and_one_of_no_probability_strikes_nothing() {
        let faults = Faults::default();
        let never = Rule { times: 9, probability: 0.0, ..Rule::next("", "", "", InjectedFault::Drop) };
        let _never = faults.strike(never.clone());
        assert_eq!(strikes(&faults, &call("PutObject", "/b/k")), [false; 4]);
        let half = faults.strike(Rule { times: usize::MAX, probability: 0.5, ..never });
        let struck = (0..1_000).filter(|_| faults.hit(&call("GetObject", "/b/k")).is_some()).count();
        assert!((350..650).contains(&struck), "{struck} of 1000 at one half");
        drop(half);
    }

    #[test]
    fn rule_that_has_struck_enough_leaves_calls_to_the_next() {
        let faults = Faults::default();
        let first = faults.strike(Rule::next("s3", "PutObject", "", InjectedFault::Drop));
        let second = faults.strike(Rule::next("s3", "PutObject", "", InjectedFault::Hold));
        let hits: Vec<Option<InjectedFault>> =
            (0..3).map(|_| faults.hit(&call("PutObject", "/b/k")).map(|hit| hit.fault)).collect();
        assert_eq!(hits, [Some(InjectedFault::Drop), Some(InjectedFault::Hold), None]);
        drop((first, second));
    }

    #[test]
    fn rule_is_about_its_operation_and_subject_only_and_ends_with_its_handle() {
        let faults = Faults::default();
        let strike = faults.strike(Rule::next("s3", "PutObject", "/b/", InjectedFault::Hold));
        assert!(faults.hit(&call("GetObject", "/b/k")).is_none());
        assert!(faults.hit(&call("PutObject", "/c/k")).is_none());
        drop(strike);
        assert!(faults.hit(&call("PutObject", "/b/k")).is_none());
    }
}
