//! Percentiles of times.

use serde::Serialize;

/// Of many times, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Percentiles {
    /// On average.
    pub mean_ms: f64,
    /// Half of them are at most this.
    pub p50_ms: f64,
    /// Nine of ten.
    pub p90_ms: f64,
    /// 99 of 100.
    pub p99_ms: f64,
    /// The longest.
    pub max_ms: f64,
}

impl Percentiles {
    /// Of these seconds.
    #[must_use]
    pub fn of(mut seconds: Vec<f64>) -> Self {
        seconds.sort_unstable_by(f64::total_cmp);
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let count = seconds.len().max(1) as f64;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in the list")]
        let at = |share: f64| {
            let place = ((count * share).ceil() as usize).max(1) - 1;
            seconds.get(place).copied().unwrap_or_default() * 1_000.0
        };
        Self {
            mean_ms: seconds.iter().sum::<f64>() / count * 1_000.0,
            p50_ms: at(0.5),
            p90_ms: at(0.9),
            p99_ms: at(0.99),
            max_ms: at(1.0),
        }
    }
}
