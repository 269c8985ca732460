//! Reports the size and the number of objects of each bucket.

pub mod config;
pub mod error;
pub mod events;
pub mod handler;
pub mod lanes;
mod ranges;
mod shape;
mod split;
pub mod store;
pub mod usage;
