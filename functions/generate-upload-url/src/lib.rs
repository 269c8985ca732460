//! Answers a signed-in user with a presigned URL for one upload.

pub mod config;
pub mod content_type;
pub mod error;
pub mod events;
pub mod handler;
pub mod upload_url;
