//! Arguments of `ops up`.

use std::path::PathBuf;

use clap::Args;

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  ops up
  ops up holiday/*.jpg
  ops up --once --json --name ci --engine-port 0 --console-port 0
  ops up --param ThumbnailSides=512 --param RetryBaseSeconds=0")]
pub(crate) struct UpArgs {
    /// Photos to push through; two bundled ones if none is named.
    #[arg(value_name = "PHOTO")]
    pub(crate) photos: Vec<PathBuf>,
    /// Take the stack down after the verification; the exit status is its result.
    #[arg(long)]
    pub(crate) once: bool,
    /// Print JSON on stdout: with --once the whole report at the end, else the stack in one line as soon as
    /// it is ready (with credentials; no photos are pushed unless named).
    #[arg(long)]
    pub(crate) json: bool,
    /// Name of the stack; several stacks on one machine need different names.
    #[arg(long, default_value = "default")]
    pub(crate) name: String,
    /// Port of the AWS APIs; 0 takes a free one.
    #[arg(long, value_name = "PORT", default_value_t = 4566)]
    pub(crate) engine_port: u16,
    /// Port of the console; 0 takes a free one.
    #[arg(long, value_name = "PORT", default_value_t = 4580)]
    pub(crate) console_port: u16,
    /// How many times faster than the day the clock of metrics, alarms and schedules goes: 60 makes a minute of
    /// theirs a second. Nothing else is faster; `aws cloudwatch` takes and returns that clock's times.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = super::clock_rate())]
    pub(crate) clock_rate: u32,
    /// A parameter of template.yaml that shall differ from the local default; may be repeated.
    #[arg(long = "param", value_name = "KEY=VALUE", value_parser = parameter)]
    pub(crate) params: Vec<(String, String)>,
}

impl Default for UpArgs {
    fn default() -> Self {
        Self {
            photos: Vec::new(),
            once: false,
            json: false,
            name: "default".to_owned(),
            engine_port: 4566,
            console_port: 4580,
            clock_rate: 1,
            params: Vec::new(),
        }
    }
}

pub(super) fn parameter(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("write it as KEY=VALUE, such as ThumbnailSides=512".to_owned()),
    }
}
