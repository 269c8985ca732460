//! What can be asked about the values of a period.

use std::fmt;
use std::str::FromStr;

use crate::datapoint::Distribution;

/// A statistic of CloudWatch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Statistic {
    /// How many values.
    SampleCount,
    /// Their sum.
    Sum,
    /// Sum by count.
    Average,
    /// The least.
    Minimum,
    /// The greatest.
    Maximum,
    /// The least value that so many of all values do not exceed.
    Percentile(Percentile),
}

/// A percentage above 0 and up to 100, kept in parts of 10^10 so that it can be compared: CloudWatch
/// allows ten decimal places.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Percentile(u64);

/// A name that is no statistic.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not SampleCount, Sum, Average, Minimum, Maximum or a percentile such as p99.9")]
pub struct UnknownStatistic(pub String);

const DECIMALS: usize = 10;
const PERCENT: u64 = 10_u64.pow(10);

impl Percentile {
    /// The whole percentage `percent`.
    ///
    /// # Errors
    /// Zero and what exceeds a hundred.
    pub fn from_percent(percent: u8) -> Result<Self, UnknownStatistic> {
        format!("{percent}").parse()
    }

    #[expect(clippy::cast_precision_loss, reason = "12 digits fit the 15 of a double")]
    fn fraction(self) -> f64 {
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

impl Statistic {
    /// The value of this statistic; `None` for an empty distribution, which is missing data, not zero.
    #[must_use]
    pub fn of(self, values: &Distribution) -> Option<f64> {
        let count: f64 = values.iter().map(|(_, count)| count).sum();
        let sum = || values.iter().map(|(value, count)| value * count).sum::<f64>();
        let (least, greatest) = (values.iter().next()?.0, values.iter().next_back()?.0);
        Some(match self {
            Self::SampleCount => count,
            Self::Sum => sum(),
            Self::Average => sum() / count,
            Self::Minimum => least,
            Self::Maximum => greatest,
            Self::Percentile(percentile) => nearest_rank(values, percentile.fraction() * count)?,
        })
    }
}

/// CloudWatch does not publish how it interpolates; the nearest rank is always a value that was reported.
fn nearest_rank(values: &Distribution, rank: f64) -> Option<f64> {
    let mut seen = 0.0;
    // A rank such as 0.07 × 100 is a hair above 7 in binary.
    let rank = rank * (1.0 - 4.0 * f64::EPSILON);
    let at_rank = values.iter().find(|(_, count)| {
        seen += count;
        seen >= rank
    });
    at_rank.or_else(|| values.iter().next_back()).map(|(value, _)| value)
}

impl FromStr for Statistic {
    type Err = UnknownStatistic;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "SampleCount" => Self::SampleCount,
            "Sum" => Self::Sum,
            "Average" => Self::Average,
            "Minimum" => Self::Minimum,
            "Maximum" => Self::Maximum,
            _ => match text.strip_prefix('p') {
                Some(percent) => Self::Percentile(percent.parse()?),
                None => return Err(UnknownStatistic(text.to_owned())),
            },
        })
    }
}

impl fmt::Display for Statistic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SampleCount => f.write_str("SampleCount"),
            Self::Sum => f.write_str("Sum"),
            Self::Average => f.write_str("Average"),
            Self::Minimum => f.write_str("Minimum"),
            Self::Maximum => f.write_str("Maximum"),
            Self::Percentile(percentile) => write!(f, "p{percentile}"),
        }
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the vectors have exact answers")]
mod tests {
    use super::*;

    fn ask(statistic: &str, values: &Distribution) -> f64 {
        statistic.parse::<Statistic>().unwrap().of(values).unwrap()
    }

    #[test]
    fn simple_statistics_weigh_values_by_their_counts() {
        let values = Distribution::of_counted(&[10.0, 20.0, -5.0], &[3.0, 1.0, 2.0]).unwrap();
        let all = ["SampleCount", "Sum", "Average", "Minimum", "Maximum"].map(|name| ask(name, &values));
        assert_eq!(all, [6.0, 40.0, 40.0 / 6.0, -5.0, 20.0]);
    }

    #[test]
    fn a_percentile_is_the_least_value_that_enough_others_do_not_exceed() {
        let hundred: Vec<f64> = (1..=100).map(f64::from).collect();
        let values = Distribution::of_values(&hundred).unwrap();
        let asked = ["p1", "p7", "p50", "p99", "p99.9", "p100"].map(|name| ask(name, &values));
        assert_eq!(asked, [1.0, 7.0, 50.0, 99.0, 100.0, 100.0]);
    }

    #[test]
    fn percentiles_weigh_values_by_their_counts() {
        let values = Distribution::of_counted(&[1.0, 1000.0], &[99.0, 1.0]).unwrap();
        assert_eq!(["p50", "p99", "p99.1"].map(|name| ask(name, &values)), [1.0, 1.0, 1000.0]);
    }

    #[test]
    fn no_values_is_missing_data_for_every_statistic() {
        for name in ["SampleCount", "Sum", "p50"] {
            assert_eq!(name.parse::<Statistic>().unwrap().of(&Distribution::default()), None);
        }
    }

    #[test]
    fn statistics_are_named_as_in_templates_and_back() {
        for name in ["SampleCount", "Sum", "Average", "Minimum", "Maximum", "p99", "p99.9", "p0.0000000001"] {
            assert_eq!(name.parse::<Statistic>().unwrap().to_string(), name);
        }
        for name in [
            "sum",
            "p0",
            "p101",
            "p",
            "p-1",
            "p9.9.9",
            "p1e1",
            "p99.00000000001",
            "",
            "p99999999999999999999",
        ] {
            assert_eq!(name.parse::<Statistic>(), Err(UnknownStatistic(name.to_owned())));
        }
    }
}
