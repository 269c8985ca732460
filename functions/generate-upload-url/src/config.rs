//! Configuration of the function, read from its environment.

use contract::environment::{Environment, VariableError};

use crate::content_type::Accepted;

/// Largest upload that a URL is signed for when nothing else is configured: 50 MiB.
const DEFAULT_MAX_UPLOAD_BYTES: u64 = 50 * 1024 * 1024;

/// Everything the function reads from its environment.
#[derive(Clone, Debug)]
pub struct Config {
    /// `ORIGINAL_BUCKET`: where uploads go.
    pub original_bucket: String,
    /// `MAX_UPLOAD_BYTES`: the largest length that is signed.
    pub max_upload_bytes: u64,
    /// `ACCEPTED_FORMATS`: the formats that are signed.
    pub accepted: Accepted,
    /// `REQUIRE_CONTENT_LENGTH`: whether no URL is signed without a length.
    pub requires_length: bool,
}

impl Config {
    /// Reads the configuration through `lookup`.
    ///
    /// # Errors
    ///
    /// Names the first variable that is missing or malformed.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, VariableError> {
        let environment = Environment(lookup);
        let name = "MAX_UPLOAD_BYTES";
        let max_upload_bytes = environment.or(name, DEFAULT_MAX_UPLOAD_BYTES)?;
        if max_upload_bytes == 0 {
            return Err(VariableError { name });
        }
        let name = "REQUIRE_CONTENT_LENGTH";
        let requires_length = match environment.text(name).as_deref() {
            Some("enabled") => true,
            Some("disabled") | None => false,
            Some(_) => return Err(VariableError { name }),
        };
        Ok(Self {
            original_bucket: environment.required("ORIGINAL_BUCKET")?,
            max_upload_bytes,
            accepted: environment.or("ACCEPTED_FORMATS", Accepted::ALL)?,
            requires_length,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_or_malformed_is_named() {
        let error = Config::read(|_| None).unwrap_err();
        assert_eq!(error.to_string(), "environment variable ORIGINAL_BUCKET is missing or malformed");

        for limit in ["0", "-1", "50MB"] {
            let error =
                Config::read(|name| Some(if name == "ORIGINAL_BUCKET" { "b" } else { limit }.to_owned()));
            assert!(error.unwrap_err().to_string().contains("MAX_UPLOAD_BYTES"), "{limit}");
        }

        for (malformed, value) in [("ACCEPTED_FORMATS", "jpeg,jpg"), ("REQUIRE_CONTENT_LENGTH", "true")] {
            let error = Config::read(|name| match name {
                "ORIGINAL_BUCKET" => Some("b".to_owned()),
                name => (name == malformed).then(|| value.to_owned()),
            });
            assert!(error.unwrap_err().to_string().contains(malformed));
        }
    }
}
