//! What must hold of any bytes at all that are taken for an image.

mod metadata;
mod png;

pub use crate::metadata::metadata;

use std::borrow::Cow;
use std::error::Error;
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use thumbnail::{Format, Formats, Limits, Options, Rejection, decode, sniff, thumbnail};

/// Boxes that take the decoder through each of its scales, and qualities that take the encoder to both ends of its tables.
const SIDES: [(NonZeroU32, u8); 4] = [
    (ONE, 80),
    (NonZeroU32::new(20).expect("not zero"), 1),
    (NonZeroU32::new(100).expect("not zero"), 100),
    (LARGEST, 80),
];
const ONE: NonZeroU32 = NonZeroU32::MIN;
const LARGEST: NonZeroU32 = NonZeroU32::new(65_535).expect("not zero");
/// Far more than a picture of [`LIMITS`] takes, even on a busy machine in a debug build.
const LONGEST: Duration = Duration::from_secs(20);
/// Small, so that the fuzzer does not spend its time on size alone.
const LIMITS: Limits = Limits {
    max_bytes: 1024 * 1024,
    max_pixels: 1_000_000,
    max_decode_bytes: 64 * 1024 * 1024,
    time: Duration::from_secs(10),
    formats: Formats::BUILT,
};

/// Whether `input` is of `format` by its first bytes; then [`thumbnails`] holds of it.
///
/// # Panics
///
/// As [`thumbnails`].
#[must_use]
pub fn is_kept(format: Format, input: &[u8]) -> bool {
    let is_kept = sniff(input, Formats::BUILT).is_ok_and(|found| found == format);
    if is_kept {
        thumbnails(input);
    }
    is_kept
}

/// A thumbnail within its box that can be read again, or a rejection with a reason of the closed set; soon, and
/// without a panic in the decoders of JPEG, PNG and TIFF. Of PNGs all checksums are set right before.
///
/// # Panics
///
/// When that does not hold.
pub fn thumbnails(input: &[u8]) {
    let mended = png::mended(input);
    if let Some(file) = &mended {
        // By rows that are made smaller, and whole.
        png::compare(file, ONE);
        png::compare(file, LARGEST);
    }
    let input = mended.map_or(Cow::Borrowed(input), Cow::Owned);
    let soon = |(side_px, quality)| is_soon(&input, Options { side_px, quality, ..Options::default() });
    for case in SIDES {
        // A process that was stopped for a while is late once, a bad file always.
        assert!(soon(case) || soon(case), "{case:?} takes too long");
    }
}

/// Whether nothing took longer than it should.
fn is_soon(input: &[u8], options: Options) -> bool {
    let started = Instant::now();
    match thumbnail(input, &LIMITS, &options) {
        Ok(made) => {
            let side = options.side_px.get();
            assert!(made.width <= side && made.height <= side);
            match decode(&made.jpeg, &LIMITS, &Options { side_px: ONE, ..Options::default() }) {
                Ok(again) => assert_eq!(again.stored_size(), (made.width, made.height)),
                Err(rejection) => {
                    assert!(matches!(rejection, Rejection::TooSlow { .. }), "{rejection}");
                    return false;
                }
            }
        }
        Err(rejection) => check(&rejection),
    }
    started.elapsed() < LONGEST
}

fn check(rejection: &Rejection) {
    assert!(Rejection::ALL_REASONS.contains(&rejection.reason()));
    if let Rejection::Corrupt { format: Format::Jpeg | Format::Png | Format::Tiff, .. } = rejection {
        let cause = rejection.source().map(ToString::to_string).unwrap_or_default();
        assert!(!cause.contains("panicked"), "{cause}");
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn seeds() -> Vec<PathBuf> {
        files("seeds/thumbnails")
    }

    fn files(folder: &str) -> Vec<PathBuf> {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let mut files: Vec<_> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
    }

    #[test]
    fn every_seed_keeps_the_property() {
        let files = seeds();
        assert!(files.len() > 10);
        for file in files {
            thumbnails(&std::fs::read(file).unwrap());
        }
    }

    #[test]
    fn every_profile_and_exif_among_the_seeds_keeps_the_property() {
        let files = files("seeds/metadata");
        assert!(files.len() > 3);
        for file in files {
            metadata(&std::fs::read(file).unwrap());
        }
    }

    #[test]
    fn every_format_has_a_fuzz_target_and_at_least_two_seeds() {
        let manifest = include_str!("../Cargo.toml");
        let seeds: Vec<_> = seeds().iter().map(|file| std::fs::read(file).unwrap()).collect();
        for format in Format::ALL {
            let name = format.name().to_lowercase();
            assert!(manifest.contains(&format!("path = \"targets/{name}.rs\"")), "{name}");
            let target = files("targets").into_iter().find(|file| file.ends_with(format!("{name}.rs")));
            let target = std::fs::read_to_string(target.unwrap()).unwrap();
            assert!(target.contains(&format!("is_kept(Format::{format:?}, input)")), "{name}");
            let is_of = |bytes: &&Vec<u8>| sniff(bytes, Formats::BUILT).is_ok_and(|found| found == format);
            let count = seeds.iter().filter(is_of).count();
            assert!(count >= 2, "{name} has {count}");
        }
    }

    #[test]
    fn every_plain_png_among_the_seeds_is_compared_with_another_decoder() {
        let is_png = |file: &PathBuf| file.extension().is_some_and(|extension| extension == "png");
        let files: Vec<_> = seeds().into_iter().filter(is_png).collect();
        assert!(files.len() > 10);
        for file in files {
            let bytes = std::fs::read(&file).unwrap();
            for side in [ONE, LARGEST] {
                assert!(png::compare(&bytes, side), "{} at {side}", file.display());
            }
        }
    }
}
