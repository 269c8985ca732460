//! Message attributes of the processing queue that our own tools set.

/// The message attribute by which `ops reprocess` has an image done again: when it was asked for, in milliseconds since
/// 1970. S3 sets no attributes, so only who may send to the queue can ask for it.
pub const REPROCESS: &str = "reprocess";
/// The message attribute that a redrive by `ops` sets: how often the message was redriven.
pub const REDRIVEN: &str = "redriven";
