//! How large a thumbnail is, and how far pixels may be averaged before they are resampled.

use super::box_average::LARGEST;
use crate::pixels::Target;

/// JPEG stores each side in 16 bits.
const LONGEST_SIDE: u32 = 65_535;

/// Means for each pixel of the thumbnail, along its longer side. As in a JPEG that is made small while it is decoded,
/// these go through Lanczos3; what squares let alias is then beyond what it lets through.
const MEANS: u32 = 3;
/// Means that are left along the shorter side of a thin picture, whose edges would show that squares end there.
const MEANS_ACROSS: u32 = 8;

/// The rules of this module, for a thumbnail that fits a square.
pub(crate) const fn target(side: u32, quality: u8) -> Target {
    Target { side, quality, fit, box_side }
}

/// The side of the squares of pixels that are averaged; one where there is nothing to gain.
fn box_side(width: u32, height: u32, side: u32) -> u32 {
    let along = width.max(height) / MEANS.saturating_mul(side);
    let across = width.min(height) / MEANS_ACROSS;
    along.min(across).clamp(1, LARGEST)
}

/// The largest size of the same shape that fits a square, at least one pixel each way.
pub(crate) fn fit(width: u32, height: u32, side: u32) -> (u32, u32) {
    let longer = width.max(height);
    let side = side.min(longer).min(LONGEST_SIDE);
    let scaled = |length: u32| {
        let rounded = (u64::from(length) * u64::from(side) + u64::from(longer) / 2) / u64::from(longer);
        u32::try_from(rounded).unwrap_or(side).max(1)
    };
    (scaled(width), scaled(height))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_means_are_left_for_each_pixel() {
        assert_eq!(box_side(4032, 3024, 320), 4);
        assert_eq!(box_side(3024, 4032, 1024), 1);
        assert_eq!(box_side(100, 100, u32::MAX), 1);
        assert_eq!(box_side(50_000, 50_000, 1), LARGEST);
    }

    #[test]
    fn eight_means_are_left_across_a_thin_picture() {
        assert_eq!(box_side(5_000, 40, 64), 5);
        assert_eq!(box_side(2_000, 3, 256), 1);
    }

    #[test]
    fn shape_is_kept_within_the_box() {
        assert_eq!(fit(4032, 3024, 256), (256, 192));
        assert_eq!(fit(3024, 4032, 256), (192, 256));
        assert_eq!(fit(1000, 667, 256), (256, 171));
    }

    #[test]
    fn small_image_is_not_enlarged() {
        assert_eq!(fit(200, 10, 256), (200, 10));
        assert_eq!(fit(256, 256, 256), (256, 256));
    }

    #[test]
    fn thin_image_keeps_one_pixel() {
        assert_eq!(fit(50_000, 1, 256), (256, 1));
        assert_eq!(fit(1, 50_000, 256), (1, 256));
        assert_eq!(fit(u32::MAX, 1, u32::MAX), (65_535, 1));
    }
}
