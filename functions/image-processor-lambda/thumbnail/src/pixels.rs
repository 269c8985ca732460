//! Pixels in memory: whole pictures, planes of one channel each, and what their channels mean.

pub(crate) mod alpha;

use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, Luma};

use crate::color::space::ColorSpace;

/// What a format's decoder yields.
pub(crate) struct Raster {
    /// The pixels; four inks, when `ink` is set, stand in place of red, green, blue and alpha.
    pub(crate) pixels: Pixels,
    pub(crate) ink: Option<Ink>,
    /// What the samples mean.
    pub(crate) color: ColorSpace,
    pub(crate) orientation: Orientation,
}

/// Pixels, as a decoder has them.
#[derive(Debug)]
pub(crate) enum Pixels {
    /// The whole picture.
    Whole(DynamicImage),
    /// Its channels, of about the wanted size or larger.
    Planes(Planar),
}

impl Pixels {
    /// Width and height of the picture as stored, whatever the size of its channels.
    pub(crate) fn stored(&self) -> (u32, u32) {
        match self {
            Self::Whole(pixels) => (pixels.width(), pixels.height()),
            Self::Planes(planar) => (planar.width, planar.height),
        }
    }
}

/// How the four channels of a print image are to be read. All are stored inverted, 0 being full ink.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ink {
    /// Cyan, magenta, yellow, black.
    Cmyk,
    /// `YCbCr` in place of the first three.
    Ycck,
}

/// How red, green and blue are coded (matrix coefficients of ITU-T H.273).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Matrix {
    /// Green, blue and red as they are.
    Identity,
    Bt709,
    /// Of the FCC in 1953.
    Fcc,
    /// That of JFIF.
    Bt601,
    Smpte240,
    YCgCo,
    Bt2020,
}

/// What the channels of a picture are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Channels {
    Gray,
    /// Gray, premultiplied by alpha.
    GrayAlpha,
    YCbCr,
    /// Luma and differences of colours, of the full range, by a matrix that is not JFIF's.
    Coded(Matrix),
    /// The same, premultiplied by alpha.
    CodedAlpha(Matrix),
    Rgb,
    /// Red, green and blue, premultiplied by alpha.
    Rgba,
    Inks(Ink),
}

impl Channels {
    pub(crate) const fn count(self) -> usize {
        match self {
            Self::Gray => 1,
            Self::GrayAlpha => 2,
            Self::YCbCr | Self::Coded(_) | Self::Rgb => 3,
            Self::CodedAlpha(_) | Self::Rgba | Self::Inks(_) => 4,
        }
    }
}

/// Samples of one channel, of which the picture covers `width` by `height`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plane {
    pub(crate) samples: Vec<u8>,
    /// Samples from one row to the next.
    pub(crate) stride: usize,
    /// What the picture covers, in samples and parts of them: made smaller, it ends within a sample.
    pub(crate) width: f64,
    /// See `width`.
    pub(crate) height: f64,
}

/// A picture as its channels, each of a size of its own.
#[derive(Debug)]
pub(crate) struct Planar {
    /// Size of the picture as stored, before any scaling.
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) channels: Channels,
    pub(crate) planes: Vec<Plane>,
}

impl Planar {
    pub(crate) const fn ink(&self) -> Option<Ink> {
        match self.channels {
            Channels::Inks(ink) => Some(ink),
            _ => None,
        }
    }
}

/// How finely a JPEG stores Cb and Cr.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subsampling {
    /// 4:4:4, a sample for each pixel.
    None,
    /// 4:2:0: each sample covers two by two pixels, of which some may not be there at the right and below.
    Half,
}

impl Subsampling {
    /// From this quality on colours are kept as fine as luma, as libvips does.
    const FINE_QUALITY: u8 = 90;
    /// Up to this side a pixel of another colour is a detail of its own, and bytes are few anyway.
    const SMALL_SIDE: u32 = 64;

    /// That of a thumbnail of this size and quality.
    pub(crate) const fn of((width, height): (u32, u32), quality: u8) -> Self {
        let is_small = width <= Self::SMALL_SIDE && height <= Self::SMALL_SIDE;
        if is_small || quality >= Self::FINE_QUALITY { Self::None } else { Self::Half }
    }

    /// Pixels along one side that share a sample.
    pub(crate) const fn factor(self) -> u32 {
        match self {
            Self::None => 1,
            Self::Half => 2,
        }
    }
}

/// A picture in `YCbCr`, as JPEGs store it.
#[derive(Debug)]
pub(crate) struct Ycbcr {
    pub(crate) luma: GrayImage,
    /// As large as luma, or half as wide and high.
    pub(crate) cb: GrayImage,
    /// As `cb`.
    pub(crate) cr: GrayImage,
    pub(crate) subsampling: Subsampling,
}

impl Ycbcr {
    pub(crate) fn size(&self) -> (u32, u32) {
        self.luma.dimensions()
    }

    /// A picture without colours.
    pub(crate) fn gray(luma: GrayImage, subsampling: Subsampling) -> Self {
        let side = |length: u32| length.div_ceil(subsampling.factor());
        let neutral = GrayImage::from_pixel(side(luma.width()), side(luma.height()), Luma([128]));
        Self { luma, cb: neutral.clone(), cr: neutral, subsampling }
    }
}

/// The thumbnail that a picture is decoded for: a decoder may leave out what it cannot show.
///
/// The rules are those of `resize`, handed in as functions, so that no format depends on them.
#[derive(Clone, Copy)]
pub(crate) struct Target {
    /// Side of the square that the thumbnail fits in.
    pub(crate) side: u32,
    /// Its JPEG quality.
    pub(crate) quality: u8,
    /// Width, height and side to the thumbnail's size.
    pub(crate) fit: fn(u32, u32, u32) -> (u32, u32),
    /// Width, height and side to the side of the squares of pixels that may be averaged before.
    pub(crate) box_side: fn(u32, u32, u32) -> u32,
}

impl Target {
    /// The thumbnail's size for a picture of this size.
    pub(crate) fn size(&self, width: u32, height: u32) -> (u32, u32) {
        (self.fit)(width, height, self.side)
    }

    /// How finely the thumbnail of a picture of this size stores Cb and Cr.
    pub(crate) fn subsampling(&self, width: u32, height: u32) -> Subsampling {
        Subsampling::of(self.size(width, height), self.quality)
    }

    /// The side of the squares of pixels that may be averaged; one where none may.
    pub(crate) fn box_side(&self, width: u32, height: u32) -> u32 {
        (self.box_side)(width, height, self.side)
    }
}
