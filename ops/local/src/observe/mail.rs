//! Mail: what the topics sent, as an email subscriber would have got it.
//!
//! The local engine delivers no email, so a queue that is subscribed beside the addresses gets a copy.

use std::collections::{HashSet, VecDeque};

pub use pipeline_client::inbox::Mail;

/// The newest messages are kept.
const MAX_MAIL: usize = 5000;
/// The longest that SQS lets a receiver wait.
pub(super) const LONG_POLL_SECONDS: u32 = 20;

/// The messages received, each once.
#[derive(Debug, Default)]
pub struct MailStore {
    mail: VecDeque<Mail>,
    ids: HashSet<String>,
}

impl MailStore {
    /// Keeps a message, unless it is known.
    pub fn put(&mut self, mail: Mail) {
        if !self.ids.insert(mail.message_id.clone()) {
            return;
        }
        self.mail.push_back(mail);
        if self.mail.len() > MAX_MAIL
            && let Some(oldest) = self.mail.pop_front()
        {
            self.ids.remove(&oldest.message_id);
        }
    }

    /// The messages about an image, or all, oldest first.
    #[must_use]
    pub fn find(&self, image_id: Option<&str>) -> Vec<Mail> {
        let wanted = |mail: &&Mail| image_id.is_none_or(|id| mail.image_id.as_deref() == Some(id));
        self.mail.iter().filter(wanted).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_received_twice_is_one_mail_and_two_messages_are_two() {
        let mut store = MailStore::default();
        let mail = |id: &str| Mail { message_id: id.into(), image_id: Some("cat".into()), ..Mail::default() };
        ["a", "a", "b"].map(mail).into_iter().for_each(|mail| store.put(mail));
        assert_eq!(store.find(Some("cat")).len(), 2);
        assert_eq!(store.find(Some("dog")), []);
    }
}
