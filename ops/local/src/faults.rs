//! Fault injection: a proxy between the functions and the engine refuses, cuts or delays calls on demand.
//!
//! - `call` which AWS API call a request is
//! - `caller` which process made it
//! - `proxy` passes on what no rule is about
//!
//! Without rules it changes nothing: requests keep their `Host`, so signatures hold, and bodies are
//! streamed.

mod call;
mod caller;
mod proxy;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::StatusCode;
use tokio::sync::watch;

pub use call::ApiCall;
pub use caller::CallerError;
pub use proxy::{Proxy, Proxying};

/// The rules of one proxy; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    rules: Arc<Mutex<Vec<Armed>>>,
}

/// What goes wrong, with which calls, how often.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The service as signatures name it, such as `dynamodb`.
    pub service: &'static str,
    /// The API operation, such as `PutItem`.
    pub operation: &'static str,
    /// What the call's subject must contain, such as an image's id; empty for any.
    pub subject: String,
    /// How many calls pass before the first that is struck.
    pub after: usize,
    /// How many calls are struck.
    pub times: usize,
    /// What happens to them.
    pub fault: InjectedFault,
}

/// An injected fault: what happens to a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InjectedFault {
    /// The service answers no, in its own form; clients of the CBOR protocol see the status only.
    Refuse {
        /// The HTTP status.
        status: StatusCode,
        /// The error's code, such as `ThrottlingException`.
        code: &'static str,
    },
    /// The call takes this much longer.
    Delay(Duration),
    /// The call waits until the [`Strike`] is dropped, and is then made.
    Hold,
    /// The connection ends before the service hears of the call.
    Drop,
    /// The service does what it is asked, and the connection ends before the answer.
    Lose,
    /// The calling process is killed before the service hears of the call.
    KillBefore,
    /// The service does what it is asked, and the calling process is killed before the answer.
    KillAfter,
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
    failed: Option<Arc<CallerError>>,
    over: bool,
}

#[derive(Debug)]
struct Armed {
    rule: Rule,
    seen: usize,
    state: watch::Sender<State>,
}

/// One call that a rule strikes.
#[derive(Debug)]
struct Hit {
    fault: InjectedFault,
    state: watch::Sender<State>,
}

impl Rule {
    /// Strikes the next call of an operation about a subject.
    #[must_use]
    pub fn next(service: &'static str, operation: &'static str, subject: &str, fault: InjectedFault) -> Self {
        Self { service, operation, subject: subject.to_owned(), after: 0, times: 1, fault }
    }

    fn is_about(&self, call: &ApiCall) -> bool {
        self.service == call.service
            && self.operation == call.operation
            && call.subject.contains(&self.subject)
    }
}

impl Faults {
    /// Puts a rule into force; of several that would strike a call, the oldest does.
    #[must_use]
    pub fn strike(&self, rule: Rule) -> Strike {
        let state = watch::Sender::default();
        self.lock().push(Armed { rule, seen: 0, state: state.clone() });
        Strike { faults: self.clone(), state }
    }

    /// What happens to a call; `None` when it passes.
    fn hit(&self, call: &ApiCall) -> Option<Hit> {
        self.lock().iter_mut().filter(|armed| armed.rule.is_about(call)).find_map(Armed::meet)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Armed>> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Armed {
    /// Counts a call that the rule is about; the hit, if it is one of those to be struck.
    fn meet(&mut self) -> Option<Hit> {
        let struck = self.rule.after..self.rule.after.saturating_add(self.rule.times);
        let number = self.seen;
        self.seen += 1;
        struck.contains(&number).then(|| Hit { fault: self.rule.fault.clone(), state: self.state.clone() })
    }
}

impl Strike {
    /// How many calls were struck so far.
    #[must_use]
    pub fn count(&self) -> usize {
        self.state.borrow().struck
    }

    /// Waits until `count` calls were struck; a held call counts from its begin.
    ///
    /// # Errors
    ///
    /// When a call was to be struck and could not be.
    pub async fn struck(&self, count: usize) -> Result<(), Arc<CallerError>> {
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
    fn happened(&self) {
        self.state.send_modify(|state| state.struck += 1);
    }

    fn failed(&self, error: CallerError) {
        self.state.send_modify(|state| state.failed = Some(Arc::new(error)));
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
