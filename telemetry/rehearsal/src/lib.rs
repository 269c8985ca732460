//! A rehearsal stage for Lambda functions: the binary runs as a process of its own against real sockets.
//!
//! [`Stage`] serves Lambda's Runtime API, and its Extensions API if asked to; [`Collector`] takes OTLP over
//! HTTP and answers as badly as wanted; [`Daemon`] takes the datagrams meant for the X-Ray daemon. No
//! runtime, no framework: a thread per connection, so that what is measured is the function.

mod collector;
mod daemon;
mod wire;

mod stage;

pub use collector::{Collector, OK};
pub use daemon::Daemon;
pub use stage::{Answer, Extensions, Invocation, Scene, Stage};
pub use wire::Request;
