//! Redaction: removes tokens, presigned URLs and email addresses from every text before it is written or sent.
//!
//! Our code emits no secrets in the first place; but errors of libraries and of AWS have texts that are
//! not ours. Tokens, presigned URLs and email addresses have a shape, so they are found in any text. A body
//! has none: bodies must not reach an error at all, see [`JsonError`].

use std::{borrow::Cow, fmt};

use serde_json::{Value, error::Category};

/// Query parameters and headers that make the whole word a secret.
const SECRET_NAMES: [&str; 4] = ["x-amz-signature", "x-amz-security-token", "x-amz-credential", "signature="];
/// The fewest characters from `eyJ` on that count as a token.
const LEAST_TOKEN: usize = 12;

/// `text` without tokens, presigned URLs and email addresses; borrowed when it has none, as nearly always.
#[must_use]
pub fn redact(text: &str) -> Cow<'_, str> {
    if !may_hold_secret(text) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len());
    let mut secret_follows = false;
    for piece in text.split_inclusive(is_delimiter) {
        let word = piece.trim_end_matches(is_delimiter);
        if secret_follows && word.bytes().any(|byte| byte.is_ascii_alphanumeric()) {
            clean.push_str("[redacted]");
            secret_follows = false;
        } else {
            secret_follows |= announces_secret(word);
            clean.push_str(&redact_word(word));
        }
        clean.push_str(piece.get(word.len()..).unwrap_or_default());
    }
    Cow::Owned(clean)
}

/// Redacts every text inside `value`.
pub fn redact_value(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Cow::Owned(clean) = redact(text) {
                *text = clean;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(redact_value),
        Value::Object(members) => {
            members.values_mut().for_each(redact_value);
            if members.keys().any(|name| may_hold_secret(name)) {
                let renamed = std::mem::take(members).into_iter();
                members.extend(renamed.map(|(name, value)| (redact(&name).into_owned(), value)));
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The error and its sources, outermost first, redacted. `ops` has a chain of its own (`aws_client::chain`): an operator
/// sees paths and names in full, and this crate depends on none of ours.
pub(crate) fn error_chain(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    let chain = causes.map(ToString::to_string).collect::<Vec<_>>().join(": ");
    redact(&chain).into_owned()
}

/// A cheap look, so that texts without secrets are not copied.
fn may_hold_secret(text: &str) -> bool {
    let bytes = text.as_bytes();
    let starts = |at: usize, word: &str| {
        bytes.get(at..at + word.len()).is_some_and(|it| it.eq_ignore_ascii_case(word.as_bytes()))
    };
    bytes.iter().enumerate().any(|(at, byte)| match byte {
        b'@' => true,
        b'%' => starts(at, "%40"),
        b'e' => bytes.get(at..).is_some_and(|rest| rest.starts_with(b"eyJ")),
        b'b' | b'B' => starts(at, "bearer"),
        b'x' | b'X' => starts(at, "x-amz-"),
        b's' | b'S' => starts(at, "signature="),
        _ => false,
    })
}

fn is_delimiter(symbol: char) -> bool {
    symbol.is_whitespace() || "\"'`<>(){}[],;\\".contains(symbol)
}

/// Whether the next word is a secret, as after `Bearer` and after a header's name.
fn announces_secret(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    let name = lower.trim_end_matches([':', '=']);
    name.ends_with("bearer") || SECRET_NAMES.contains(&name)
}

fn redact_word(word: &str) -> Cow<'_, str> {
    let lower = word.to_ascii_lowercase();
    if SECRET_NAMES.iter().any(|name| lower.contains(name)) && !announces_secret(word) {
        return Cow::Borrowed("[presigned]");
    }
    match redact_tokens(word) {
        Cow::Borrowed(word) => redact_emails(word),
        Cow::Owned(clean) => Cow::Owned(redact_emails(&clean).into_owned()),
    }
}

/// A JSON Web Token begins with base64 of `{"`, which is `eyJ`.
fn redact_tokens(word: &str) -> Cow<'_, str> {
    let is_token = |symbol: char| symbol.is_ascii_alphanumeric() || matches!(symbol, '-' | '_' | '.' | '=');
    let Some((before, rest)) = word.find("eyJ").map(|at| word.split_at(at)) else {
        return Cow::Borrowed(word);
    };
    let (token, after) = rest.split_at(rest.find(|it| !is_token(it)).unwrap_or(rest.len()));
    let shown = if token.len() < LEAST_TOKEN { token } else { "[token]" };
    Cow::Owned(format!("{before}{shown}{}", redact_tokens(after)))
}

fn redact_emails(word: &str) -> Cow<'_, str> {
    let Some((at, sign)) = find_at_sign(word) else { return Cow::Borrowed(word) };
    let (before, after) = (&word[..at], &word[at + sign..]);
    let is_local = |it: char| it.is_alphanumeric() || "._+-~!#$&*".contains(it);
    let is_domain = |it: char| it.is_alphanumeric() || matches!(it, '.' | '-');
    let local = before
        .rfind(|it| !is_local(it))
        .map_or(0, |end| end + before[end..].chars().next().map_or(0, char::len_utf8));
    let domain = after.find(|it| !is_domain(it)).unwrap_or(after.len());
    let named = after[..domain]
        .split_once('.')
        .is_some_and(|(name, top)| !name.is_empty() && top.starts_with(char::is_alphabetic));
    let rest = redact_emails(&after[domain..]);
    if local < at && named {
        return Cow::Owned(format!("{}[email]{rest}", &before[..local]));
    }
    Cow::Owned(format!("{}{rest}", &word[..at + sign + domain]))
}

/// Where the first `@` or its escaped form is, and how long that is.
fn find_at_sign(word: &str) -> Option<(usize, usize)> {
    [("@", 1), ("%40", 3)].into_iter().filter_map(|(sign, len)| Some((word.find(sign)?, len))).min()
}

/// The kind and place of an error in a JSON text. Quotes nothing of it, unlike serde's own messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub struct JsonError {
    category: Category,
    line: usize,
    column: usize,
}

impl From<serde_json::Error> for JsonError {
    fn from(error: serde_json::Error) -> Self {
        Self { category: error.classify(), line: error.line(), column: error.column() }
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.category {
            Category::Io => "the text could not be read",
            Category::Syntax => "the text is no JSON",
            Category::Data => "the JSON has a member that is missing, unknown or of another type",
            Category::Eof => "the text ends too early",
        })?;
        if self.line > 0 {
            write!(f, ", line {} column {}", self.line, self.column)?;
        }
        Ok(())
    }
}

/// Property tests of this crate run on the same inputs each time.
#[cfg(test)]
pub(crate) fn same_each_time(cases: u32) -> proptest::test_runner::Config {
    use proptest::test_runner::{Config, RngSeed};
    Config { cases, rng_seed: RngSeed::Fixed(7), failure_persistence: None, ..Config::default() }
}

#[cfg(test)]
mod tests;
