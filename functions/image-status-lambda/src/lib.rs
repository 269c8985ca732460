//! Answers a signed-in user how an upload ended, with URLs of its thumbnails.

pub mod config;
pub mod error;
pub mod events;
pub mod handler;
pub mod image_status;
pub mod store;
pub mod thumbnail_url;
