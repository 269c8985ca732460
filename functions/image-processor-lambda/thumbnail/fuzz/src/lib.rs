//! What must hold of any bytes at all that are taken for an image.

use std::error::Error;
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use thumbnail::{Format, Limits, Rejection, Spec, thumbnail};

/// Boxes that take the decoder through each of its scales.
const SIDES: [NonZeroU32; 4] = [
    NonZeroU32::new(1).expect("not zero"),
    NonZeroU32::new(20).expect("not zero"),
    NonZeroU32::new(100).expect("not zero"),
    NonZeroU32::new(65_535).expect("not zero"),
];
/// Far more than a picture of [`LIMITS`] takes, even on a busy machine in a debug build.
const LONGEST: Duration = Duration::from_secs(20);
/// Small, so that the fuzzer does not spend its time on size alone.
const LIMITS: Limits = Limits {
    max_bytes: 1024 * 1024,
    max_pixels: 1_000_000,
    max_decode_bytes: 64 * 1024 * 1024,
    time: Duration::from_secs(10),
};

/// A thumbnail within its box, or a rejection with a reason of the closed set; soon, and without a panic in
/// the decoder of JPEG, which is ours.
///
/// # Panics
///
/// When that does not hold.
pub fn thumbnails(input: &[u8]) {
    let started = Instant::now();
    for side_px in SIDES {
        match thumbnail(input, &LIMITS, &Spec { side_px, ..Spec::default() }) {
            Ok(made) => assert!(made.width <= side_px.get() && made.height <= side_px.get()),
            Err(rejection) => check(&rejection),
        }
    }
    assert!(started.elapsed() < LONGEST, "took {:?}", started.elapsed());
}

fn check(rejection: &Rejection) {
    assert!(Rejection::ALL_REASONS.contains(&rejection.reason()));
    if let Rejection::Corrupt { format: Format::Jpeg, .. } = rejection {
        let cause = rejection.source().map(ToString::to_string).unwrap_or_default();
        assert!(!cause.contains("panicked"), "{cause}");
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_seed_keeps_the_property() {
        let seeds = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds/thumbnails");
        let mut files: Vec<_> =
            std::fs::read_dir(seeds).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        assert!(files.len() > 10);
        for file in files {
            super::thumbnails(&std::fs::read(file).unwrap());
        }
    }
}
