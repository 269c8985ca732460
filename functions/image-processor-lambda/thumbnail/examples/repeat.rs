//! Makes one thumbnail several times: `repeat FILE SIDE COUNT OUT [QUALITY]`, for the benchmark.
//!
//! Writes the last one to OUT, and the most memory that the process held, in kilobytes, beside it.

use std::error::Error;
use std::fs;

use thumbnail::{Limits, Options, thumbnail};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let quality = if arguments.len() == 5 { arguments.pop() } else { None };
    let [file, side, count, out] =
        arguments.try_into().map_err(|_| "repeat FILE SIDE COUNT OUT [QUALITY]")?;
    let bytes = fs::read(file)?;
    let mut options = Options { side_px: side.parse()?, ..Options::default() };
    if let Some(quality) = quality {
        options.quality = quality.parse()?;
    }
    let mut last = Vec::new();
    for _ in 0..count.parse::<u32>()? {
        last = thumbnail(&bytes, &Limits::default(), &options)?.jpeg;
    }
    fs::write(&out, last)?;
    let status = fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    Ok(fs::write(out + ".kb", peak.trim().trim_end_matches(" kB"))?)
}
