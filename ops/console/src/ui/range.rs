//! Time range of a page's graphs, as its address states it.

use maud::{Markup, html};
use serde::Deserialize;

const HOUR_MS: i64 = 3_600_000;
/// Those that can be chosen: as an address has it, for people, in milliseconds.
const RANGES: [(&str, &str, i64); 5] = [
    ("1h", "1 hour", HOUR_MS),
    ("3h", "3 hours", 3 * HOUR_MS),
    ("12h", "12 hours", 12 * HOUR_MS),
    ("1d", "1 day", 24 * HOUR_MS),
    ("1w", "1 week", 7 * 24 * HOUR_MS),
];

/// What an address says of it.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Range {
    range: Option<String>,
}

impl Range {
    /// How far back, in milliseconds; `default` where the address says nothing that is known.
    pub(crate) fn millis(&self, default: i64) -> i64 {
        let chosen = RANGES.iter().find(|(name, ..)| Some(*name) == self.range.as_deref());
        chosen.map_or(default, |(_, _, millis)| *millis)
    }

    /// Links to the same page with each range; what is in force is marked.
    pub(crate) fn links(&self, default: i64) -> Markup {
        let now = self.millis(default);
        html! {
            nav .choices aria-label="Time range" {
                @for (name, title, millis) in RANGES {
                    a href={ "?range=" (name) } aria-current=[(millis == now).then_some("true")] { (title) }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_range_is_the_default() {
        let of = |text: Option<&str>| Range { range: text.map(str::to_owned) }.millis(5);
        assert_eq!([of(None), of(Some("9y")), of(Some("1h"))], [5, 5, HOUR_MS]);
    }
}
