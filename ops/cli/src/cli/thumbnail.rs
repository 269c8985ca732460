//! Arguments and `--help` of `ops thumbnail`.

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;

use clap::Args;

#[derive(Args, Debug)]
#[command(after_help = "\
Prints one JSON document: {\"ok\":{width,height,format,bytes},cpu_ms,peak_rss_bytes}, or \"rejected\" with
reason and message instead of \"ok\". The exit status is 0 for both; 2 if a file cannot be read or written.

Example:
  ops thumbnail photo.jpg small.jpg --side 320 --repeat 9")]
pub(crate) struct ThumbnailArgs {
    /// The image.
    #[arg(value_name = "IN")]
    pub(crate) input: PathBuf,
    /// Where the JPEG goes.
    #[arg(value_name = "OUT")]
    pub(crate) output: PathBuf,
    /// The longer side in pixels.
    #[arg(long, value_name = "PX", default_value = "256")]
    pub(crate) side: NonZeroU32,
    /// JPEG quality, 1 to 100.
    #[arg(long, value_name = "Q", default_value_t = 80, value_parser = clap::value_parser!(u8).range(1..=100))]
    pub(crate) quality: u8,
    /// How often to do it; the median of the CPU times is reported.
    #[arg(long, value_name = "N", default_value = "1")]
    pub(crate) repeat: NonZeroUsize,
}
