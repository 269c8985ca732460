//! No bytes whatever make it panic.

#![expect(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a test's helpers may fail it")]

mod common;

use common::{fixture, options};
use proptest::prelude::*;
use thumbnail::{Limits, Rejection, thumbnail};

const SEEDS: [&str; 16] = [
    "photo.jpg",
    "progressive.jpg",
    "cmyk.jpg",
    "palette.png",
    "gray16.png",
    "animated.webp",
    "lossless.webp",
    "alpha.webp",
    "photo.gif",
    "cmyk.tif",
    "photo.tif",
    "photo.bmp",
    "grid.heic",
    "alpha.heic",
    "grid.avif",
    "alpha.avif",
];

/// Small enough that a mutated header cannot make the test slow.
const LIMITS: fn() -> Limits =
    || Limits { max_pixels: 1_000_000, max_decode_bytes: 32 * 1024 * 1024, ..Limits::default() };

/// Tries it; any answer is fine, as long as it is one.
fn answers(bytes: &[u8]) -> Result<(), TestCaseError> {
    match thumbnail(bytes, &LIMITS(), &options(64)) {
        Ok(thumbnail) => prop_assert!(thumbnail.width <= 64 && thumbnail.height <= 64),
        Err(rejection) => {
            prop_assert!(Rejection::ALL_REASONS.contains(&rejection.reason()));
            prop_assert!(!matches!(rejection, Rejection::Unrenderable { .. }), "{rejection:?}");
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn any_bytes_get_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..512)) {
        answers(&bytes)?;
    }

    #[test]
    fn any_bytes_behind_a_real_head_get_an_answer(
        seed in proptest::sample::select(&SEEDS[..]),
        kept in 3_usize..200,
        tail in proptest::collection::vec(any::<u8>(), 0..512),
    ) {
        let real = fixture(seed);
        answers(&[&real[..kept], &tail].concat())?;
    }

    #[test]
    fn real_files_with_changed_bytes_get_an_answer(
        seed in proptest::sample::select(&SEEDS[..]),
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..8),
        is_in_head in any::<bool>(),
    ) {
        let mut bytes = fixture(seed);
        let reach = if is_in_head { 300 } else { bytes.len() };
        for (index, value) in changes {
            let at = index.index(reach);
            bytes[at] = value;
        }
        answers(&bytes)?;
    }
}
