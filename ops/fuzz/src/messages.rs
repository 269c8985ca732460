use std::time::SystemTime;

use aws_lambda_events::sqs::SqsEvent;
use contract::s3_event;
use telemetry::context::Origins;

/// A body is read whole or not at all, and an event of the queue leads to bodies.
///
/// # Panics
///
/// When that is not so.
pub fn messages(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let now = SystemTime::now();
    if let Ok(notification) = s3_event::read(&text, now) {
        for upload in notification.uploads() {
            assert!(!upload.bucket.is_empty() && !upload.key.is_empty() && !upload.sequencer.is_empty());
            // What is measured from here on fits a metric, and what is written of it a date.
            assert!(upload.at.duration_since(SystemTime::UNIX_EPOCH).is_ok());
        }
    }
    for message in serde_json::from_str::<SqsEvent>(&text).into_iter().flat_map(|event| event.records) {
        drop(Origins::of_message(&message));
        s3_event::read(message.body.as_deref().unwrap_or_default(), now).ok();
    }
}
