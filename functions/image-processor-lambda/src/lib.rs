//! Turns each uploaded image into a thumbnail, an item and a notification.
//!
//! Reading order: [`handler`] takes a batch apart, [`sequence`] orders its messages, [`process`] takes one upload through
//! claim, work, record and notification, which each write through its [`attempt`]; [`condition`] decides who may write.

pub mod app;
pub mod attempt;
pub mod aws;
mod claim;
pub mod condition;
pub mod config;
pub mod error;
pub mod events;
pub mod handler;
pub mod process;
mod render;
pub mod retry;
pub mod sequence;
pub mod stage;
pub mod store;
