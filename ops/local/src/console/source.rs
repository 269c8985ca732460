//! Source of the console's answers: the observer, the stack and its APIs, and what is public of them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use aws_client::Aws;
use serde::Serialize;

use crate::faults::Faults;
use crate::faults::leases::Leases;
use crate::observe::Observer;
use crate::stack::StackInfo;

/// What pages and API answer from.
#[derive(Clone, Debug)]
pub struct Source {
    /// What is seen of the stack.
    pub observer: Observer,
    /// A signed client of its APIs.
    pub aws: Aws,
    /// The stack itself; it holds a key and a password, which no answer may.
    pub info: StackInfo,
    /// Where presigned URLs lead: functions take it for the address of AWS.
    pub presigned: String,
    /// The repository, with its runbooks, drills and dashboards.
    pub root: PathBuf,
    /// What goes wrong on purpose, and until when.
    pub(crate) leases: Leases,
}

impl Source {
    /// A source whose stack has no proxy in front of it, started here.
    #[must_use]
    pub fn of(observer: Observer, info: &StackInfo, faults: Faults) -> Self {
        let aws = info.aws();
        let leases = Leases::new(faults, aws.clone());
        Self { observer, aws, presigned: info.endpoint.clone(), root: ".".into(), info: info.clone(), leases }
    }

    /// Whether a drill has faults in force.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.leases.is_any_held()
    }

    /// What everybody who can reach the console may know of the stack.
    pub(super) fn public(&self) -> Public<'_> {
        let StackInfo { name, endpoint, console, region, user, outputs, .. } = &self.info;
        Public { name, endpoint, console, region, user: &user.email, outputs }
    }
}

/// The stack without its key and password.
#[derive(Debug, Serialize)]
pub(super) struct Public<'a> {
    name: &'a str,
    endpoint: &'a str,
    console: &'a str,
    region: &'a str,
    user: &'a str,
    outputs: &'a BTreeMap<String, String>,
}
