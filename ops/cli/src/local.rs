//! The local stack: commands that only it has, and the client by which others read it. Nothing outside this folder names
//! the crate `local_stack`, so that what works on AWS needs no engine (held by `tests/cli/rooms.rs`).
//!
//! - `console` finds the running stack, and reads its console
//! - `up`, `open`, `clock`, `env`, `load`, `drill` the commands

pub(crate) mod clock;
pub(crate) mod console;
pub(crate) mod drill;
pub(crate) mod env;
mod failure;
pub(crate) mod load;
pub(crate) mod open;
pub(crate) mod up;

pub(crate) use failure::LocalFailure;
/// A running stack, as its state file describes it.
pub(crate) use local_stack::stack::StackInfo as RunningInfo;
