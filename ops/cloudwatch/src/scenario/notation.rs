//! Notation of series and timelines in test files.
//!
//! ```text
//! 0x10 5 _ 3x5       ten minutes of 0, one of 5, one without data, five of 3
//! (0 1)x5            0 1 0 1 0 1 0 1 0 1
//! 200#99+5000        in one minute 99 samples of 200 and one of 5000
//! 5m: 1x3            one datapoint every five minutes
//! ```

use super::{Entry, Minutes};
use crate::alarm::State;
use crate::datapoint::{Distribution, InvalidDatapoint};

/// No test needs a longer series; a slip of the finger does.
const MAX_INTERVALS: usize = 50_000;

/// A series over intervals of equal length.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    /// How long an interval is.
    pub every: Minutes,
    /// What was reported in each.
    pub intervals: Vec<Option<Distribution>>,
}

/// What is wrong with a text.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum NotationError {
    /// Something else should stand here.
    #[error("`{text}` is not {expected}")]
    Expected {
        /// What stands there.
        text: String,
        /// What should.
        expected: &'static str,
    },
    /// A parenthesis without its fellow.
    #[error("a parenthesis is not closed, or closes nothing")]
    Parenthesis,
    /// Far more intervals than a test needs.
    #[error("more than {MAX_INTERVALS} intervals")]
    TooLong,
    /// A timeline that goes back.
    #[error("`{0}` is not after the entry before it")]
    Order(String),
    /// A value that CloudWatch would not take.
    #[error("`{text}` is not a datapoint")]
    Value {
        /// What stands there.
        text: String,
        /// Why not.
        source: InvalidDatapoint,
    },
}

fn expected(text: &str, expected: &'static str) -> NotationError {
    NotationError::Expected { text: text.to_owned(), expected }
}

impl Written {
    /// The series that `text` spells.
    ///
    /// # Errors
    /// Text that spells none.
    pub fn parse(text: &str) -> Result<Self, NotationError> {
        let (every, text) = match text.split_once(':') {
            Some((every, rest)) => (duration(every.trim())?, rest),
            None => (Minutes(1), text),
        };
        let spaced = text.replace('(', " ( ").replace(')', " ) ");
        let mut words = spaced.split_whitespace().peekable();
        let mut stack: Vec<Vec<Option<Distribution>>> = vec![Vec::new()];
        while let Some(word) = words.next() {
            let items = match word {
                "(" => {
                    stack.push(Vec::new());
                    continue;
                }
                ")" => {
                    let group = stack.pop().ok_or(NotationError::Parenthesis)?;
                    let times = match words.next_if(|word| word.starts_with('x')) {
                        Some(times) => count(times.trim_start_matches('x'))?,
                        None => 1,
                    };
                    repeat(&group, times)?
                }
                word => interval(word)?,
            };
            let top = stack.last_mut().ok_or(NotationError::Parenthesis)?;
            top.extend(items);
            if top.len() > MAX_INTERVALS {
                return Err(NotationError::TooLong);
            }
        }
        match (stack.pop(), stack.is_empty()) {
            (Some(intervals), true) => Ok(Self { every, intervals }),
            _ => Err(NotationError::Parenthesis),
        }
    }

    /// How long the series is.
    #[must_use]
    pub fn length(&self) -> Minutes {
        Minutes(self.every.0.saturating_mul(i64::try_from(self.intervals.len()).unwrap_or(i64::MAX)))
    }
}

fn repeat(items: &[Option<Distribution>], times: usize) -> Result<Vec<Option<Distribution>>, NotationError> {
    if items.len().saturating_mul(times) > MAX_INTERVALS {
        return Err(NotationError::TooLong);
    }
    Ok(items.iter().cycle().take(items.len() * times).cloned().collect())
}

/// `5`, `5x3`, `_`, `_x3`, `200#99+5000`, `200#99+5000x3`.
fn interval(word: &str) -> Result<Vec<Option<Distribution>>, NotationError> {
    let (samples, times) = match word.split_once('x') {
        Some((samples, times)) => (samples, count(times)?),
        None => (word, 1),
    };
    let datapoint = if samples == "_" { None } else { Some(datapoint(samples)?) };
    repeat(&[datapoint], times)
}

fn datapoint(text: &str) -> Result<Distribution, NotationError> {
    let (mut values, mut counts) = (Vec::new(), Vec::new());
    for sample in text.split('+') {
        let (value, count) = sample.split_once('#').unwrap_or((sample, "1"));
        let number = |text: &str| text.parse::<f64>().map_err(|_| expected(sample, "a value or `_`"));
        values.push(number(value)?);
        counts.push(number(count)?);
    }
    let datapoint = Distribution::of_counted(&values, &counts);
    datapoint.map_err(|source| NotationError::Value { text: text.to_owned(), source })
}

fn count(text: &str) -> Result<usize, NotationError> {
    text.parse().map_err(|_| expected(text, "a whole number of times"))
}

/// Minutes written as `90m`, `1h`, `1h30m` or `1d`.
///
/// # Errors
/// Text that spells no duration.
pub fn duration(text: &str) -> Result<Minutes, NotationError> {
    let wrong = || expected(text, "a duration such as 90m, 1h30m or 1d");
    let mut minutes: i64 = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let unit_at = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
        let (number, tail) = rest.split_at(unit_at);
        let number: i64 = number.parse().map_err(|_| wrong())?;
        let unit = match tail.chars().next() {
            Some('m') => 1,
            Some('h') => 60,
            Some('d') => 24 * 60,
            _ => return Err(wrong()),
        };
        minutes = number.checked_mul(unit).and_then(|more| minutes.checked_add(more)).ok_or_else(wrong)?;
        rest = tail.get(1..).unwrap_or_default();
    }
    if text.is_empty() { Err(wrong()) } else { Ok(Minutes(minutes)) }
}

/// A timeline such as `1m OK, 6m ALARM, 16m OK`; empty text is a timeline without entries.
///
/// # Errors
/// Text that spells none, and entries out of order.
pub fn entries(text: &str) -> Result<Vec<Entry>, NotationError> {
    let mut entries: Vec<Entry> = Vec::new();
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let wrong = || expected(part, "a time and a state, such as 6m ALARM");
        let (at, state) = part.split_once(' ').ok_or_else(wrong)?;
        let state = State::ALL.into_iter().find(|known| known.as_str() == state.trim()).ok_or_else(wrong)?;
        let entry = Entry { at: duration(at)?, state };
        if entries.last().is_some_and(|before| before.at >= entry.at) {
            return Err(NotationError::Order(part.to_owned()));
        }
        entries.push(entry);
    }
    Ok(entries)
}
