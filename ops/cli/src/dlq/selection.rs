//! Selection: which messages `--cause`, `--image-id`, `--id` and `--older-than` select.

use std::time::{Duration, SystemTime};

use pipeline_client::dead_letters::cause::Cause;
use pipeline_client::dead_letters::receive::Classified;

use crate::cli::dlq::SelectArgs;
use crate::similar_names::UnknownName;

/// The filters; each kind must match, by any of its values.
#[derive(Clone, Debug)]
pub(crate) struct Selection {
    causes: Vec<Cause>,
    images: Vec<String>,
    ids: Vec<String>,
    older_than: Option<Duration>,
    /// Whether messages that can never be processed are selected only by their cause or id.
    only_processable: bool,
}

impl Selection {
    /// The selection of the arguments.
    pub(crate) fn of(args: &SelectArgs) -> Self {
        let SelectArgs { causes, images, ids, older_than, limit: _ } = args.clone();
        Self { causes, images, ids, older_than, only_processable: false }
    }

    /// Without messages that can never be processed, unless their cause or id is named.
    pub(crate) fn only_processable(self) -> Self {
        Self { only_processable: true, ..self }
    }

    /// Whether there is no filter, so that every message is selected.
    pub(crate) fn is_everything(&self) -> bool {
        self.causes.is_empty() && self.images.is_empty() && self.ids.is_empty() && self.older_than.is_none()
    }

    /// The first id of the arguments that no message has, as its own or as that of its image.
    pub(crate) fn unknown(&self, known: &Known) -> Option<UnknownName> {
        fn missing<'a>(typed: &'a [String], known: &[String]) -> Option<&'a str> {
            typed.iter().find(|name| !known.contains(name)).map(String::as_str)
        }
        let Known { messages, images } = known;
        if let Some(id) = missing(&self.ids, messages) {
            return Some(unknown_message(id, messages.iter().map(String::as_str)));
        }
        let id = missing(&self.images, images)?;
        let known = images.iter().map(String::as_str);
        Some(UnknownName::among("message about the image", id, known, ALL))
    }

    /// Whether a message is selected.
    pub(crate) fn matches(&self, classified: &Classified, now: SystemTime) -> bool {
        let is_one = |wanted: &[String], id: Option<&str>| {
            wanted.is_empty() || wanted.iter().any(|it| Some(it.as_str()) == id)
        };
        let cause = classified.finding.cause;
        let image = classified.finding.image.as_ref().map(|image| image.id.as_str());
        let is_named = self.causes.contains(&cause) || !self.ids.is_empty();
        (self.causes.is_empty() || self.causes.contains(&cause))
            && is_one(&self.images, image)
            && is_one(&self.ids, Some(&classified.message.id))
            && self.older_than.is_none_or(|least| classified.message.age(now) >= least)
            && (!self.only_processable || !cause.is_unprocessable() || is_named)
    }
}

/// The ids of all messages that were read, and of their images.
#[derive(Debug, Default)]
pub(crate) struct Known {
    messages: Vec<String>,
    images: Vec<String>,
}

impl Known {
    pub(crate) fn add(&mut self, classified: &Classified) {
        self.messages.push(classified.message.id.clone());
        self.images.extend(classified.finding.image.as_ref().map(|image| image.id.clone()));
    }
}

const ALL: &str = "`ops dlq list` names them all, but for those that somebody else is reading: they come back within \
                   their visibility timeout";

/// No message of this id was found.
pub(crate) fn unknown_message<'a>(id: &str, known: impl IntoIterator<Item = &'a str>) -> UnknownName {
    UnknownName::among("message", id, known, ALL)
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use serde_json::json;

    use super::*;
    use pipeline_client::dead_letters::cause::{Finding, Image};

    /// A message sent a thousand seconds before `now`.
    fn classified(cause: Cause, image: Option<&str>) -> Classified {
        let image = image.map(|id| Image { id: id.to_owned(), key: String::new(), item: None });
        let message =
            json!({"MessageId": "m", "ReceiptHandle": "r", "Attributes": {"SentTimestamp": "9000000"}});
        let message = serde_json::from_value(message).unwrap();
        Classified { message, finding: Finding { cause, defect: None, image } }
    }

    fn now() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(10_000)
    }

    fn everything() -> Selection {
        Selection { causes: vec![], images: vec![], ids: vec![], older_than: None, only_processable: false }
    }

    fn one(id: &str) -> Selection {
        Selection { ids: vec![id.to_owned()], ..everything() }
    }

    #[test]
    fn every_kind_of_filter_must_match_by_one_of_its_values() {
        let message = classified(Cause::NotNotified, Some("i"));
        let matches = |selection: &Selection| selection.matches(&message, now());
        assert!(matches(&everything()) && everything().is_everything());
        for (selection, expected) in [
            (Selection { causes: vec![Cause::Malformed, Cause::NotNotified], ..everything() }, true),
            (Selection { causes: vec![Cause::Malformed], ..everything() }, false),
            (Selection { images: vec!["x".into(), "i".into()], ..everything() }, true),
            (Selection { images: vec!["x".into()], ..everything() }, false),
            (one("m"), true),
            (one("x"), false),
            (Selection { older_than: Some(Duration::from_secs(1_000)), ..everything() }, true),
            (Selection { older_than: Some(Duration::from_secs(1_001)), ..everything() }, false),
            (Selection { causes: vec![Cause::NotNotified], images: vec!["x".into()], ..everything() }, false),
        ] {
            assert_eq!(matches(&selection), expected, "{selection:?}");
            assert!(!selection.is_everything());
        }
    }

    #[test]
    fn unprocessable_messages_are_selected_only_when_named() {
        let poison = classified(Cause::Malformed, None);
        let matches = |selection: Selection| selection.only_processable().matches(&poison, now());
        assert!(!matches(everything()));
        assert!(!matches(Selection { older_than: Some(Duration::ZERO), ..everything() }));
        assert!(matches(Selection { causes: vec![Cause::Malformed], ..everything() }));
        assert!(matches(one("m")));
        assert!(everything().only_processable().matches(&classified(Cause::NotNotified, None), now()));
    }

    #[test]
    fn a_name_that_no_message_has_is_unknown_whatever_else_is_selected() {
        let mut known = Known::default();
        known.add(&classified(Cause::NotNotified, Some("image-1")));
        let unknown = |selection: Selection| selection.unknown(&known).map(|unknown| unknown.to_string());
        assert_eq!(unknown(everything()), None);
        assert_eq!(unknown(one("m")), None);
        let found = unknown(Selection { ids: vec!["m".into(), "nope".into()], ..everything() }).unwrap();
        assert!(found.starts_with("there is no message nope; the nearest is m;"), "{found}");
        let found = unknown(Selection { images: vec!["image-2".into()], ..everything() }).unwrap();
        assert!(found.contains("no message about the image image-2; did you mean image-1?"), "{found}");
    }
}
