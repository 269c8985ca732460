//! The console in a real browser: on a real stack where something happens, on made-up data where pages are looked at.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step of a helper fails the test"
)]

mod axe;
mod back;
mod dashboards;
mod drills;
mod driver;
mod keyboard;
mod logs;
#[path = "../../examples/console/made_up/mod.rs"]
mod made_up;
mod messages;
mod narrow;
mod news;
mod outage;
mod pages;
mod quiet;
mod recording;
mod reload;
mod scenes;
mod screenshots;
mod shift;
mod sign_up;
mod stack;
mod steps;
mod story;
mod tabs;
mod upload;
mod widgets;
