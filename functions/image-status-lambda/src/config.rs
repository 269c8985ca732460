//! Configuration of the function, read from its environment.

use contract::environment::{Environment, VariableError};

/// Everything the function reads from its environment.
#[derive(Clone, Debug)]
pub struct Config {
    /// `METADATA_TABLE`: where the items are.
    pub metadata_table: String,
    /// `PROCESSED_BUCKET`: where the thumbnails are.
    pub processed_bucket: String,
}

impl Config {
    /// Reads the configuration through `lookup`.
    ///
    /// # Errors
    ///
    /// Names the first variable that is missing.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, VariableError> {
        let environment = Environment(lookup);
        Ok(Self {
            metadata_table: environment.required("METADATA_TABLE")?,
            processed_bucket: environment.required("PROCESSED_BUCKET")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named() {
        for missing in ["METADATA_TABLE", "PROCESSED_BUCKET"] {
            let error = Config::read(|name| (name != missing).then(|| "x".to_owned())).unwrap_err();
            assert_eq!(error.to_string(), format!("environment variable {missing} is missing or malformed"));
        }
    }
}
