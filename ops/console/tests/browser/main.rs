//! The console in a real browser: on a real stack where something happens, on made-up data where pages are looked at.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a failed step of a helper fails the test"
)]

mod axe;
#[path = "../../examples/console/made_up/mod.rs"]
mod made_up;
mod outage;
mod pages;
mod quiet;
mod reload;
mod screenshots;
mod shift;
mod stack;
mod tabs;
mod upload;
