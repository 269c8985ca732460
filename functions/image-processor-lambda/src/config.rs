//! What the environment says.

use std::{num::NonZeroU32, str::FromStr, time::Duration};

use thumbnail::{Limits, Rgb, Spec};

/// Memory of the function that is not for images: code, clients, buffers of the runtime.
const OVERHEAD_BYTES: u64 = 96 * 1024 * 1024;

/// Everything the function reads from its environment.
#[derive(Clone, Debug)]
pub struct Config {
    /// `ORIGINAL_BUCKET`: where uploads are.
    pub original_bucket: String,
    /// `PROCESSED_BUCKET`: where thumbnails go.
    pub processed_bucket: String,
    /// `METADATA_TABLE`: where items are recorded.
    pub metadata_table: String,
    /// `TOPIC_ARN`: where users' applications are notified.
    pub topic_arn: String,
    /// `QUEUE_URL`: where failed messages wait for their next attempt.
    pub queue_url: String,
    /// `THUMBNAIL_SIDES`: one thumbnail for each, the first being the item's `processedS3Key`;
    /// quality and background come from `THUMBNAIL_QUALITY` and `THUMBNAIL_BACKGROUND`.
    pub specs: Vec<Spec>,
    /// `MAX_UPLOAD_BYTES`, `MAX_PIXELS`, `MAX_DECODE_BYTES`, `DECODE_TIMEOUT_SECONDS`.
    pub limits: Limits,
    /// `RETRY_BASE_SECONDS`: wait before the second attempt.
    pub retry_base: Duration,
    /// Images in work at the same time, from the function's memory and the limits above.
    pub parallel: usize,
}

/// An environment variable is missing or malformed.
#[derive(Debug, thiserror::Error)]
#[error("environment variable {name} is missing or malformed")]
pub struct ConfigError {
    name: &'static str,
}

impl Config {
    /// Reads the configuration through `lookup`.
    ///
    /// # Errors
    ///
    /// Names the first variable that is missing or malformed.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let lookup = |name: &str| lookup(name).filter(|value| !value.trim().is_empty());
        let required = |name| lookup(name).ok_or(ConfigError { name });
        let defaults = Limits::default();
        let limits = Limits {
            max_bytes: parsed(&lookup, "MAX_UPLOAD_BYTES")?.unwrap_or(defaults.max_bytes),
            max_pixels: parsed(&lookup, "MAX_PIXELS")?.unwrap_or(defaults.max_pixels),
            max_decode_bytes: parsed(&lookup, "MAX_DECODE_BYTES")?.unwrap_or(defaults.max_decode_bytes),
            time: parsed(&lookup, "DECODE_TIMEOUT_SECONDS")?.map_or(defaults.time, Duration::from_secs),
        };
        let memory_mib = parsed(&lookup, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE")?.unwrap_or(1024);
        Ok(Self {
            original_bucket: required("ORIGINAL_BUCKET")?,
            processed_bucket: required("PROCESSED_BUCKET")?,
            metadata_table: required("METADATA_TABLE")?,
            topic_arn: required("TOPIC_ARN")?,
            queue_url: required("QUEUE_URL")?,
            specs: specs(&lookup)?,
            retry_base: Duration::from_secs(parsed(&lookup, "RETRY_BASE_SECONDS")?.unwrap_or(2)),
            parallel: parallel(memory_mib, &limits),
            limits,
        })
    }
}

fn specs(lookup: &impl Fn(&str) -> Option<String>) -> Result<Vec<Spec>, ConfigError> {
    let name = "THUMBNAIL_QUALITY";
    let default = Spec::default();
    let quality = parsed(lookup, name)?.unwrap_or(default.quality);
    if !(1..=100).contains(&quality) {
        return Err(ConfigError { name });
    }
    let background: Rgb = parsed(lookup, "THUMBNAIL_BACKGROUND")?.unwrap_or(default.background);
    let name = "THUMBNAIL_SIDES";
    let sides = lookup(name).unwrap_or_else(|| default.side_px.to_string());
    let side = |raw: &str| raw.trim().parse::<NonZeroU32>().map_err(|_| ConfigError { name });
    sides.split(',').map(|raw| Ok(Spec { side_px: side(raw)?, quality, background })).collect()
}

fn parsed<T: FromStr>(
    lookup: &impl Fn(&str) -> Option<String>,
    name: &'static str,
) -> Result<Option<T>, ConfigError> {
    lookup(name).map(|raw| raw.trim().parse().map_err(|_| ConfigError { name })).transpose()
}

/// As many images as fit beside each other at their worst, and always one.
fn parallel(memory_mib: u64, limits: &Limits) -> usize {
    let budget = (memory_mib * 1024 * 1024).saturating_sub(OVERHEAD_BYTES);
    let worst = limits.max_decode_bytes.saturating_add(limits.max_bytes).max(1);
    usize::try_from((budget / worst).clamp(1, 10)).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &'static str, value: &'static str) -> Result<Config, ConfigError> {
        Config::read(move |it| match it {
            _ if it == name => Some(value.to_owned()),
            "ORIGINAL_BUCKET" | "PROCESSED_BUCKET" | "METADATA_TABLE" | "TOPIC_ARN" | "QUEUE_URL" => {
                Some("x".to_owned())
            }
            _ => None,
        })
    }

    #[test]
    fn defaults_are_one_thumbnail_of_256_pixels() {
        let config = read("", "").unwrap();

        assert_eq!(config.specs, [Spec::default()]);
        assert_eq!(config.limits, Limits::default());
    }

    #[test]
    fn each_malformed_variable_is_named() {
        for (name, value) in [
            ("TOPIC_ARN", " "),
            ("THUMBNAIL_SIDES", "256,0"),
            ("THUMBNAIL_SIDES", "256,"),
            ("THUMBNAIL_QUALITY", "101"),
            ("THUMBNAIL_BACKGROUND", "white"),
            ("MAX_PIXELS", "many"),
        ] {
            let error = read(name, value).unwrap_err().to_string();
            assert!(error.contains(name), "{name}={value}: {error}");
        }
    }

    #[test]
    fn images_in_work_at_once_fit_the_memory() {
        let parallel = |memory| super::parallel(memory, &Limits::default());

        assert_eq!((parallel(128), parallel(1024), parallel(10_240)), (1, 3, 10));
    }
}
