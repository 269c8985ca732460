//! References between alarms, dashboards, runbooks and code hold in both directions.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of a test may panic"
)]

mod catalogue {
    pub(crate) mod assets;
    mod comparison;
    mod costs;
    mod dashboards;
    mod expressions;
    mod languages;
    mod links;
    mod metrics;
    mod runbooks;
    mod settings;
}
