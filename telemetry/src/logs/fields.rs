//! The members of one JSON line, encoded as they are added and bounded so that CloudWatch takes the line as one log event.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::Value;

use crate::logs::{
    redact::{redact, redact_value},
    writer::LINE_BYTES,
};

/// The most bytes of one member, as JSON; a longer text is truncated, any other value dropped.
pub(crate) const MEMBER_BYTES: usize = 8 * 1024;
/// The most bytes of all members together, as JSON; later ones are dropped.
pub(crate) const ALL_BYTES: usize = 64 * 1024;

/// Names with values, redacted and bounded; counts what was truncated or dropped.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields {
    /// `"name":value,` of each member. Encoded at once instead of as a tree, because a caller may wait for the line.
    json: Vec<u8>,
    members: Vec<Member>,
    lost: u64,
}

/// Where a member stands in the JSON.
#[derive(Clone, Copy, Debug)]
struct Member {
    start: usize,
    value: usize,
    end: usize,
}

impl Fields {
    /// No members, and room for those of a usual line.
    pub(crate) fn for_line() -> Self {
        Self { json: Vec::with_capacity(LINE_BYTES), members: Vec::with_capacity(16), lost: 0 }
    }

    /// Adds a member; the first of a name stays, a further one is lost.
    pub(crate) fn insert(&mut self, name: &str, mut value: Value) {
        if let Value::String(text) = value {
            return self.insert_text(name, &text);
        }
        redact_value(&mut value);
        self.insert_plain(name, &value);
    }

    /// Adds a text; truncates one that is too long.
    pub(crate) fn insert_text(&mut self, name: &str, text: &str) {
        let Some(value) = self.begin(&redact(name)) else { return };
        let text = redact(text);
        append(&mut self.json, &*text);
        if self.json.len() - value > MEMBER_BYTES {
            self.lost += 1;
            self.json.truncate(value);
            append(&mut self.json, &*cut(&text));
        }
        self.keep(value);
    }

    /// Adds a value that needs no redaction and cannot be truncated: a number, a boolean, a redacted value.
    pub(crate) fn insert_plain(&mut self, name: &str, plain: &impl Serialize) {
        let Some(value) = self.begin(&redact(name)) else { return };
        append(&mut self.json, plain);
        if self.json.len() - value > MEMBER_BYTES {
            return self.take_back();
        }
        self.keep(value);
    }

    /// Adds a text that this crate made, in parts: short, without secrets, and with nothing to escape.
    pub(crate) fn insert_own(&mut self, name: &'static str, parts: &[&[u8]]) {
        let start = self.start();
        self.json.push(b'"');
        self.json.extend_from_slice(name.as_bytes());
        self.json.extend_from_slice(b"\":");
        let value = self.json.len();
        self.json.push(b'"');
        for part in parts {
            self.json.extend_from_slice(part);
        }
        self.json.extend_from_slice(b"\",");
        self.members.push(Member { start, value, end: self.json.len() });
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.count(|it| it == name) > 0
    }

    /// How many members have a name that `wanted` accepts.
    pub(crate) fn count(&self, wanted: impl Fn(&str) -> bool) -> u64 {
        self.members.iter().filter(|member| wanted(&self.name(**member))).count() as u64
    }

    /// The members whose names `wanted` accepts, as JSON with a comma after each.
    pub(crate) fn only(&self, wanted: impl Fn(&str) -> bool) -> impl Iterator<Item = &[u8]> {
        let members = self.members.iter().filter(move |member| wanted(&self.name(**member)));
        members.filter_map(|member| self.json.get(member.start..member.end))
    }

    /// All members as JSON, with a comma after each.
    pub(crate) fn json(&self) -> &[u8] {
        &self.json
    }

    /// How many members were truncated or dropped.
    pub(crate) const fn lost(&self) -> u64 {
        self.lost
    }

    /// Writes the name of a new member and returns where its value begins; `None` when the name is taken.
    fn begin(&mut self, name: &str) -> Option<usize> {
        if self.json.capacity() == 0 {
            // Growing from an empty vector takes longer than writing a short member.
            self.json.reserve(LINE_BYTES / 4);
            self.members.reserve(4);
        }
        append(&mut self.json, name);
        let quoted = self.json.get(self.start()..).unwrap_or_default();
        if self.members.iter().any(|known| self.quoted(*known) == quoted) {
            self.take_back();
            return None;
        }
        self.json.push(b':');
        Some(self.json.len())
    }

    /// Ends the member whose value begins at `value`, if there is room for it.
    fn keep(&mut self, value: usize) {
        self.json.push(b',');
        if self.json.len() > ALL_BYTES {
            return self.take_back();
        }
        self.members.push(Member { start: self.start(), value, end: self.json.len() });
    }

    fn take_back(&mut self) {
        self.lost += 1;
        self.json.truncate(self.start());
    }

    /// Where the next member begins.
    fn start(&self) -> usize {
        self.members.last().map_or(0, |last| last.end)
    }

    fn name(&self, member: Member) -> Cow<'_, str> {
        let quoted = self.quoted(member);
        // Without an escape the name is what stands between the quotes.
        let inner = quoted.get(1..quoted.len().saturating_sub(1)).filter(|inner| !inner.contains(&b'\\'));
        match inner.and_then(|inner| std::str::from_utf8(inner).ok()) {
            Some(name) => Cow::Borrowed(name),
            None => serde_json::from_slice::<String>(quoted).unwrap_or_default().into(),
        }
    }

    /// The name as JSON has it: two names are the same if these are.
    fn quoted(&self, member: Member) -> &[u8] {
        self.json.get(member.start..member.value - 1).unwrap_or_default()
    }
}

/// Appends `value` as JSON. A write to memory cannot fail, and our values always encode.
pub(crate) fn append(json: &mut Vec<u8>, value: &(impl Serialize + ?Sized)) {
    let before = json.len();
    if serde_json::to_writer(&mut *json, value).is_err() {
        json.truncate(before);
        json.extend_from_slice(b"null");
    }
}

/// `text` truncated to the limit of one member, with an ellipsis.
fn cut(text: &str) -> String {
    const MARK: &str = "…";
    let room = MEMBER_BYTES - "\"\"".len() - MARK.len();
    let mut bytes = 0;
    let end = text.char_indices().find_map(|(at, symbol)| {
        bytes += escaped_length(symbol.encode_utf8(&mut [0; 4]));
        (bytes > room).then_some(at)
    });
    let mut short = text.get(..end.unwrap_or(text.len())).unwrap_or_default().to_owned();
    short.push_str(MARK);
    short
}

/// Bytes of `text` inside a JSON string.
pub(crate) fn escaped_length(text: &str) -> usize {
    let escaped = |byte: u8| match byte {
        b'"' | b'\\' => 2,
        0..0x20 => 6,
        _ => 1,
    };
    text.bytes().map(escaped).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(fields: &Fields) -> Value {
        let members = fields.json().strip_suffix(b",").unwrap_or_default();
        let text = format!("{{{}}}", std::str::from_utf8(members).unwrap());
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value.as_object().unwrap().len(), fields.members.len(), "no member is named twice");
        value
    }

    proptest! {
        #![proptest_config(crate::logs::redact::same_each_time(64))]

        #[test]
        fn whatever_goes_in_the_line_stays_short_and_what_is_lost_is_counted(
            values in proptest::collection::vec(("[a-d\"\\\\]|.{0,40}", ".{0,30}", 0_usize..600), 0..40),
        ) {
            let mut fields = Fields::default();
            let mut whole = 0;
            for (name, text, times) in &values {
                let text = text.repeat(*times);
                fields.insert_text(name, &text);
                whole += u64::from(parse(&fields).get(&*redact(name)) == Some(&redact(&text).into()));
            }

            prop_assert!(fields.json().len() <= ALL_BYTES + 1, "{}", fields.json().len());
            prop_assert!(whole + fields.lost() >= values.len() as u64);
        }
    }

    #[test]
    fn a_long_text_is_cut_at_a_character_and_counted() {
        let mut fields = Fields::default();
        fields.insert_text("a", &"é\n".repeat(MEMBER_BYTES));
        fields.insert("b", vec!["x".repeat(100); 100].into());

        let line = parse(&fields);
        assert!(line["a"].as_str().unwrap().ends_with('…'));
        assert!(line["a"].to_string().len() <= MEMBER_BYTES);
        assert!(!fields.contains("b"));
        assert_eq!(fields.lost(), 2);
    }

    #[test]
    fn the_first_of_a_name_stays_however_it_is_written() {
        let mut fields = Fields::default();
        fields.insert_plain("a", &1);
        fields.insert_plain("a", &2);
        fields.insert_text("\"\n", "first");
        fields.insert_text("\"\n", "second");
        fields.insert_own("own", &[b"1-", b"2"]);
        fields.insert_text("own", "other");

        assert_eq!(parse(&fields), serde_json::json!({ "a": 1, "\"\n": "first", "own": "1-2" }));
        assert_eq!(fields.lost(), 3);
    }

    #[test]
    fn what_json_cannot_say_is_null() {
        let mut fields = Fields::default();
        fields.insert_plain("a", &f64::NAN);

        assert_eq!(parse(&fields), serde_json::json!({ "a": null }));
    }
}
