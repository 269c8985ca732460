//! Source of the console's answers: the observer, the stack's APIs, and what is public of the stack.

use std::collections::BTreeMap;

use aws_client::Aws;
use serde::Serialize;

use crate::faults::leases::Leases;
use crate::observe::Observer;

/// What the handlers answer from.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) observer: Observer,
    pub(super) aws: Aws,
    pub(super) stack: Public,
    pub(super) leases: Leases,
}

/// What everybody who can reach the console may know of the stack: no key, no password.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Public {
    pub(super) name: String,
    pub(super) endpoint: String,
    pub(super) console: String,
    pub(super) region: String,
    pub(super) user: String,
    pub(super) outputs: BTreeMap<String, String>,
}
