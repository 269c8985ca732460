//! Percentile of a statistic, such as the 99.9 of `p99.9`.

use std::fmt;
use std::str::FromStr;

use super::error::UnknownStatistic;

/// A percentage above 0 and up to 100, kept in parts of 10^10 so that it can be compared: CloudWatch
/// allows ten decimal places.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Percentile(u64);

const DECIMALS: usize = 10;
const PERCENT: u64 = 10_u64.pow(10);

impl Percentile {
    #[expect(clippy::cast_precision_loss, reason = "12 digits fit the 15 of a double")]
    pub(crate) fn fraction(self) -> f64 {
        self.0 as f64 / (100 * PERCENT) as f64
    }
}

impl FromStr for Percentile {
    type Err = UnknownStatistic;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || UnknownStatistic(format!("p{text}"));
        let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(decimals) || decimals.len() > DECIMALS {
            return Err(unknown());
        }
        let whole: u64 = whole.parse().map_err(|_| unknown())?;
        let parts: u64 = format!("{decimals:0<DECIMALS$}").parse().map_err(|_| unknown())?;
        match whole.checked_mul(PERCENT).and_then(|whole| whole.checked_add(parts)) {
            Some(parts) if (1..=100 * PERCENT).contains(&parts) => Ok(Self(parts)),
            _ => Err(unknown()),
        }
    }
}

impl fmt::Display for Percentile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, parts) = (self.0 / PERCENT, self.0 % PERCENT);
        if parts == 0 {
            return write!(f, "{whole}");
        }
        write!(f, "{whole}.{}", format!("{parts:0>DECIMALS$}").trim_end_matches('0'))
    }
}
