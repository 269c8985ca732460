//! What each codec of ours saves beside the crate that it stands for: `cargo bench -p thumbnail --features peers --bench
//! codecs`, with photographs of 12 megapixels as arguments, or none for the repository's own.
//!
//! Thumbnails with and without the codec take turns; what counts is the least CPU time of each, as other work on the
//! machine only adds to it.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a bench may fail, and prints its table")]

use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};

use peak_alloc::PeakAlloc;
use thumbnail::peers::{self, Replaced};
use thumbnail::{Limits, Options, thumbnail};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

const ROUNDS: usize = 15;
const SIDES: [u32; 3] = [256, 320, 1024];

/// Time of this thread on a processor, in nanoseconds; Linux brings it up to date when the thread yields.
fn cpu() -> u64 {
    std::thread::yield_now();
    let spent = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    spent.split(' ').next().unwrap().parse().unwrap()
}

/// CPU time in nanoseconds, and the most memory in bytes.
fn cost(work: impl FnOnce() -> Vec<u8>) -> (u64, usize) {
    MEMORY.reset_peak_usage();
    let (held, began) = (MEMORY.current_usage(), cpu());
    let file = black_box(work());
    let figures = (cpu() - began, MEMORY.peak_usage() - held);
    drop(file);
    figures
}

fn replaceable(path: &Path) -> &'static [Replaced] {
    match path.extension().unwrap().to_str().unwrap() {
        "png" => &[Replaced::PngRows, Replaced::JpegEncoder],
        "webp" => &[Replaced::WebPDecoder, Replaced::JpegEncoder],
        _ => &[Replaced::JpegDecoder, Replaced::JpegEncoder],
    }
}

#[expect(clippy::cast_precision_loss, reason = "a ratio")]
fn main() {
    let named: Vec<PathBuf> =
        std::env::args().skip(1).filter(|it| !it.starts_with("--")).map(PathBuf::from).collect();
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../ops/local/photos/raccoon.jpg");
    let files = if named.is_empty() { vec![own] } else { named };
    println!(
        "| file | replaced | side | CPU ms, ours | with the crate | saved | peak MB, ours | with the crate | saved |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    let limits = Limits::default();
    for path in &files {
        let bytes = fs::read(path).unwrap();
        for replaced in replaceable(path) {
            for side in SIDES {
                let options = Options { side_px: side.try_into().unwrap(), ..Options::default() };
                let (mut of_ours, mut of_theirs) = ((u64::MAX, 0), (u64::MAX, 0));
                for _ in 0..ROUNDS {
                    of_ours = of_ours.min(cost(|| thumbnail(&bytes, &limits, &options).unwrap().jpeg));
                    let theirs = || peers::thumbnail(&bytes, &limits, &options, *replaced).unwrap();
                    of_theirs = of_theirs.min(cost(theirs));
                }
                let ((ours, held), (theirs, held_by_theirs)) = (of_ours, of_theirs);
                let saved = |ours: f64, theirs: f64| 100.0 * (1.0 - ours / theirs);
                println!(
                    "| {} | {replaced:?} | {side} | {:.2} | {:.2} | {:.0} % | {:.1} | {:.1} | {:.0} % |",
                    path.file_name().unwrap().display(),
                    ours as f64 / 1e6,
                    theirs as f64 / 1e6,
                    saved(ours as f64, theirs as f64),
                    held as f64 / 1e6,
                    held_by_theirs as f64 / 1e6,
                    saved(held as f64, held_by_theirs as f64),
                );
            }
        }
    }
}
