//! Filter expressions, after docs.aws.amazon.com/xray/latest/devguide/xray-console-filters.html.
//!
//! Keywords and operators are read in any case. Expressions beside each other are joined as by `AND`. `edge()`, `group`,
//! `json`, `rootcause` and the keywords that only they know are refused by name: the local stack has no service map.

mod keywords;
mod lexer;
mod matching;
mod parser;

use std::cmp::Ordering;

use super::view::View;

/// Why an expression is refused, for its author.
#[derive(Debug, PartialEq, thiserror::Error)]
#[error("Invalid filter expression: {0}.")]
pub(crate) struct FilterError(String);

impl FilterError {
    fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

/// A filter expression.
#[derive(Debug, PartialEq)]
pub(super) struct Filter(Expression);

impl Filter {
    pub(super) fn parse(text: &str) -> Result<Self, FilterError> {
        parser::parse(text).map(Self)
    }

    pub(super) fn matches(&self, view: &View) -> bool {
        matching::trace(&self.0, view)
    }
}

#[derive(Debug, PartialEq)]
enum Expression {
    All(Vec<Expression>),
    Any(Vec<Expression>),
    Not(Box<Expression>),
    Flag(Flag),
    Number(NumberKey, Comparison, f64),
    Text(TextKey, TextTest, String),
    /// The keyword has a value, whichever.
    IsSet(Key),
    Annotation(String, AnnotationTest),
    Service {
        name: Option<String>,
        kind: Option<String>,
        filter: Option<Box<Expression>>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Flag {
    Ok,
    Error,
    Throttle,
    Fault,
    Partial,
    Root,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum NumberKey {
    ResponseTime,
    Duration,
    HttpStatus,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum TextKey {
    HttpUrl,
    HttpMethod,
    HttpUserAgent,
    HttpClientIp,
    User,
    Name,
    Type,
    Message,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Key {
    Number(NumberKey),
    Text(TextKey),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum TextTest {
    Equal,
    NotEqual,
    Contains,
    BeginsWith,
    EndsWith,
}

#[derive(Debug, PartialEq)]
enum AnnotationTest {
    IsSet,
    Number(Comparison, f64),
    Text(TextTest, String),
    Flag(bool),
}

impl Comparison {
    fn holds(self, value: f64, limit: f64) -> bool {
        let Some(ordering) = value.partial_cmp(&limit) else { return false };
        match self {
            Self::Equal => ordering == Ordering::Equal,
            Self::NotEqual => ordering != Ordering::Equal,
            Self::Less => ordering == Ordering::Less,
            Self::LessOrEqual => ordering != Ordering::Greater,
            Self::Greater => ordering == Ordering::Greater,
            Self::GreaterOrEqual => ordering != Ordering::Less,
        }
    }
}

impl TextTest {
    fn holds(self, value: &str, wanted: &str) -> bool {
        match self {
            Self::Equal => value == wanted,
            Self::NotEqual => value != wanted,
            Self::Contains => value.contains(wanted),
            Self::BeginsWith => value.starts_with(wanted),
            Self::EndsWith => value.ends_with(wanted),
        }
    }
}
