//! Turns each uploaded image into a thumbnail, an item and a notification.
//!
//! Reading order: [`handler`] takes a batch apart, [`notification`] reads a message, [`process`] takes
//! one upload through claim, work, record and notification, [`item`] decides who may write.

pub mod aws;
pub mod config;
pub mod error;
pub mod events;
pub mod handler;
pub mod identity;
pub mod item;
pub mod notification;
pub mod process;
pub mod retry;
pub mod stage;
pub mod store;
mod work;
