//! Files made to exhaust memory do not, measured by a counting allocator.
//!
//! One test only: the counter is shared by all threads of the process.

#![expect(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a test's helpers may fail it")]

mod bombs;
mod common;

use common::options;
use peak_alloc::PeakAlloc;
use thumbnail::{Limits, thumbnail};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

const MIB: usize = 1024 * 1024;

/// Most bytes allocated at once while a thumbnail is tried, and how that ended.
fn peak(bytes: &[u8], limits: &Limits) -> (usize, &'static str) {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let outcome = thumbnail(bytes, limits, &options(256));
    let peak = MEMORY.peak_usage().saturating_sub(before);
    (peak, outcome.map_or_else(|rejection| rejection.reason(), |_| "ok"))
}

fn assert_bounded(name: &str, bytes: &[u8], limits: &Limits, expected: &str, bound: usize) {
    let (peak, reason) = peak(bytes, limits);
    assert_eq!(reason, expected, "{name}");
    assert!(peak < bound, "{name}: {peak} bytes for a file of {}", bytes.len());
}

#[test]
fn memory_stays_within_the_limit_whatever_a_file_declares() {
    let limits = Limits::default();
    // What is refused by its header must never be allocated.
    for (name, bytes, expected) in [
        ("JPEG of 64250 squared", bombs::jpeg(64_250, 64_250, false), "TooManyPixels"),
        ("JPEG of 7000 squared without data", bombs::jpeg(7_000, 7_000, false), "Truncated"),
        ("progressive JPEG of 7000 squared", bombs::jpeg(7_000, 7_000, true), "Truncated"),
        ("PNG of 100000 squared", bombs::png(100_000, 100_000), "TooManyPixels"),
        ("GIF with a screen of 65535 squared", bombs::gif((65_535, 65_535), (1, 1)), "TooManyPixels"),
        ("GIF with a frame of 65535 squared", bombs::gif((100, 100), (65_535, 65_535)), "TooManyPixels"),
        ("BMP of 30000 squared", bombs::bmp(30_000, 30_000), "TooManyPixels"),
        ("WebP of 16383 squared", bombs::webp(16_383, 16_383), "TooManyPixels"),
        ("WebP of 7000 squared", bombs::webp(7_000, 7_000), "TooMuchMemory"),
        ("TIFF of 60000 squared", bombs::tiff(60_000, 60_000), "TooManyPixels"),
        ("TIFF of 6900 squared", bombs::tiff(6_900, 6_900), "Truncated"),
        ("TIFF with a JPEG of 16000 squared", bombs::tiff_of_jpeg(16_000, 16_000), "TooMuchMemory"),
        ("WebP with a chunk of 4 GB", bombs::webp_with_giant_chunk(), "ok"),
        ("WebP with a frame of 16383 squared", bombs::webp_with_giant_frame(), "Corrupt"),
        ("PNG with a profile of 64 MB", bombs::png_with_inflating_profile(), "ok"),
    ] {
        assert_bounded(name, &bytes, &limits, expected, 20 * MIB);
    }
    // What unfolds within the limits must stay within them.
    for (name, bytes, expected) in [
        ("PNG of 7000 squared without data", bombs::png(7_000, 7_000), "Corrupt"),
        ("PNG of one colour, 7000 squared", bombs::png_of_zeros(7_000, 7_000), "ok"),
        ("BMP of 7000 squared without data", bombs::bmp(7_000, 7_000), "Truncated"),
    ] {
        assert_bounded(name, &bytes, &limits, expected, 256 * MIB);
    }
    // Photographs are never held whole: of twelve megapixels a fraction is in memory.
    for (name, bytes, bound) in [
        ("JPEG of 12 MP", bombs::large_jpeg(4_032, 3_024, false), 2 * MIB),
        ("JPEG of 108 MP", bombs::large_jpeg(12_000, 9_000, false), 8 * MIB),
        ("progressive JPEG of 12 MP", bombs::large_jpeg(4_032, 3_024, true), 3 * MIB),
        ("PNG of 12 MP", bombs::large_png(4_032, 3_024), 4 * MIB),
        ("TIFF of 12 MP in strips", bombs::large_tiff(4_032, 3_024), 5 * MIB),
        ("TIFF of 12 MP in tiles", bombs::large_tiled_tiff(4_032, 3_024), 8 * MIB),
    ] {
        assert_bounded(name, &bytes, &limits, "ok", bound);
    }
    for (name, bound) in
        [("photo.heic", MIB), ("grid.heic", MIB), ("photo.avif", 6 * MIB), ("grid.avif", 6 * MIB)]
    {
        assert_bounded(name, &common::fixture(name), &limits, "ok", bound);
    }
    let tiles = bombs::heif::grid(32, 32, 2_048, 2_048);
    assert_bounded("HEIC of 4 MP in 1024 tiles", &tiles, &limits, "ok", 3 * MIB);
    let twenty_times_the_rows = bombs::png_of_zeros_with_more(1_000, 1_000, 20);
    assert_bounded("PNG with more rows than declared", &twenty_times_the_rows, &limits, "ok", 8 * MIB);
}
