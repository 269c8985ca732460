//! Mutants of small files of each format end soon and in little memory, and no panic escapes.
//!
//! One test only: the counter of memory is shared by all threads of the process. `MUTANTS` sets how many of each
//! format there are (500; `.ci/nightly` takes 10,000). They are the same each time.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test's helpers may fail it"
)]

mod common;

use std::panic::{self, AssertUnwindSafe};
use std::time::Duration;

use common::{fixture, options, processor_time};
use peak_alloc::PeakAlloc;
use thumbnail::{Format, Limits, Rejection, sniff, thumbnail};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Small files of each format, of different kinds.
const SEEDS: [(Format, &[&str]); 8] = [
    (Format::Jpeg, &["photo.jpg", "progressive.jpg", "cmyk.jpg", "gray.jpg", "inks.jpg"]),
    (Format::Png, &["photo.png", "palette.png", "gray16.png", "animated.png"]),
    (
        Format::WebP,
        &[
            "photo.webp",
            "alpha.webp",
            "lossless.webp",
            "animated.webp",
            "webp/segments-4.webp",
            "webp/metadata.webp",
        ],
    ),
    (Format::Gif, &["photo.gif", "animated.gif"]),
    (
        Format::Tiff,
        &[
            "photo.tif",
            "orientation-8.tif",
            "../../fuzz/seeds/thumbnails/cmyk-tiff_adobe_deflate-predictor.tif",
            "../../fuzz/seeds/thumbnails/cmyk-tiff_lzw-predictor.tif",
            "../../fuzz/seeds/thumbnails/fax-group3.tif",
            "../../fuzz/seeds/thumbnails/fax-group4.tif",
            "../../fuzz/seeds/thumbnails/fax-tiff_ccitt.tif",
            "../../fuzz/seeds/thumbnails/lab.tif",
            "../../fuzz/seeds/thumbnails/palette.tif",
            "../../fuzz/seeds/thumbnails/rgb-jpeg.tif",
            "../../fuzz/seeds/thumbnails/rgb-packbits.tif",
            "../../fuzz/seeds/thumbnails/rgb-raw.tif",
            "../../fuzz/seeds/thumbnails/rgb-tiff_lzw.tif",
            "../../fuzz/seeds/thumbnails/strips.tif",
            "../../fuzz/seeds/thumbnails/transparent.tif",
        ],
    ),
    (Format::Bmp, &["photo.bmp"]),
    (
        Format::Heic,
        &[
            "photo.heic",
            "grid.heic",
            "alpha.heic",
            "turned.heic",
            "aperture.heic",
            "12-bit.heic",
            "444.heic",
            "gray.heic",
        ],
    ),
    (
        Format::Avif,
        &[
            "photo.avif",
            "grid.avif",
            "alpha.avif",
            "turned.avif",
            "aperture.avif",
            "12-bit.avif",
            "422.avif",
            "identity.avif",
        ],
    ),
];

/// Processor time of one mutant. A machine's load does not count; slow machines have some room.
const LONGEST: Duration = Duration::from_secs(2);
const MOST_BYTES: usize = 300 * 1024 * 1024;

/// Numbers that look random, the same each time (xorshift).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() >> 16).unwrap() % limit.max(1)
    }

    /// Bytes that matter often: zeros, ones, signs, or any.
    fn byte(&mut self) -> u8 {
        let any = self.next().to_le_bytes()[3];
        [0, 1, 0x7f, 0x80, 0xff, any, any, any][self.below(8)]
    }
}

/// The file with one to eight changes, half of them near its head, where sizes and offsets stand.
fn mutant(file: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = file.to_vec();
    for _ in 0..=random.below(8) {
        let reach = if random.below(2) == 0 { bytes.len().min(200) } else { bytes.len() };
        let at = random.below(reach);
        let length = random.below(64).min(bytes.len() - at);
        match random.below(12) {
            0 => bytes.truncate(at.max(4)),
            1 => drop(bytes.drain(at..at + length)),
            2 => {
                let copied = bytes[at..at + length].to_vec();
                let to = random.below(bytes.len());
                bytes.splice(to..to, copied);
            }
            3 => {
                let value = random.byte();
                bytes[at..at + length].fill(value);
            }
            4 | 5 => {
                let long = [random.byte(), random.byte(), random.byte(), random.byte()];
                let end = (at + 4).min(bytes.len());
                bytes[at..end].copy_from_slice(&long[..end - at]);
            }
            6 => bytes[at] ^= 1 << random.below(8),
            _ => bytes[at] = random.byte(),
        }
        if bytes.len() < 4 {
            break;
        }
    }
    bytes
}

fn assert_bounded(name: &str, bytes: &[u8]) -> &'static str {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let started = processor_time();
    let outcome =
        panic::catch_unwind(AssertUnwindSafe(|| thumbnail(bytes, &Limits::default(), &options(256))));
    let took = processor_time().saturating_sub(started);
    let peak = MEMORY.peak_usage().saturating_sub(before);
    let outcome = outcome.unwrap_or_else(|_| panic!("{name}: a panic escaped"));
    assert!(took < LONGEST, "{name}: {took:?} for {} bytes", bytes.len());
    assert!(peak < MOST_BYTES, "{name}: {peak} bytes of memory for {} bytes", bytes.len());
    match outcome {
        Ok(made) => {
            assert!(made.width <= 256 && made.height <= 256, "{name}");
            "ok"
        }
        Err(Rejection::Unrenderable { source, .. }) => panic!("{name}: {source}"),
        Err(rejection) => rejection.reason(),
    }
}

#[test]
fn mutants_of_each_format_end_within_two_seconds_and_300_megabytes() {
    #[expect(clippy::disallowed_methods, reason = "a longer run is asked for from outside")]
    let count = std::env::var("MUTANTS").map_or(500, |count| count.parse().expect("MUTANTS is a number"));
    // Panics inside are caught and are rejections; their messages would drown all else.
    panic::set_hook(Box::new(|_| {}));
    let mut failures = Vec::new();
    for format in Format::ALL {
        let seeds = SEEDS.iter().find(|(known, _)| *known == format).map_or(&[][..], |(_, seeds)| *seeds);
        if seeds.is_empty() {
            failures.push(format!("{format} has no seeds here"));
        }
        let files: Vec<Vec<u8>> = seeds.iter().map(|seed| fixture(seed)).collect();
        let mut random = Random(0x9e37_79b9_7f4a_7c15);
        let mut ends = std::collections::BTreeMap::new();
        for (index, (seed, file)) in (0..count).zip(seeds.iter().zip(&files).cycle()) {
            assert_eq!(sniff(file, Limits::default().formats).unwrap(), format, "{seed}");
            let bytes = mutant(file, &mut random);
            let name = format!("mutant {index} of {seed}");
            match panic::catch_unwind(AssertUnwindSafe(|| assert_bounded(&name, &bytes))) {
                Ok(end) => *ends.entry(end).or_insert(0) += 1,
                Err(payload) => failures.push(payload.downcast_ref::<String>().cloned().unwrap_or(name)),
            }
        }
        // Some are drawn and some refused, or they are no mutants.
        if ends.len() < 2 {
            failures.push(format!("{format}: {ends:?}"));
        }
    }
    drop(panic::take_hook());
    assert!(failures.is_empty(), "{failures:#?}");
}
