//! Arguments and `--help` of `ops load`.

use std::num::NonZeroUsize;
use std::time::Duration;

use clap::{Args, ValueEnum};
use pipeline_client::load::{Mix, Plan, Spacing};

use super::dlq::parse_age;
use super::running_stack::RunningStack;

const AFTER: &str = "\
Uploads begin when they are due, however long others take, and each latency counts from the time at which its upload
was due: what the pipeline, or the generator, was late by is in it. `late` counts the uploads that the generator
itself began more than 50 ms late. Kinds of uploads: photo (320 by 240 pixels), large (12 megapixels), broken (no
picture, or half of one, which must be refused), duplicate (sent twice to one URL). 429 and what else may pass by
itself is tried again with growing, random waits, and counted.

The stages: api, to the API's answer; put, to S3's answer; processing, to the time at which the result was recorded;
whole, all of it. Results are waited for until the queue is empty, or nothing has moved for --patience.

With --faults the dead-letter queue may hold some images at the end; `ops dlq redrive --execute` sends them on. The
faults end with this command, however it ends.

Only stacks of this machine are loaded: there is no --stack. Exit status 1 where an upload was lost, is in the
dead-letter queue, or ended otherwise than its kind must.

Examples:
  ops load --rate 5 --duration 60s
  ops load --rate 20 --duration 30m --mix photo=85,broken=10,duplicate=5 --users 50
  ops load --rate 5 --duration 1m --faults 10
  ops load --rate 5 --duration 60s --json | jq '.stages[] | {stage, p99_ms}'";

#[derive(Args, Debug)]
#[command(after_help = AFTER)]
pub(crate) struct LoadArgs {
    /// Uploads a second.
    #[arg(long, value_name = "N", default_value_t = 5.0, value_parser = rate)]
    pub(crate) rate: f64,
    /// For how long, such as 90s, 30m, 2h.
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = parse_age)]
    pub(crate) duration: Duration,
    /// At most N uploads.
    #[arg(long, value_name = "N")]
    pub(crate) most: Option<NonZeroUsize>,
    /// Kinds of uploads with their shares.
    #[arg(long, value_name = "KIND=SHARE,…", default_value_t = Mix::default())]
    pub(crate) mix: Mix,
    /// How many users upload, in turn; more than one are created and signed in first.
    #[arg(long, value_name = "N", default_value = "1")]
    pub(crate) users: NonZeroUsize,
    /// How far uploads are from each other: as users come, or evenly.
    #[arg(long, value_enum, default_value_t = SpacingArg::Poisson)]
    pub(crate) spacing: SpacingArg,
    /// What times and kinds are drawn by; the same seed gives the same load.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
    /// How long results are waited for while nothing moves; retries are up to six minutes apart.
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = parse_age)]
    pub(crate) patience: Duration,
    /// How many of a hundred calls of the functions fail meanwhile: refused, cut before or after their effect, or half
    /// answered.
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u32).range(1..=90))]
    pub(crate) faults: Option<u32>,
    #[command(flatten)]
    pub(crate) stack: RunningStack,
}

/// How far uploads are from each other.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum SpacingArg {
    /// Independent of each other.
    Poisson,
    /// Equally far.
    Uniform,
}

impl LoadArgs {
    /// What is to be sent.
    pub(crate) fn plan(&self) -> Plan {
        Plan {
            rate: self.rate,
            duration: self.duration,
            most: self.most.map_or(usize::MAX, NonZeroUsize::get),
            spacing: match self.spacing {
                SpacingArg::Poisson => Spacing::Poisson,
                SpacingArg::Uniform => Spacing::Uniform,
            },
            mix: self.mix.clone(),
            users: self.users.get(),
            seed: self.seed,
            patience: self.patience,
        }
    }
}

fn rate(text: &str) -> Result<f64, String> {
    let rate = text.parse::<f64>().ok().filter(|rate| (0.001..=10_000.0).contains(rate));
    rate.ok_or_else(|| "write a number of uploads a second, from 0.001 to 10000".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rate_is_a_number_above_nothing() {
        assert_eq!(rate("0.5"), Ok(0.5));
        for wrong in ["0", "-1", "NaN", "inf", "5/s", ""] {
            assert!(rate(wrong).is_err(), "{wrong}");
        }
    }
}
