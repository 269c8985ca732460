//! Absolute bounds of a statistic, such as the `5:10` of `TC(5:10)`.

use std::fmt;
use std::str::FromStr;

use super::error::UnknownStatistic;

/// Values above the first bound and up to the second; at least one is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bounds {
    above: Option<Bound>,
    up_to: Option<Bound>,
}

/// A bound in parts of 10^6, so that it can be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Bound(i64);

const BOUND_PARTS: f64 = 1e6;

impl FromStr for Bound {
    type Err = ();

    #[expect(clippy::cast_possible_truncation, reason = "the bound is checked to fit")]
    fn from_str(text: &str) -> Result<Self, ()> {
        let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.' || byte == b'-');
        let number: f64 = text.parse().map_err(|_| ())?;
        let parts = (number * BOUND_PARTS).round();
        if plain && parts.abs() < 1e15 { Ok(Self(parts as i64)) } else { Err(()) }
    }
}

impl Bound {
    #[expect(clippy::cast_precision_loss, reason = "15 digits fit a double")]
    fn value(self) -> f64 {
        self.0 as f64 / BOUND_PARTS
    }
}

impl FromStr for Bounds {
    type Err = UnknownStatistic;

    /// Of `5:10`, `5:` or `:10`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || UnknownStatistic(format!("TC({text})"));
        let bound = |text: &str| match text {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(|()| unknown()),
        };
        let (above, up_to) = text.split_once(':').ok_or_else(unknown)?;
        match (bound(above)?, bound(up_to)?) {
            (None, None) => Err(unknown()),
            (above, up_to) => Ok(Self { above, up_to }),
        }
    }
}

impl fmt::Display for Bounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |bound: Option<Bound>| bound.map(|bound| bound.value().to_string()).unwrap_or_default();
        write!(f, "{}:{}", text(self.above), text(self.up_to))
    }
}

impl Bounds {
    pub(super) fn contain(self, value: f64) -> bool {
        self.above.is_none_or(|bound| value > bound.value())
            && self.up_to.is_none_or(|bound| value <= bound.value())
    }
}
