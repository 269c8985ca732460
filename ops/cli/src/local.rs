//! The local stack: commands that only it has, and the client by which others read it. Nothing outside this folder names
//! the crate `local_stack`, so that what works on AWS needs no engine (held by `tests/cli/rooms.rs`).
//!
//! - `console` finds the running stack, and reads its console
//! - `up`, `verify`, `upload`, `trace`, `env` the commands
//! - `photos`, `report` what `up` and `verify` share: the photos, and what was seen of them

pub(crate) mod console;
pub(crate) mod env;
mod failure;
mod photos;
mod report;
pub(crate) mod trace;
pub(crate) mod up;
pub(crate) mod upload;
pub(crate) mod verify;

pub(crate) use failure::LocalFailure;
