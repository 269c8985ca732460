//! The whole pipeline on the real engine: what users, intruders and faults do, and what is left afterwards.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed step of a helper fails the test"
)]

mod browser;
mod bucket_totals;
mod clients;
mod cloudwatch;
mod cors;
mod crashes;
mod crowd;
mod doors;
mod drills;
mod faults;
mod formats;
mod harness;
mod identity;
mod insights;
mod item;
mod ledger;
mod listing;
mod load;
mod many_users;
mod memory;
mod mfa;
mod numbers;
mod picture;
mod poison;
mod presigned;
mod previous_release;
mod privilege;
mod processes;
mod protocol;
mod queue;
mod release;
mod requests;
mod required_length;
mod runbooks;
mod sign_up;
mod slow_clients;
mod soak;
mod stacks;
mod status;
mod switches;
mod throttling;
mod tokens;
mod traces;
mod truth;
mod upgrade;
mod uploader;
mod urls;
mod users;
mod xray;
