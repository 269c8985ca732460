use aws_lambda_events::sqs::SqsEvent;
use image_processor_lambda::notification::{self, Notification};
use telemetry::context::Origins;

/// A body is read whole or not at all, and an event of the queue leads to bodies.
///
/// # Panics
///
/// When that is not so.
pub fn messages(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    if let Ok(Notification::Uploads(uploads)) = notification::read(&text) {
        assert!(!uploads.is_empty());
        for upload in uploads {
            assert!(!upload.bucket.is_empty() && !upload.key.is_empty() && !upload.sequencer.is_empty());
        }
    }
    for message in serde_json::from_str::<SqsEvent>(&text).into_iter().flat_map(|event| event.records) {
        drop(Origins::of_message(&message));
        notification::read(message.body.as_deref().unwrap_or_default()).ok();
    }
}
