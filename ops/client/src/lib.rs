//! A client of a deployed pipeline, on AWS and on the local stack alike.
//!
//! Reading order:
//! - [`stack`] a stack as CloudFormation describes it, and the [`Pipeline`](stack::Pipeline) that uploads go to
//! - [`user`] who uploads, and how they sign in
//! - [`upload`] ask for a URL, PUT the bytes, follow the image to its end
//! - [`evidence`] what the pipeline leaves behind: item, thumbnail, trace, notification
//! - [`verify`] the guide's seven steps, each with its evidence
//! - [`guest`] a user and an inbox for as long as something is tried
//! - [`audit`] whether uploads, items and thumbnails agree
//! - [`erase`] all that a stack holds of a user or an image, erased
//! - [`queue`] messages of a queue, read, sent and deleted; [`dead_letters`] why they are in a dead-letter queue
//! - [`xray`] traces by X-Ray's API
//! - [`inbox`] a queue that gets what the topics send
//! - [`load`] many uploads at a given rate, and what became of each

pub mod audit;
pub mod dead_letters;
pub mod erase;
mod error;
pub mod evidence;
mod follow;
pub mod guest;
pub mod inbox;
pub mod load;
pub mod queue;
mod retry;
pub mod stack;
#[cfg(test)]
mod testing;
pub mod upload;
pub mod user;
pub mod verify;
pub mod xray;

pub use error::FlowError;
