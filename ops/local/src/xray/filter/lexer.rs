//! Words, numbers, texts and signs of a filter expression.

use super::FilterError;

/// One of them.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// A keyword, as it is written.
    Word(String),
    Number(f64),
    /// What stood between quotation marks.
    Text(String),
    /// What stood between square brackets.
    Bracketed(String),
    Sign(&'static str),
}

/// Longer ones first: `!=` is not `!` and `=`.
const SIGNS: [&str; 14] = ["!=", "<=", ">=", "=", "<", ">", "!", "(", ")", "{", "}", ",", ":", "#"];

pub(super) fn tokens(text: &str) -> Result<Vec<Token>, FilterError> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            '"' | '\'' => quoted(rest, first)?,
            '[' => bracketed(rest)?,
            _ if first.is_ascii_digit()
                || (first == '-' && rest[1..].starts_with(|it: char| it.is_ascii_digit())) =>
            {
                number(rest)?
            }
            _ if first.is_alphabetic() || first == '_' => word(rest),
            _ => sign(rest).ok_or_else(|| FilterError::new(format!("`{first}` is not expected here")))?,
        };
        tokens.push(token);
        rest = rest.get(length..).unwrap_or_default().trim_start();
    }
    Ok(tokens)
}

/// With `\` before a quotation mark or another `\`.
fn quoted(text: &str, mark: char) -> Result<(Token, usize), FilterError> {
    let mut value = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((at, char)) = chars.next() {
        if char == mark {
            return Ok((Token::Text(value), at + 1));
        }
        let escaped = (char == '\\').then(|| chars.next()).flatten();
        value.push(escaped.map_or(char, |(_, escaped)| escaped));
    }
    Err(FilterError::new(format!("a text has no closing {mark}")))
}

fn bracketed(text: &str) -> Result<(Token, usize), FilterError> {
    let end = text.find(']').ok_or_else(|| FilterError::new("a `[` has no `]`"))?;
    let inner = text.get(1..end).unwrap_or_default().trim().trim_matches(['"', '\'']);
    Ok((Token::Bracketed(inner.to_owned()), end + 1))
}

fn number(text: &str) -> Result<(Token, usize), FilterError> {
    let is_part =
        |(at, char): (usize, char)| char.is_ascii_digit() || char == '.' || (at == 0 && char == '-');
    let length = text.char_indices().find(|it| !is_part(*it)).map_or(text.len(), |(at, _)| at);
    let digits = text.get(..length).unwrap_or_default();
    let value = digits.parse().map_err(|_| FilterError::new(format!("{digits} is not a number")))?;
    Ok((Token::Number(value), length))
}

fn word(text: &str) -> (Token, usize) {
    let is_part = |char: char| char.is_alphanumeric() || matches!(char, '_' | '.');
    let length = text.find(|char: char| !is_part(char)).unwrap_or(text.len());
    (Token::Word(text.get(..length).unwrap_or_default().to_owned()), length)
}

fn sign(text: &str) -> Option<(Token, usize)> {
    let sign = SIGNS.into_iter().find(|sign| text.starts_with(sign))?;
    Some((Token::Sign(sign), sign.len()))
}
