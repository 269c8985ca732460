//! The catalogue as data: what pages, dashboards and tests ask of it.

use crate::{Counter, Dimension, Size, Timer};

/// One metric of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Metric {
    /// The name as CloudWatch shows it.
    pub name: &'static str,
    /// The unit as CloudWatch spells it.
    pub unit: &'static str,
    /// The dimension beside `service` under which it is published too.
    pub dimension: Option<Dimension>,
    /// The service that tells it; [`Metric::EVERY_SERVICE`] where this crate does.
    pub source: &'static str,
    /// What it means.
    pub help: &'static str,
}

macro_rules! all {
    ($kind:ident) => {
        $kind::ALL.iter().map(|it| Metric {
            name: it.name(),
            unit: $kind::UNIT,
            dimension: it.dimension(),
            source: it.source(),
            help: it.help().trim(),
        })
    };
}

impl Metric {
    /// The source of what this crate tells for each service.
    pub const EVERY_SERVICE: &str = "telemetry";

    /// Each metric of the catalogue, once.
    pub fn all() -> impl Iterator<Item = Self> {
        all!(Counter).chain(all!(Timer)).chain(all!(Size))
    }
}
