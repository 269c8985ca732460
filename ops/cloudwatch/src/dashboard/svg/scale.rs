//! Scales of a chart: values and times become places, with ticks at numbers that people read easily.

use crate::time::Timestamp;

/// From the least to the greatest value of an axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Range {
    pub(super) low: f64,
    pub(super) high: f64,
}

impl Range {
    /// A range that holds all values, with a little room above unless an end is fixed.
    pub(super) fn around(values: impl Iterator<Item = f64>, min: Option<f64>, max: Option<f64>) -> Self {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values {
            (low, high) = (low.min(value), high.max(value));
        }
        if low > high {
            (low, high) = (min.unwrap_or(0.0), max.unwrap_or(1.0));
        }
        let low = min.unwrap_or(low);
        let high = max.unwrap_or(high + (high - low).abs() * 0.05);
        // Flat lines need some room, or there is no scale at all.
        if high > low { Self { low, high } } else { Self { low, high: low + low.abs().max(1.0) } }
    }

    pub(super) fn share(self, value: f64) -> f64 {
        (value - self.low) / (self.high - self.low)
    }

    /// About `count` round values in the range.
    pub(super) fn ticks(self, count: u32) -> Vec<f64> {
        let rough = (self.high - self.low) / f64::from(count.max(1));
        let magnitude = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().map(|step| step * magnitude);
        let step = step.into_iter().find(|step| *step >= rough * 0.999).unwrap_or(magnitude * 10.0);
        let first = (self.low / step).ceil();
        let ticks = (0..count * 2).map(|index| (first + f64::from(index)) * step);
        ticks.take_while(|tick| *tick <= self.high * (1.0 + 1e-9) + 1e-12).collect()
    }
}

/// A value as it fits beside an axis: `1.2k`, `35M`, `0.05`.
#[must_use]
pub fn short(value: f64) -> String {
    let magnitude = value.abs();
    let (scaled, suffix) = match magnitude {
        m if m >= 1e12 => (value / 1e12, "T"),
        m if m >= 1e9 => (value / 1e9, "G"),
        m if m >= 1e6 => (value / 1e6, "M"),
        m if m >= 1e3 => (value / 1e3, "k"),
        _ => (value, ""),
    };
    let decimals = match scaled.abs() {
        s if s >= 100.0 => 0,
        s if s >= 10.0 => 1,
        s if s >= 1.0 || s == 0.0 => 2,
        _ => 3,
    };
    let text = format!("{scaled:.decimals$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text}{suffix}")
}

/// Round times in a span, at most about `count`, in milliseconds since 1970.
pub(super) fn times(from: Timestamp, until: Timestamp, count: i64) -> Vec<Timestamp> {
    const MINUTES: [i64; 13] = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 10_080];
    let span = until.as_millis() - from.as_millis();
    let step = MINUTES.iter().map(|minutes| minutes * 60_000).find(|step| span / step <= count);
    let step = step.unwrap_or(span.max(1));
    let first = from.as_millis() + (step - from.as_millis().rem_euclid(step)) % step;
    let ticks = (0..=count).map(|index| first + index * step).take_while(|tick| *tick <= until.as_millis());
    ticks.map(Timestamp::from_millis).collect()
}

/// `14:05` of a day, in UTC.
pub(super) fn clock(at: Timestamp) -> String {
    let minutes = at.as_millis().div_euclid(60_000).rem_euclid(1440);
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}
