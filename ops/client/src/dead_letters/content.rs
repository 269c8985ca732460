//! Content of a message: its body as an S3 notification, parsed as the processor parses it.

use std::time::SystemTime;

use contract::image_id;
use contract::s3_event::{self, MalformedMessage, Notification, Upload};

/// The content of a message's body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Objects were created.
    Uploads(Vec<Upload>),
    /// `s3:TestEvent`, which S3 sends when the notification is configured.
    TestEvent,
    /// Not an S3 notification; how it differs from one.
    Malformed(String),
}

impl Content {
    /// Parses a body.
    #[must_use]
    pub fn read(body: &str) -> Self {
        match s3_event::read(body, SystemTime::now()) {
            Ok(Notification::Test) => Self::TestEvent,
            Ok(notification) => Self::Uploads(notification.uploads()),
            Err(error) => Self::Malformed(defect(&error)),
        }
    }
}

/// How a body differs from a notification, for a line that names the message already.
fn defect(error: &MalformedMessage) -> String {
    let text = error.to_string();
    text.strip_prefix("the message").map_or_else(|| text.clone(), |rest| format!("it{rest}"))
}

/// The image's id, where no earlier release has begun the image.
#[must_use]
pub fn image_id(upload: &Upload) -> String {
    image_id::image_id(&upload.key).to_string()
}

/// The ids that the image may have: the one that an earlier release may have given it, and its own.
pub fn image_ids(upload: &Upload) -> impl Iterator<Item = String> {
    image_id::former_id(&upload.key).map(|id| id.to_string()).into_iter().chain([image_id(upload)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defect_of_a_body_is_named_without_its_content() {
        for (body, expected) in [
            ("a secret", "it is no JSON"),
            (r#"{"a":"secret"}"#, "it is no S3 notification"),
            (r#"{"Records":[]}"#, "record 0 lacks its records"),
        ] {
            assert_eq!(Content::read(body), Content::Malformed(expected.to_owned()));
        }
    }
}
