//! Lexer of metric math: an expression's text becomes tokens.

use std::ops::Range;

use super::MathError;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Number(f64),
    /// Of a metric or expression: begins with a small letter.
    Id(String),
    /// Of a function or option: begins with a capital letter.
    Word(String),
    Text(String),
    Symbol(&'static str),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) span: Range<usize>,
}

/// Longer ones first, so that `<=` is not taken for `<`.
const SYMBOLS: &[&str] =
    &["==", "!=", "<=", ">=", "&&", "||", "<", ">", "+", "-", "*", "/", "^", "(", ")", "[", "]", ","];

pub(super) fn tokens(text: &str) -> Result<Vec<Token>, MathError> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let first = rest.chars().next().unwrap_or(' ');
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let (kind, length) = token(rest, first, at)?;
        tokens.push(Token { kind, span: at..at + length });
        at += length;
    }
    Ok(tokens)
}

fn token(rest: &str, first: char, at: usize) -> Result<(Kind, usize), MathError> {
    if let Some(symbol) = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)) {
        return Ok((Kind::Symbol(symbol), symbol.len()));
    }
    if first == '"' || first == '\'' {
        let inside = rest.get(1..).unwrap_or_default();
        let length =
            inside.find(first).ok_or(MathError::Expected { expected: "the closing quote", at: at + 1 })?;
        let text = inside.get(..length).unwrap_or_default();
        return Ok((Kind::Text(text.to_owned()), length + 2));
    }
    if first.is_ascii_digit() || first == '.' {
        let length = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let number = rest.get(..length).and_then(|digits| digits.parse().ok());
        let number = number.ok_or(MathError::Expected { expected: "a number", at: at + 1 })?;
        return Ok((Kind::Number(number), length));
    }
    if first.is_ascii_alphabetic() {
        let length = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        let word = rest.get(..length).unwrap_or_default().to_owned();
        let kind = if first.is_ascii_lowercase() { Kind::Id(word) } else { Kind::Word(word) };
        return Ok((kind, length));
    }
    Err(MathError::Character { character: first, at: at + 1 })
}
