//! Schedule of a load: when each upload begins, decided before the first one does.
//!
//! An open loop: no upload waits for another one's end, so a slow pipeline does not slow the load down that it is measured by.

use std::time::Duration;

use fastrand::Rng;

use super::mix::{Kind, Mix};

/// One upload to come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Arrival {
    /// Its number, from 0.
    pub number: usize,
    /// When it begins, since the start of the load.
    pub at: Duration,
    /// What it is.
    pub kind: Kind,
}

/// When uploads begin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Spacing {
    /// Independent of each other, as users come: a Poisson process.
    #[default]
    Poisson,
    /// Equally far from each other.
    Uniform,
}

/// The arrivals of a load, in order; the same seed gives the same ones.
#[derive(Clone, Debug)]
pub struct Schedule {
    rate: f64,
    duration: Duration,
    most: usize,
    spacing: Spacing,
    mix: Mix,
    random: Rng,
    number: usize,
    seconds: f64,
}

impl Schedule {
    /// `rate` uploads a second for `duration`, and not more than `most` of them.
    #[must_use]
    pub fn new(rate: f64, duration: Duration, most: usize, spacing: Spacing, mix: Mix, seed: u64) -> Self {
        let random = Rng::with_seed(seed);
        Self { rate, duration, most, spacing, mix, random, number: 0, seconds: 0.0 }
    }
}

impl Iterator for Schedule {
    type Item = Arrival;

    fn next(&mut self) -> Option<Arrival> {
        let mean = self.rate.recip();
        self.seconds += match self.spacing {
            // The inverse of the exponential distribution; 1 - f64() is never 0.
            Spacing::Poisson => -(1.0 - self.random.f64()).ln() * mean,
            Spacing::Uniform if self.number == 0 => 0.0,
            Spacing::Uniform => mean,
        };
        let at = Duration::try_from_secs_f64(self.seconds).ok().filter(|at| *at < self.duration)?;
        let number = self.number;
        if number == self.most {
            return None;
        }
        self.number += 1;
        Some(Arrival { number, at, kind: self.mix.draw(&mut self.random) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(spacing: Spacing, seed: u64) -> Vec<Arrival> {
        Schedule::new(20.0, Duration::from_secs(100), usize::MAX, spacing, Mix::default(), seed).collect()
    }

    #[test]
    fn the_same_seed_gives_the_same_arrivals_and_another_one_others() {
        assert_eq!(schedule(Spacing::Poisson, 7), schedule(Spacing::Poisson, 7));
        assert_ne!(schedule(Spacing::Poisson, 7), schedule(Spacing::Poisson, 8));
    }

    #[test]
    fn arrivals_come_at_the_rate_and_poisson_ones_as_unevenly_as_users() {
        let uniform = schedule(Spacing::Uniform, 1);
        assert_eq!(uniform.len(), 2_000);
        assert_eq!(uniform[20].at, Duration::from_secs(1));
        let poisson = schedule(Spacing::Poisson, 1);
        // Three standard deviations.
        assert!((1_866..2_134).contains(&poisson.len()), "{}", poisson.len());
        let gaps: Vec<f64> =
            poisson.windows(2).map(|two| two[1].at.as_secs_f64() - two[0].at.as_secs_f64()).collect();
        // Of exponential gaps, 1 - 1/e are below the mean.
        let below = gaps.iter().filter(|gap| **gap < 0.05).count();
        assert!((1_190..1_340).contains(&below), "{below} of {}", gaps.len());
    }

    #[test]
    fn no_more_arrivals_come_than_are_asked_for() {
        let few = Schedule::new(20.0, Duration::MAX, 3, Spacing::Uniform, Mix::default(), 1);
        assert_eq!(few.count(), 3);
    }
}
