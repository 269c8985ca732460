//! A set of formats, as an operator accepts them.

use std::fmt;
use std::str::FromStr;

use crate::format::Format;

/// Formats that are accepted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Formats(u16);

impl Formats {
    /// All that this build decodes.
    pub const BUILT: Self = {
        let mut set = Self(0);
        let mut at = 0;
        while at < Format::ALL.len() {
            #[expect(clippy::indexing_slicing, reason = "the loop's bound")]
            let format = Format::ALL[at];
            if format.is_built() {
                set = set.with(format);
            }
            at += 1;
        }
        set
    };

    /// Whether the format is one of them.
    #[must_use]
    pub const fn contains(self, format: Format) -> bool {
        self.0 & Self::bit(format) != 0
    }

    /// These, and one more.
    #[must_use]
    const fn with(self, format: Format) -> Self {
        Self(self.0 | Self::bit(format))
    }

    const fn bit(format: Format) -> u16 {
        1 << format as u16
    }

    fn iter(self) -> impl DoubleEndedIterator<Item = Format> {
        Format::ALL.into_iter().filter(move |format| self.contains(*format))
    }
}

impl fmt::Debug for Formats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl fmt::Display for Formats {
    /// Lists them as a sentence does: `JPEG, PNG or WebP`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest: Vec<&str> = self.iter().map(Format::name).collect();
        let last = rest.pop().unwrap_or("no");
        if rest.is_empty() { f.write_str(last) } else { write!(f, "{} or {last}", rest.join(", ")) }
    }
}

/// The text was no list of formats.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is no format that this build decodes; write all, or some of {built} with commas between")]
pub struct ParseFormatsError {
    name: String,
    built: String,
}

impl FromStr for Formats {
    type Err = ParseFormatsError;

    /// Reads `all`, or names such as `jpeg,png,heic`.
    fn from_str(text: &str) -> Result<Self, ParseFormatsError> {
        if text == "all" {
            return Ok(Self::BUILT);
        }
        let lower = |format: Format| format.name().to_lowercase();
        text.split(',').map(str::trim).try_fold(Self(0), |set, name| {
            let found = Self::BUILT.iter().find(|format| lower(*format) == name);
            found.map(|format| set.with(format)).ok_or_else(|| {
                let built: Vec<String> = Self::BUILT.iter().map(lower).collect();
                ParseFormatsError { name: name.to_owned(), built: built.join(", ") }
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_names_is_read_and_said_as_a_sentence() {
        let some: Formats = "jpeg, heic,png".parse().unwrap();
        assert!(some.contains(Format::Heic) && !some.contains(Format::Gif));
        assert_eq!(some.to_string(), "JPEG, PNG or HEIC");
        assert_eq!("all".parse(), Ok(Formats::BUILT));
    }

    #[test]
    fn what_is_no_list_of_built_formats_is_refused() {
        for text in ["", "jpg", "JPEG", "jpeg,", "all,jpeg", "jpeg;png"] {
            let error = text.parse::<Formats>().unwrap_err();
            assert!(error.to_string().contains("jpeg, png, webp"), "{error}");
        }
    }
}
