//! Emulates Lambda around a function that runs as a process of its own, over real sockets.
//!
//! [`RuntimeApi`] serves Lambda's Runtime API, and its Extensions API if asked to; [`Collector`] receives OTLP over
//! HTTP, behind TLS with a certificate of an [`Authority`] too, and answers as each test wants, well or badly; [`XrayDaemon`] receives the datagrams for the X-Ray daemon.
//! There is no async runtime and no framework, only a thread for each connection, so that benches measure the
//! function.

mod authority;
mod collector;
mod connection;
mod runtime_api;
mod xray_daemon;

pub use authority::{Authority, Identity};
pub use collector::{Collector, OK};
pub use connection::Request;
pub use runtime_api::{Answer, Extensions, Invocation, Observed, RuntimeApi};
pub use xray_daemon::XrayDaemon;
