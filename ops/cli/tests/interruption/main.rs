//! The built program on the real engine, interrupted: nothing of it lives on, and the next start works.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step of a helper fails the test"
)]

mod dead_letters;
mod disk;
mod ended;
mod first;
mod installing;
mod neighbours;
mod phases;
mod processes;
mod run;
mod uploads;
