//! Message attributes of the processing queue that our own tools set.

/// The message attribute that a redrive by `ops` sets: how often the message was redriven.
pub const REDRIVEN: &str = "redriven";
