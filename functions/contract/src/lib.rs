//! What functions, tools and front ends agree on, read and written in one place; no SDK.

pub mod image_id;
pub mod message;
pub mod s3_event;
