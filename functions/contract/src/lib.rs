//! What functions, tools and front ends agree on, read and written in one place; no SDK.
//!
//! Reading order: [`image_id`] names images, [`s3_event`] reads what S3 reports of uploads, [`queue_attributes`] what
//! our tools add to a message, [`item`] is the table's side, [`thumbnail_key`] the
//! processed bucket's and [`completion`] the topic's. [`http_api`] is what the functions behind the API have in common,
//! [`environment`] how functions read their variables.

pub mod completion;
pub mod environment;
pub mod http_api;
pub mod image_id;
pub mod item;
pub mod queue_attributes;
pub mod s3_event;
pub mod thumbnail_key;
pub mod time;
