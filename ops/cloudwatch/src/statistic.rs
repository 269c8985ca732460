//! Statistics: what can be asked about the values of a period.

mod bounds;
mod error;
mod percentile;

use std::fmt;
use std::str::FromStr;

pub use bounds::Bounds;
pub use error::UnknownStatistic;
pub use percentile::Percentile;

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
    /// The least value that this percentage of all values does not exceed.
    Percentile(Percentile),
    /// How many values lie between two absolute bounds.
    TrimmedCount(Bounds),
}

impl Statistic {
    /// The value of this statistic; `None` for an empty distribution, which is missing data, not zero.
    #[must_use]
    pub fn of(self, values: &Distribution) -> Option<f64> {
        self.over(&std::iter::once(values))
    }

    /// The value of this statistic over all of these together, without gathering them where it can be helped.
    pub fn over<'a>(self, parts: &(impl Iterator<Item = &'a Distribution> + Clone)) -> Option<f64> {
        let values = || parts.clone().flat_map(Distribution::iter);
        values().next()?;
        let count = || values().map(|(_, count)| count).sum::<f64>();
        let sum = || values().map(|(value, count)| value * count).sum::<f64>();
        Some(match self {
            Self::SampleCount => count(),
            Self::Sum => sum(),
            Self::Average => sum() / count(),
            Self::Minimum => values().map(|(value, _)| value).fold(f64::INFINITY, f64::min),
            Self::Maximum => values().map(|(value, _)| value).fold(f64::NEG_INFINITY, f64::max),
            Self::Percentile(percentile) => {
                let mut all = Distribution::default();
                parts.clone().for_each(|part| all.merge(part));
                nearest_rank(&all, percentile.fraction() * count())?
            }
            Self::TrimmedCount(bounds) => {
                values().filter(|(value, _)| bounds.contain(*value)).map(|(_, count)| count).sum()
            }
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
            _ => {
                let bounds = text.strip_prefix("TC(").and_then(|rest| rest.strip_suffix(')'));
                match (text.strip_prefix('p'), bounds) {
                    (Some(percent), _) => Self::Percentile(percent.parse()?),
                    (None, Some(bounds)) => Self::TrimmedCount(bounds.parse()?),
                    (None, None) => return Err(UnknownStatistic(text.to_owned())),
                }
            }
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
            Self::TrimmedCount(bounds) => write!(f, "TC({bounds})"),
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
    fn a_trimmed_count_leaves_out_the_lower_bound_and_takes_in_the_upper() {
        let values = Distribution::of_counted(&[5.0, 10.0, 20.0], &[1.0, 2.0, 4.0]).unwrap();
        let asked = ["TC(5:10)", "TC(5:)", "TC(:10)", "TC(20:)"].map(|name| ask(name, &values));
        assert_eq!(asked, [2.0, 6.0, 3.0, 0.0]);
    }

    #[test]
    fn no_values_is_missing_data_for_every_statistic() {
        for name in ["SampleCount", "Sum", "p50"] {
            assert_eq!(name.parse::<Statistic>().unwrap().of(&Distribution::default()), None);
        }
    }

    #[test]
    fn statistics_are_named_as_in_templates_and_back() {
        for name in [
            "SampleCount",
            "Sum",
            "Average",
            "Minimum",
            "Maximum",
            "p99",
            "p99.9",
            "p0.0000000001",
            "TC(10000:)",
            "TC(0.005:0.03)",
            "TC(:-1)",
        ] {
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
            "TC(:)",
            "TC(5)",
            "TC(5%:)",
            "TC(1e3:)",
            "tc90",
        ] {
            assert_eq!(name.parse::<Statistic>(), Err(UnknownStatistic(name.to_owned())));
        }
    }
}
