//! Arguments and `--help` of `ops plan`.

use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::Args;
use plan::data::{Assumptions, MEASURED};
use plan::load::STATUSES_PER_UPLOAD;
use plan::{Load, Settings};

use super::up::parameter;

const AFTER: &str = "\
Nothing is called: settings are read from template.yaml and alarms/, --param sets others. Processor time and memory were
measured, prices and quotas have dates and sources (ops/plan/data, docs/prices.md), and what nobody measured on AWS is
assumed and printed as such; --s3-ms and the like set it.

Limits are sorted by the uploads a second that each allows. The latency is simulated: uploads arrive independently of each
other, wait, are taken in batches and tried again; the same seed gives the same answer. The bill is a month of 30 days in
us-east-1, without tax, free tiers and what data costs that leaves AWS. Exit status 1 where the load is beyond a limit, an
image is larger than MaxPixels or the memory allows, or a full batch takes longer than ProcessorTimeoutSeconds.

Examples:
  ops plan --uploads-per-second 10 --megapixels 12
  ops plan --uploads-per-second 1000 --param ProcessorMaxConcurrency=400 --param ApiThrottleRate=2000 --prefixes 10
  ops plan --uploads-per-second 10 --months 12 --svg plan.svg
  ops plan --uploads-per-second 10 --json | jq '.bill.usd, .limits[0].what'";

#[derive(Args, Debug)]
#[command(after_help = AFTER)]
pub(crate) struct PlanArgs {
    /// Uploads a second, day and night.
    #[arg(long, value_name = "N", value_parser = positive)]
    pub(crate) uploads_per_second: f64,
    /// Of an upload, a JPEG.
    #[arg(long, value_name = "N", default_value_t = 12.0, value_parser = positive)]
    pub(crate) megapixels: f64,
    /// For how many months uploads have been stored.
    #[arg(long, value_name = "N", default_value_t = 1.0, value_parser = positive)]
    pub(crate) months: f64,
    /// Users who sign in within a month.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) users: u32,
    /// How often a client asks how its upload ended; 3 where --param StatusApi=enabled is given, without which none can.
    #[arg(long, value_name = "N", value_parser = count)]
    pub(crate) statuses_per_upload: Option<f64>,
    /// How many of a hundred attempts fail and are tried again.
    #[arg(long, value_name = "PERCENT", default_value_t = 0.0, value_parser = percent)]
    pub(crate) faults: f64,
    /// Into how many partitions S3 has divided the folder of originals.
    #[arg(long, value_name = "N", default_value = "1")]
    pub(crate) prefixes: NonZeroU32,
    /// A parameter of template.yaml that shall differ from its default; may be repeated.
    #[arg(long = "param", value_name = "KEY=VALUE", value_parser = parameter)]
    pub(crate) params: Vec<(String, String)>,
    /// Milliseconds that a call of S3 is assumed to take.
    #[arg(long, value_name = "MS", value_parser = positive)]
    pub(crate) s3_ms: Option<f64>,
    /// Milliseconds that a call of DynamoDB is assumed to take.
    #[arg(long, value_name = "MS", value_parser = positive)]
    pub(crate) dynamodb_ms: Option<f64>,
    /// Milliseconds that a call of SNS is assumed to take.
    #[arg(long, value_name = "MS", value_parser = positive)]
    pub(crate) sns_ms: Option<f64>,
    /// Milliseconds that are assumed to pass from an upload until its message can be received.
    #[arg(long, value_name = "MS", value_parser = positive)]
    pub(crate) pickup_ms: Option<f64>,
    /// What random numbers are drawn by.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
    /// Uploads that are simulated.
    #[arg(long, value_name = "N", default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(100..=10_000_000))]
    pub(crate) simulated: u32,
    /// Write a picture of it, too.
    #[arg(long, value_name = "FILE")]
    pub(crate) svg: Option<PathBuf>,
    /// Print one JSON document on stdout.
    #[arg(long)]
    pub(crate) json: bool,
}

impl PlanArgs {
    pub(crate) fn load(&self, settings: &Settings) -> Load {
        let statuses = if settings.status_api { STATUSES_PER_UPLOAD } else { 0.0 };
        Load {
            statuses_per_upload: self.statuses_per_upload.unwrap_or(statuses),
            uploads_per_second: self.uploads_per_second,
            megapixels: self.megapixels,
            months: self.months,
            users: f64::from(self.users),
            faults: self.faults,
            prefixes: f64::from(self.prefixes.get()),
            seed: self.seed,
            simulated: usize::try_from(self.simulated).unwrap_or(usize::MAX),
        }
    }

    /// What is assumed, but for what was given.
    pub(crate) fn assumed(&self) -> Assumptions {
        let mut assumed = MEASURED.assumed.clone();
        for (assumption, given) in [
            (&mut assumed.s3_milliseconds, self.s3_ms),
            (&mut assumed.dynamodb_milliseconds, self.dynamodb_ms),
            (&mut assumed.sns_milliseconds, self.sns_ms),
            (&mut assumed.pickup_milliseconds, self.pickup_ms),
        ] {
            if let Some(value) = given {
                assumption.value = value;
                "given on the command line".clone_into(&mut assumption.why);
            }
        }
        assumed
    }
}

fn positive(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|number| (1e-6..=1e9).contains(number));
    number.ok_or_else(|| "write a number above nothing, at most a billion".to_owned())
}

fn count(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|number| (0.0..=1e6).contains(number));
    number.ok_or_else(|| "write a number from 0 to a million".to_owned())
}

fn percent(text: &str) -> Result<f64, String> {
    let share = text.parse::<f64>().ok().filter(|percent| (0.0..=100.0).contains(percent));
    share.map(|percent| percent / 100.0).ok_or_else(|| "write a number from 0 to 100".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_above_nothing_and_percents_become_shares() {
        assert_eq!((positive("0.5"), percent("25")), (Ok(0.5), Ok(0.25)));
        for wrong in ["0", "-1", "NaN", "inf", "many"] {
            assert!(positive(wrong).is_err(), "{wrong}");
        }
        assert!(percent("101").is_err() && percent("-1").is_err());
        assert!(count("0") == Ok(0.0) && count("-1").is_err() && count("NaN").is_err());
    }
}
