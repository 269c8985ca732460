//! Configuration of the function, read from its environment.

use contract::environment::{Environment, VariableError};

/// Everything the function reads from its environment.
#[derive(Clone, Debug)]
pub struct Config {
    /// `METRICS_BUCKETS`: the buckets to report, separated by commas.
    pub buckets: Vec<String>,
}

impl Config {
    /// Reads the configuration through `lookup`.
    ///
    /// # Errors
    ///
    /// Names the variable that is missing or empty.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, VariableError> {
        let name = "METRICS_BUCKETS";
        let listed = Environment(lookup).required(name)?;
        let mut buckets: Vec<String> = Vec::new();
        for bucket in listed.split(',').map(str::trim).filter(|bucket| !bucket.is_empty()) {
            if !buckets.iter().any(|known| known == bucket) {
                buckets.push(bucket.to_owned());
            }
        }
        if buckets.is_empty() { Err(VariableError { name }) } else { Ok(Self { buckets }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_read_once_each_and_none_is_an_error() {
        let read = |value: &'static str| Config::read(move |_| Some(value.to_owned()));

        assert_eq!(read(" a, b,,a").unwrap().buckets, ["a", "b"]);
        assert!(read(" , ").is_err());
    }
}
