//! Latencies of a load's stages, as histograms of three significant digits.

use std::time::Duration;

use hdrhistogram::Histogram;
use hdrhistogram::errors::CreationError;
use serde::Serialize;

/// The longest latency that is distinguished; longer ones count as this.
const LONGEST_US: u64 = 24 * 3_600 * 1_000_000;

/// One part of an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// From when the upload was due to the API's answer, so that whatever kept the generator is in it.
    Api,
    /// From the API's answer to S3's.
    Put,
    /// From S3's answer to the time at which the result was recorded, which the item holds.
    Processing,
    /// From when the upload was due to the time at which the result was recorded.
    Whole,
}

impl Part {
    /// Every part, in order.
    pub const ALL: [Self; 4] = [Self::Api, Self::Put, Self::Processing, Self::Whole];
}

/// The latencies of all parts.
#[derive(Debug)]
pub struct Latencies([Histogram<u64>; 4]);

/// What is reported of a part.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Percentiles {
    /// Which part.
    pub stage: Part,
    /// How many uploads went through it.
    pub count: u64,
    /// Half of them took at most this.
    pub p50_ms: f64,
    /// Nine of ten.
    pub p90_ms: f64,
    /// 99 of 100.
    pub p99_ms: f64,
    /// The longest.
    pub max_ms: f64,
}

impl Latencies {
    /// None yet.
    ///
    /// # Errors
    ///
    /// When a histogram cannot have the bounds, which it can.
    pub fn new() -> Result<Self, CreationError> {
        let histogram = Histogram::new_with_bounds(1, LONGEST_US, 3)?;
        Ok(Self([histogram.clone(), histogram.clone(), histogram.clone(), histogram]))
    }

    /// Adds one latency of a part.
    pub fn add(&mut self, part: Part, latency: Duration) {
        let [api, put, processing, whole] = &mut self.0;
        let histogram = match part {
            Part::Api => api,
            Part::Put => put,
            Part::Processing => processing,
            Part::Whole => whole,
        };
        histogram.saturating_record(u64::try_from(latency.as_micros()).unwrap_or(LONGEST_US));
    }

    /// The percentiles of every part.
    #[must_use]
    pub fn percentiles(&self) -> [Percentiles; 4] {
        let [api, put, processing, whole] = &self.0;
        let of = |stage, histogram: &Histogram<u64>| {
            let quantile = |share| milliseconds(histogram.value_at_quantile(share));
            Percentiles {
                stage,
                count: histogram.len(),
                p50_ms: quantile(0.5),
                p90_ms: quantile(0.9),
                p99_ms: quantile(0.99),
                max_ms: milliseconds(histogram.max()),
            }
        };
        [of(Part::Api, api), of(Part::Put, put), of(Part::Processing, processing), of(Part::Whole, whole)]
    }
}

/// To the tenth.
fn milliseconds(microseconds: u64) -> f64 {
    let tenths = microseconds.div_ceil(100);
    f64::from(u32::try_from(tenths).unwrap_or(u32::MAX)) / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_latencies_within_three_digits() {
        let mut latencies = Latencies::new().unwrap();
        for milliseconds in 1..=1_000 {
            latencies.add(Part::Put, Duration::from_millis(milliseconds));
        }
        let [api, put, ..] = latencies.percentiles();
        assert_eq!((api.count, api.max_ms), (0, 0.0));
        assert_eq!(put.count, 1_000);
        for (found, expected) in
            [(put.p50_ms, 500.0), (put.p90_ms, 900.0), (put.p99_ms, 990.0), (put.max_ms, 1_000.0)]
        {
            assert!((found / expected - 1.0).abs() < 0.002, "{found}, not {expected}");
        }
    }
}
