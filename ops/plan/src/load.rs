//! Load: what is asked about.

use serde::Serialize;

/// Seconds of a month of 30 days.
pub const MONTH_SECONDS: f64 = 30.0 * 86_400.0;

/// How often a client asks how its upload ended, where nothing else is given and `StatusApi` answers.
pub const STATUSES_PER_UPLOAD: f64 = 3.0;

/// A load.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Load {
    /// Uploads a second, day and night.
    pub uploads_per_second: f64,
    /// Of an upload.
    pub megapixels: f64,
    /// Months that uploads have been stored.
    pub months: f64,
    /// Users of a month.
    pub users: f64,
    /// How often the API is asked how an upload ended.
    pub statuses_per_upload: f64,
    /// The share of attempts that fail and are tried again.
    pub faults: f64,
    /// Partitions that S3 has made of each folder.
    pub prefixes: f64,
    /// What random numbers are drawn by.
    pub seed: u64,
    /// Uploads that are simulated.
    pub simulated: usize,
}

impl Default for Load {
    fn default() -> Self {
        Self {
            uploads_per_second: 1.0,
            megapixels: 12.0,
            months: 1.0,
            users: 0.0,
            statuses_per_upload: 0.0,
            faults: 0.0,
            prefixes: 1.0,
            seed: 0,
            simulated: 20_000,
        }
    }
}

impl Load {
    /// Uploads of a month.
    #[must_use]
    pub fn monthly(&self) -> f64 {
        self.uploads_per_second * MONTH_SECONDS
    }
}
