//! Drills on a running local stack: a fault is injected, its alarm must ring in time and no other, the runbook's step
//! ends it, and then every upload is accounted for.
//!
//! Reading order:
//! - [`mod@file`] a drill as `alarms/drills/NAME.json` states it
//! - [`runner`] runs one from a stack that is well to a stack that is well; [`series`] several
//! - `traffic` what users and others send meanwhile; `switch` what an operator could have switched off; [`consumer`]
//!   one of these, for whoever breaks the stack by hand
//! - [`neighbour`] a second stack beside it, which dies
//! - `alarms`, `queues`, `account` what is seen: alarms by the metrics' clock, messages, the end of each upload
//! - [`report`] all drills as a table, as JSON and as Markdown

mod account;
mod alarms;
pub mod consumer;
mod error;
pub mod file;
pub mod neighbour;
mod queues;
pub mod report;
pub mod runner;
pub mod series;
mod switch;
mod traffic;

pub use error::DrillError;
