//! The engine, real: how it is installed, started, stopped and deployed to.
#![expect(clippy::unwrap_used, reason = "a failed step of a helper fails the test")]

mod install;
mod process;
mod script;
