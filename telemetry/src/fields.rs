//! The members of one line, kept so small that the line always is one log event.

use std::io::{self, Write};

use serde_json::{Map, Value};

use crate::redact::{redact, redact_value};

/// Most bytes of one member, as JSON; a longer text is cut, anything else left out.
pub(crate) const MEMBER_BYTES: usize = 8 * 1024;
/// Most bytes of all members together, as JSON; what comes later is left out.
pub(crate) const ALL_BYTES: usize = 64 * 1024;

/// Names with values, free of secrets and bounded; counts what found no room.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields {
    members: Map<String, Value>,
    bytes: usize,
    lost: u64,
}

impl Fields {
    /// Adds a member; the first of a name stays, a further one is lost.
    pub(crate) fn insert(&mut self, name: &str, value: impl Into<Value>) {
        let (name, mut value) = (redact(name), value.into());
        redact_value(&mut value);
        let mut length = json_length(&value);
        if length > MEMBER_BYTES {
            self.lost += 1;
            let Value::String(text) = &mut value else { return };
            cut(text);
            length = json_length(&value);
        }
        let bytes = self.bytes + escaped_length(&name) + length + "\"\":,".len();
        if bytes > ALL_BYTES || self.members.contains_key(&*name) {
            self.lost += 1;
            return;
        }
        self.bytes = bytes;
        self.members.insert(name.into_owned(), value);
    }

    /// Adds a member of this crate's own making: short, without secrets, and with nothing to escape.
    pub(crate) fn insert_own(&mut self, name: &'static str, value: impl Into<String>) {
        let value = value.into();
        self.bytes += name.len() + value.len() + "\"\":\"\",".len();
        self.members.insert(name.to_owned(), Value::String(value));
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.members.contains_key(name)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.members.iter()
    }

    /// The members, and how many were cut or left out.
    pub(crate) fn finish(self) -> (Map<String, Value>, u64) {
        (self.members, self.lost)
    }

    pub(crate) const fn lost(&self) -> u64 {
        self.lost
    }
}

/// Cuts `text` so that it is one member with the mark of a cut.
fn cut(text: &mut String) {
    const MARK: &str = "…";
    let room = MEMBER_BYTES - "\"\"".len() - MARK.len();
    let mut bytes = 0;
    let end = text.char_indices().find_map(|(at, symbol)| {
        bytes += escaped_length(symbol.encode_utf8(&mut [0; 4]));
        (bytes > room).then_some(at)
    });
    text.truncate(end.unwrap_or(text.len()));
    text.push_str(MARK);
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

fn json_length(value: &Value) -> usize {
    if let Value::String(text) = value {
        return escaped_length(text) + "\"\"".len();
    }
    let mut counted = Counted(0);
    // Writing to a counter cannot fail, and a value of ours is always JSON.
    serde_json::to_writer(&mut counted, value).map_or(usize::MAX, |()| counted.0)
}

struct Counted(usize);

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(crate::redact::same_each_time(64))]

        #[test]
        fn whatever_goes_in_the_line_stays_short_and_what_is_lost_is_counted(
            values in proptest::collection::vec(("[a-d]|.{0,40}", ".{0,30}", 0_usize..600), 0..40),
        ) {
            let mut fields = Fields::default();
            let mut whole = 0;
            for (name, text, times) in &values {
                let text = text.repeat(*times);
                fields.insert(name, text.clone());
                whole += u64::from(fields.members.get(&*redact(name)) == Some(&redact(&text).into()));
            }

            let (members, lost) = fields.finish();

            let line = Value::from(members).to_string();
            prop_assert!(line.len() <= ALL_BYTES + 2, "{}", line.len());
            prop_assert!(whole + lost >= values.len() as u64);
        }
    }

    #[test]
    fn a_long_text_is_cut_at_a_character_and_counted() {
        let mut fields = Fields::default();
        fields.insert("a", "é\n".repeat(MEMBER_BYTES));
        fields.insert("b", vec!["x".repeat(100); 100]);

        assert!(fields.members["a"].as_str().unwrap().ends_with('…'));
        assert!(json_length(&fields.members["a"]) <= MEMBER_BYTES);
        assert!(!fields.contains("b"));
        assert_eq!(fields.lost(), 2);
    }

    #[test]
    fn the_first_of_a_name_stays() {
        let mut fields = Fields::default();
        fields.insert("a", 1);
        fields.insert("a", 2);

        assert_eq!(fields.finish(), (Map::from_iter([("a".to_owned(), 1.into())]), 1));
    }
}
