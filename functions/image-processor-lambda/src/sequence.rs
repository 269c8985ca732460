//! The order in which a batch's messages are processed, so that one that kills the function harms no other.
//!
//! A function that dies answers for none of its messages, and the queue delivers all of them again, together as
//! a rule. Which of them killed it cannot be seen. So those that were received before are processed one by one,
//! each deleted as soon as it is done, and in an order that is reversed from receive to receive: whatever two of
//! them meet again and again, each is before the other every second time. A neighbour of the killer is done after
//! three receives at the latest.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use aws_lambda_events::sqs::SqsMessage;

/// How often the message was received, this time included.
#[must_use]
pub fn receives(message: &SqsMessage) -> u32 {
    message.attributes.get("ApproximateReceiveCount").and_then(|raw| raw.parse().ok()).unwrap_or(1)
}

/// The messages that were received before, in the order to process them one by one, and the new ones.
#[must_use]
pub fn split(messages: &[SqsMessage]) -> (Vec<&SqsMessage>, Vec<&SqsMessage>) {
    let (mut again, new): (Vec<_>, Vec<_>) = messages.iter().partition(|message| receives(message) > 1);
    again.sort_by_cached_key(|message| rank(message));
    (again, new)
}

/// A number of the message that is mirrored with each receive.
///
/// Of two numbers a < b the mirrored ones are in the other order; and where only one of the two is mirrored, as
/// when their counts differ by one, the order is reversed by the next receive too.
fn rank(message: &SqsMessage) -> u64 {
    // The same in every environment: its keys are fixed.
    let hasher = BuildHasherDefault::<DefaultHasher>::default();
    let rank = hasher.hash_one(message.message_id.as_deref().unwrap_or_default());
    if receives(message).is_multiple_of(2) { rank } else { !rank }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn message(id: usize, receives: u32) -> SqsMessage {
        let mut message = SqsMessage::default();
        message.message_id = Some(format!("m{id}"));
        message.attributes.insert("ApproximateReceiveCount".to_owned(), receives.to_string());
        message
    }

    fn ids(messages: &[&SqsMessage]) -> Vec<String> {
        messages.iter().filter_map(|message| message.message_id.clone()).collect()
    }

    #[test]
    fn of_any_two_messages_each_is_first_every_second_time_whatever_their_counts() {
        for pair in 0..100 {
            for (a, b) in [(2_u32, 2_u32), (2, 3), (3, 2), (2, 4), (4, 3)] {
                let first = |round| {
                    let messages = [message(pair, a + round), message(pair + 1, b + round)];
                    ids(&split(&messages).0)
                };
                let (now, next) = (first(0), first(1));
                assert_eq!(now.iter().rev().collect::<Vec<_>>(), next.iter().collect::<Vec<_>>(), "{pair}");
                assert_eq!(first(2), now, "{pair}");
            }
        }
    }

    #[test]
    fn new_messages_are_apart_and_a_count_that_is_missing_or_odd_means_a_new_one() {
        let mut odd: SqsMessage = serde_json::from_value(json!({"messageId": "odd"})).unwrap();
        let missing = odd.clone();
        odd.attributes.insert("ApproximateReceiveCount".to_owned(), "many".to_owned());
        let messages = [message(1, 1), message(2, 2), odd, missing];

        let (again, new) = split(&messages);

        assert_eq!((ids(&again), new.len()), (vec!["m2".to_owned()], 3));
    }
}
