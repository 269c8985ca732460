//! Configuration of the function, read from its environment.

use std::{num::NonZeroU32, time::Duration};

use contract::environment::{Environment, VariableError};
use thumbnail::{Limits, Options, Rgb};

/// Memory of the function that is not for images: code, clients, buffers of the runtime.
const OVERHEAD_BYTES: u64 = 96 * 1024 * 1024;
/// Lambda gives a whole core for each of these, and parts of one below.
const MIB_OF_A_CORE: u64 = 1_769;
/// Messages that SQS hands over at most.
const LARGEST_BATCH: u64 = 10;

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
    pub thumbnails: Vec<Options>,
    /// `MAX_UPLOAD_BYTES`, `MAX_PIXELS`, `MAX_DECODE_BYTES`, `DECODE_TIMEOUT_SECONDS`, `ACCEPTED_FORMATS`.
    pub limits: Limits,
    /// `RETRY_BASE_SECONDS`: wait before the second attempt.
    pub retry_base: Duration,
    /// `MAX_RECEIVE_COUNT`: after so many receives the queue moves a message to the dead-letter queue.
    pub max_receive_count: u32,
    /// Messages in work at the same time: most of their time is spent waiting for AWS.
    pub parallel: usize,
    /// Of them, originals decoded at the same time: this is what the processor and the memory are spent on.
    pub decoders: usize,
}

impl Config {
    /// Reads the configuration through `lookup`.
    ///
    /// # Errors
    ///
    /// Names the first variable that is missing or malformed.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, VariableError> {
        let environment = Environment(lookup);
        let defaults = Limits::default();
        let limits = Limits {
            max_bytes: environment.or("MAX_UPLOAD_BYTES", defaults.max_bytes)?,
            max_pixels: environment.or("MAX_PIXELS", defaults.max_pixels)?,
            max_decode_bytes: environment.or("MAX_DECODE_BYTES", defaults.max_decode_bytes)?,
            time: Duration::from_secs(environment.or("DECODE_TIMEOUT_SECONDS", defaults.time.as_secs())?),
            formats: environment.or("ACCEPTED_FORMATS", defaults.formats)?,
        };
        let memory_mib = environment.or("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", 1024)?;
        let (parallel, decoders) = parallel(memory_mib, &limits);
        Ok(Self {
            original_bucket: environment.required("ORIGINAL_BUCKET")?,
            processed_bucket: environment.required("PROCESSED_BUCKET")?,
            metadata_table: environment.required("METADATA_TABLE")?,
            topic_arn: environment.required("TOPIC_ARN")?,
            queue_url: environment.required("QUEUE_URL")?,
            thumbnails: thumbnails(&environment)?,
            retry_base: Duration::from_secs(environment.or("RETRY_BASE_SECONDS", 2)?),
            max_receive_count: environment.or("MAX_RECEIVE_COUNT", 5)?,
            parallel,
            decoders,
            limits,
        })
    }
}

fn thumbnails(
    environment: &Environment<impl Fn(&str) -> Option<String>>,
) -> Result<Vec<Options>, VariableError> {
    let name = "THUMBNAIL_QUALITY";
    let default = Options::default();
    let quality = environment.or(name, default.quality)?;
    if !(1..=100).contains(&quality) {
        return Err(VariableError { name });
    }
    let background: Rgb = environment.or("THUMBNAIL_BACKGROUND", default.background)?;
    let name = "THUMBNAIL_SIDES";
    let sides = environment.text(name).unwrap_or_else(|| default.side_px.to_string());
    let side = |raw: &str| raw.trim().parse::<NonZeroU32>().map_err(|_| VariableError { name });
    sides.split(',').map(|raw| Ok(Options { side_px: side(raw)?, quality, background })).collect()
}

/// Messages and decoders at the same time: a decoder for each core, and as many originals waiting for one
/// as fit beside them at their worst; always one of each.
fn parallel(memory_mib: u64, limits: &Limits) -> (usize, usize) {
    let budget = (memory_mib * 1024 * 1024).saturating_sub(OVERHEAD_BYTES);
    let worst = limits.max_decode_bytes.saturating_add(limits.max_bytes).max(1);
    let decoders = memory_mib.div_ceil(MIB_OF_A_CORE).min(budget / worst).clamp(1, LARGEST_BATCH);
    let rest = budget.saturating_sub(limits.max_decode_bytes.saturating_mul(decoders));
    let messages = (rest / limits.max_bytes.max(1)).clamp(decoders, LARGEST_BATCH);
    let count = |number| usize::try_from(number).unwrap_or(1);
    (count(messages), count(decoders))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &'static str, value: &'static str) -> Result<Config, VariableError> {
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

        assert_eq!(config.thumbnails, [Options::default()]);
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
            ("ACCEPTED_FORMATS", "jpeg,jxl"),
        ] {
            let error = read(name, value).unwrap_err().to_string();
            assert!(error.contains(name), "{name}={value}: {error}");
        }
    }

    #[test]
    fn messages_and_decoders_at_once_fit_the_memory() {
        let limits = Limits::default();
        for (memory_mib, expected) in [(128, (1, 1)), (512, (3, 1)), (1_769, (10, 1)), (3_008, (10, 2))] {
            let (messages, decoders) = super::parallel(memory_mib, &limits);
            assert_eq!((messages, decoders), expected, "{memory_mib}");
            let worst = limits.max_bytes * messages as u64 + limits.max_decode_bytes * decoders as u64;
            // The smallest function cannot promise it.
            assert!(memory_mib == 128 || worst + super::OVERHEAD_BYTES <= memory_mib * 1024 * 1024);
        }
        assert_eq!(super::parallel(10_240, &limits), (10, 6));
        // Where a core is there for one that memory has no room for.
        let wasteful = Limits { max_decode_bytes: 2_000 * 1024 * 1024, ..limits };
        assert_eq!(super::parallel(3_538, &wasteful), (10, 1));
    }
}
