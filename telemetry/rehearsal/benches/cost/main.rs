//! Measures what telemetry costs.

fn main() {}
