//! Leases: rules that another process puts into force for as long as its connection lasts, and what is undone after it.
//!
//! However that process ends, the kernel closes its connection, so a stack is never left broken by one that was killed.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_client::{Aws, AwsError, chain};
use http::Method;
use pipeline_client::guest::{Guest, StackUser};
use pipeline_client::inbox::Inbox;
use pipeline_client::stack::DeployedStack;
use pipeline_client::user::User;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::watch;

use super::{Faults, Rule, Strike};

/// What a process asks for.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// Rules in force until the lease ends.
    #[serde(default)]
    pub rules: Vec<Rule>,
    /// What is done when the lease ends, in this order.
    #[serde(default)]
    pub undo: Vec<Action>,
}

/// One thing that is done to a stack.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum Action {
    /// A call of the JSON protocol, such as `EventBridge`'s.
    Json {
        /// The service as signatures name it.
        service: String,
        /// The header `X-Amz-Target`.
        target: String,
        /// The request.
        body: Value,
    },
    /// A call of a REST protocol with a JSON body, such as Lambda's.
    Rest {
        /// The service as signatures name it.
        service: String,
        /// The HTTP method.
        method: String,
        /// The path, with its query.
        path: String,
        /// The request; null for none.
        #[serde(default)]
        body: Value,
    },
    /// Removes a temporary user with everything that they uploaded, and their inbox.
    Guest {
        /// The stack's name in CloudFormation.
        stack: String,
        /// The user.
        user: User,
        /// The queue that was subscribed for them.
        inbox: Inbox,
    },
}

/// A lease as its holder sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Names the lease.
    pub lease: u64,
    /// How many calls each rule has struck.
    pub struck: Vec<usize>,
    /// Why calls that were to be struck were not.
    pub failures: Vec<String>,
}

/// What became of the undoing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// How many calls each rule has struck.
    pub struck: Vec<usize>,
    /// What could not be undone, one sentence each.
    pub problems: Vec<String>,
}

/// All leases of a stack; cheap to clone.
#[derive(Clone)]
pub(crate) struct Leases {
    faults: Faults,
    aws: Aws,
    held: Arc<Mutex<BTreeMap<u64, Held>>>,
}

impl fmt::Debug for Leases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Leases").field("held", &self.lock().len()).finish_non_exhaustive()
    }
}

struct Held {
    strikes: Vec<Strike>,
    undo: Vec<Action>,
    /// Dropped when the lease ends.
    _end: watch::Sender<()>,
}

/// A lease in force; dropping it ends the lease and undoes what there is to undo.
#[derive(Debug)]
pub(crate) struct Lease {
    leases: Leases,
    id: u64,
    news: watch::Receiver<()>,
    end: watch::Receiver<()>,
}

impl Leases {
    /// No leases yet.
    pub(crate) fn new(faults: Faults, aws: Aws) -> Self {
        Self { faults, aws, held: Arc::default() }
    }

    /// Whether any lease is in force.
    pub(crate) fn is_any_held(&self) -> bool {
        !self.lock().is_empty()
    }

    /// Puts the rules of an order into force.
    pub(crate) fn open(&self, order: Order) -> Lease {
        let news = self.faults.news();
        let strikes = order.rules.into_iter().map(|rule| self.faults.strike(rule)).collect();
        let (sender, end) = watch::channel(());
        let mut held = self.lock();
        let id = held.last_key_value().map_or(1, |(last, _)| last + 1);
        held.insert(id, Held { strikes, undo: order.undo, _end: sender });
        Lease { leases: self.clone(), id, news, end }
    }

    /// Ends a lease, and undoes what there is to undo; `None` when there is no such lease any more.
    pub(crate) async fn end(&self, id: u64, undoing: bool) -> Option<Ended> {
        let Held { strikes, undo, .. } = self.take(id)?;
        let mut ended = Ended { struck: counts(&strikes), problems: Vec::new() };
        drop(strikes);
        for action in undo.into_iter().filter(|_| undoing) {
            ended.problems.extend(action.run(&self.aws).await);
        }
        Some(ended)
    }

    fn take(&self, id: u64) -> Option<Held> {
        self.lock().remove(&id)
    }

    fn standing(&self, id: u64) -> Option<Standing> {
        let held = self.lock();
        let Held { strikes, .. } = held.get(&id)?;
        let failures = strikes.iter().filter_map(Strike::failure).map(|error| chain(&*error));
        Some(Standing { lease: id, struck: counts(strikes), failures: failures.collect() })
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn counts(strikes: &[Strike]) -> Vec<usize> {
    strikes.iter().map(Strike::count).collect()
}

impl Lease {
    /// How the lease stands; `None` once it has ended.
    pub(crate) fn standing(&self) -> Option<Standing> {
        self.leases.standing(self.id)
    }

    /// Waits until a call was struck, or the lease has ended.
    pub(crate) async fn changed(&mut self) {
        tokio::select! {
            _ = self.news.changed() => {}
            _ = self.end.changed() => {}
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let (leases, id) = (self.leases.clone(), self.id);
        // At the end of the whole stack there is no runtime any more, and nothing to undo.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { leases.end(id, true).await });
        }
    }
}

impl Action {
    /// Does it; answers what could not be done, one sentence each.
    pub async fn run(self, aws: &Aws) -> Vec<String> {
        let failed = |what: &str, result: Result<(), AwsError>| {
            result.err().map(|error| format!("{what}: {}", chain(&error))).into_iter().collect()
        };
        match self {
            Self::Json { service, target, body } => {
                failed(&target, aws.json(&service, &target, body).await.map(drop))
            }
            Self::Rest { service, method, path, body } => {
                let Ok(named) = method.parse::<Method>() else { return vec![format!("{method} {path}")] };
                let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
                failed(
                    &format!("{method} {path}"),
                    aws.rest(&service, named, &path, body, &[]).await.map(drop),
                )
            }
            Self::Guest { stack, user, inbox } => match DeployedStack::describe(aws.clone(), &stack).await {
                Ok(stack) => Guest { client: StackUser { stack, user }, inbox }.remove(&[]).await,
                Err(error) => vec![format!("the user {} is left: {}", user.sub, chain(&error))],
            },
        }
    }
}
