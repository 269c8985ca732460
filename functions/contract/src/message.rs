//! Messages of the processing queue: what our own tools say beside the body.

/// The message attribute that a redrive by `ops` sets: how often the message was redriven.
pub const REDRIVEN: &str = "redriven";
