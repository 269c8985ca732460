//! The engine, real: how it is installed, started, stopped and deployed to.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed step of a helper fails the test")]

mod deploy;
mod doors;
mod drift;
mod event_source_mappings;
mod flow;
mod install;
mod lab;
mod platform_events;
mod process;
mod queue_age;
mod queues;
mod restart;
mod roles;
mod script;
mod stack;
mod user_pools;
