//! Lanczos3 resampling of whole pictures, through `pic-scale-safe`.

use image::{DynamicImage, GrayAlphaImage, GrayImage, RgbImage, RgbaImage};
use pic_scale_safe::{
    ImageSize, ResamplingFunction, resize_plane8, resize_plane8_with_alpha, resize_plane16,
    resize_plane16_with_alpha, resize_rgb8, resize_rgb16, resize_rgba8, resize_rgba16,
};

use crate::rejection::Cause;

const LANCZOS: ResamplingFunction = ResamplingFunction::Lanczos3;
/// Bits of a channel of the larger integer types.
const BITS: u32 = 16;

/// Floating point pixels, which rare TIFFs have, as integers; all others as they are.
pub(crate) fn to_integers(pixels: DynamicImage) -> DynamicImage {
    match pixels {
        DynamicImage::ImageRgb32F(_) => pixels.to_rgb16().into(),
        DynamicImage::ImageRgba32F(_) => pixels.to_rgba16().into(),
        integers => integers,
    }
}

/// Makes `pixels` the given size, with 8 bits a channel.
pub(super) fn resample(pixels: &DynamicImage, (width, height): (u32, u32)) -> Result<DynamicImage, Cause> {
    let from = size(pixels.width(), pixels.height())?;
    let to = size(width, height)?;
    let gray = |bytes| GrayImage::from_raw(width, height, bytes).map(DynamicImage::from);
    let gray_alpha = |bytes| GrayAlphaImage::from_raw(width, height, bytes).map(DynamicImage::from);
    let rgb = |bytes| RgbImage::from_raw(width, height, bytes).map(DynamicImage::from);
    let rgba = |bytes| RgbaImage::from_raw(width, height, bytes).map(DynamicImage::from);
    let small = match pixels {
        DynamicImage::ImageLuma8(it) => gray(resize_plane8(it, from, to, LANCZOS)?),
        DynamicImage::ImageLumaA8(it) => gray_alpha(resize_plane8_with_alpha(it, from, to, LANCZOS)?),
        DynamicImage::ImageRgb8(it) => rgb(resize_rgb8(it, from, to, LANCZOS)?),
        DynamicImage::ImageRgba8(it) => rgba(resize_rgba8(it, from, to, LANCZOS)?),
        DynamicImage::ImageLuma16(it) => gray(to_8_bit(&resize_plane16(it, from, to, BITS, LANCZOS)?)),
        DynamicImage::ImageLumaA16(it) => {
            gray_alpha(to_8_bit(&resize_plane16_with_alpha(it, from, to, BITS, LANCZOS)?))
        }
        DynamicImage::ImageRgb16(it) => rgb(to_8_bit(&resize_rgb16(it, from, to, BITS, LANCZOS)?)),
        DynamicImage::ImageRgba16(it) => rgba(to_8_bit(&resize_rgba16(it, from, to, BITS, LANCZOS)?)),
        other => return Err(format!("pixels of type {:?} were not made integers", other.color()).into()),
    };
    small.ok_or_else(|| "the resizer filled another size".into())
}

fn size(width: u32, height: u32) -> Result<ImageSize, Cause> {
    Ok(ImageSize::new(usize::try_from(width)?, usize::try_from(height)?))
}

/// The nearest of 256 steps for each channel: 65,535 is 257 times 255.
fn to_8_bit(channels: &[u16]) -> Vec<u8> {
    let nearest = |channel: &u16| u8::try_from((u32::from(*channel) + 128) / 257).unwrap_or(u8::MAX);
    channels.iter().map(nearest).collect()
}

#[cfg(test)]
mod tests {
    use super::to_8_bit;

    #[test]
    fn sixteen_bits_become_the_nearest_of_eight() {
        assert_eq!(to_8_bit(&[0, 128, 129, 257, 65_535]), [0, 0, 1, 1, 255]);
    }
}
