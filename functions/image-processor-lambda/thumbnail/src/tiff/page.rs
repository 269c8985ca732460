//! A page: the baseline fields of its directory, checked (size, samples, compression, meaning).

use super::directory::Directory;
use super::tags;
use crate::rejection::DecodeError;

/// Most samples that a pixel may have; more are the bands of instruments.
const MOST_SAMPLES: u64 = 16;

/// What the bits of a sample are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SampleFormat {
    Unsigned,
    Signed,
    Float,
}

/// How chunks are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compression {
    None,
    /// Modified Huffman: fax lines without codes between them, each in bytes of its own.
    CcittRle,
    /// Fax, group 3 (T.4), in one dimension or two.
    CcittT4 {
        is_two_dimensional: bool,
    },
    /// Fax, group 4 (T.6).
    CcittT6,
    Lzw,
    Jpeg,
    Deflate,
    PackBits,
}

/// How samples of one row are made differences of those before them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Predictor {
    None,
    Horizontal,
    FloatingPoint,
}

/// What the samples of a pixel mean (`PhotometricInterpretation`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Photometric {
    WhiteIsZero,
    BlackIsZero,
    Rgb,
    Palette,
    /// Four inks.
    Separated,
    YCbCr,
    CieLab,
    IccLab,
}

impl Photometric {
    /// Samples of a pixel before its extra ones.
    pub(super) const fn samples(self) -> usize {
        match self {
            Self::WhiteIsZero | Self::BlackIsZero | Self::Palette => 1,
            Self::Rgb | Self::YCbCr | Self::CieLab | Self::IccLab => 3,
            Self::Separated => 4,
        }
    }
}

/// A page as its directory declares it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Page<'a> {
    pub(super) directory: Directory<'a>,
    pub(super) width: u32,
    pub(super) height: u32,
    /// Of each sample.
    pub(super) bits: u8,
    pub(super) format: SampleFormat,
    /// Of each pixel.
    pub(super) samples: usize,
    pub(super) compression: Compression,
    pub(super) predictor: Predictor,
    pub(super) photometric: Photometric,
    /// Whether each sample has chunks of its own.
    pub(super) is_planar: bool,
    /// Whether the first pixel is in the lowest bits of its byte (`FillOrder` 2).
    pub(super) is_reversed: bool,
    /// Horizontal and vertical factor by which plain `YCbCr` has fewer samples of Cb and Cr.
    pub(super) subsampling: (u32, u32),
}

impl<'a> Page<'a> {
    pub(super) fn read(directory: Directory<'a>) -> Result<Self, DecodeError> {
        let side = |tag| {
            let side = directory.uint(tag)?.ok_or(DecodeError::Corrupt("the size is missing"))?;
            u32::try_from(side).map_err(|_| DecodeError::Corrupt("a side has more than 32 bits"))
        };
        let (width, height) = (side(tags::IMAGE_WIDTH)?, side(tags::IMAGE_LENGTH)?);
        let field = |tag, default| Ok(directory.uint(tag)?.unwrap_or(default));
        let samples = field(tags::SAMPLES_PER_PIXEL, 1)?;
        if !(1..=MOST_SAMPLES).contains(&samples) {
            return Err(DecodeError::Unsupported("a pixel of more than 16 samples, or of none"));
        }
        let samples = usize::try_from(samples).unwrap_or(1);
        let compression = compression(&directory)?;
        let photometric = photometric(&directory, compression, samples)?;
        let bits = same(&directory, tags::BITS_PER_SAMPLE, samples, 1)?;
        let bits =
            u8::try_from(bits).map_err(|_| DecodeError::Unsupported("samples of more than 64 bits"))?;
        let is_planar = field(tags::PLANAR_CONFIGURATION, 1)? == 2 && samples > 1;
        let page = Self {
            directory,
            width,
            height,
            bits,
            format: format(&directory, photometric, samples)?,
            samples,
            compression,
            predictor: predictor(&directory, compression)?,
            photometric,
            is_planar,
            is_reversed: field(tags::FILL_ORDER, 1)? == 2,
            subsampling: (1, 1),
        };
        page.check()?;
        Ok(Self { subsampling: page.subsampling()?, ..page })
    }

    fn check(&self) -> Result<(), DecodeError> {
        let is_fax = matches!(
            self.compression,
            Compression::CcittRle | Compression::CcittT4 { .. } | Compression::CcittT6
        );
        if is_fax && (self.bits, self.samples) != (1, 1) {
            return Err(DecodeError::Corrupt("a fax has other pixels than of one bit"));
        }
        if self.compression == Compression::Jpeg && self.bits != 8 {
            return Err(DecodeError::Unsupported("a JPEG within, of other samples than 8 bits"));
        }
        if self.samples < self.photometric.samples() {
            return Err(DecodeError::Corrupt("a pixel has fewer samples than its colours need"));
        }
        let inks = self.directory.uint(tags::INK_SET)?.unwrap_or(1);
        if self.photometric == Photometric::Separated && inks != 1 {
            return Err(DecodeError::Unsupported("a separation into other inks than CMYK"));
        }
        Ok(())
    }

    fn subsampling(&self) -> Result<(u32, u32), DecodeError> {
        if self.photometric != Photometric::YCbCr || self.compression == Compression::Jpeg {
            return Ok((1, 1));
        }
        let values = self.directory.values(tags::YCBCR_SUBSAMPLING)?;
        let factor = |index| values.map_or(Some(2), |values| values.uint(index));
        let is_factor = |factor: &u64| matches!(factor, 1 | 2 | 4);
        let across = factor(0).filter(is_factor).and_then(|factor| u32::try_from(factor).ok());
        let down = factor(1).filter(is_factor).and_then(|factor| u32::try_from(factor).ok());
        let factors =
            across.zip(down).ok_or(DecodeError::Corrupt("a subsampling factor is not 1, 2 or 4"))?;
        let is_subsampled = factors != (1, 1);
        if is_subsampled && (self.is_planar || self.samples != 3 || self.bits != 8) {
            return Err(DecodeError::Unsupported("subsampled YCbCr in planes, or of other than three bytes"));
        }
        Ok(factors)
    }
}

/// The value that a field has for all samples, or once for all.
fn same(directory: &Directory, tag: u16, samples: usize, default: u64) -> Result<u64, DecodeError> {
    let Some(values) = directory.values(tag)? else { return Ok(default) };
    let first = values.uint(0).ok_or(DecodeError::Corrupt("a field of samples holds no number"))?;
    let is_other = |index| values.uint(index).is_some_and(|value| value != first);
    if (1..samples.min(values.len())).any(is_other) {
        return Err(DecodeError::Unsupported("samples of different sizes or formats"));
    }
    Ok(first)
}

fn format(
    directory: &Directory,
    photometric: Photometric,
    samples: usize,
) -> Result<SampleFormat, DecodeError> {
    // Some writers say of a* and b* that they are signed, some do not; the meaning is the same.
    if matches!(photometric, Photometric::CieLab | Photometric::IccLab) {
        return Ok(SampleFormat::Unsigned);
    }
    match same(directory, tags::SAMPLE_FORMAT, samples, 1)? {
        1 | 4 => Ok(SampleFormat::Unsigned),
        2 => Ok(SampleFormat::Signed),
        3 => Ok(SampleFormat::Float),
        _ => Err(DecodeError::Unsupported("complex samples")),
    }
}

fn compression(directory: &Directory) -> Result<Compression, DecodeError> {
    Ok(match directory.uint(tags::COMPRESSION)?.unwrap_or(1) {
        1 => Compression::None,
        2 => Compression::CcittRle,
        3 => {
            let options = directory.uint(tags::T4_OPTIONS)?.unwrap_or(0);
            Compression::CcittT4 { is_two_dimensional: options & 1 != 0 }
        }
        4 => Compression::CcittT6,
        5 => Compression::Lzw,
        7 => Compression::Jpeg,
        8 | 32946 => Compression::Deflate,
        32773 => Compression::PackBits,
        6 => return Err(DecodeError::Unsupported("JPEG of the old style (compression 6)")),
        32771 => return Err(DecodeError::Unsupported("CCITT RLE in words (compression 32771)")),
        32809 => return Err(DecodeError::Unsupported("ThunderScan (compression 32809)")),
        32908 | 32909 => return Err(DecodeError::Unsupported("compression by Pixar")),
        34676 | 34677 => return Err(DecodeError::Unsupported("LogLuv (SGILog compression)")),
        34661 => return Err(DecodeError::Unsupported("JBIG (compression 34661)")),
        33003 | 33005 | 34712 => return Err(DecodeError::Unsupported("JPEG 2000 compression")),
        34887 => return Err(DecodeError::Unsupported("LERC (compression 34887)")),
        34925 => return Err(DecodeError::Unsupported("LZMA (compression 34925)")),
        50000 => return Err(DecodeError::Unsupported("Zstandard (compression 50000)")),
        50001 => return Err(DecodeError::Unsupported("WebP compression (50001)")),
        50002 | 52546 => return Err(DecodeError::Unsupported("JPEG XL compression")),
        _ => return Err(DecodeError::Unsupported("a compression that is not in TIFF 6.0")),
    })
}

fn predictor(directory: &Directory, compression: Compression) -> Result<Predictor, DecodeError> {
    if !matches!(compression, Compression::Lzw | Compression::Deflate) {
        return Ok(Predictor::None);
    }
    match directory.uint(tags::PREDICTOR)?.unwrap_or(1) {
        1 => Ok(Predictor::None),
        2 => Ok(Predictor::Horizontal),
        3 => Ok(Predictor::FloatingPoint),
        _ => Err(DecodeError::Unsupported("a predictor that is not in TIFF 6.0")),
    }
}

fn photometric(
    directory: &Directory,
    compression: Compression,
    samples: usize,
) -> Result<Photometric, DecodeError> {
    let Some(number) = directory.uint(tags::PHOTOMETRIC_INTERPRETATION)? else {
        // The field is required; without it, what libtiff assumes.
        return Ok(match (compression, samples) {
            (Compression::CcittRle | Compression::CcittT4 { .. } | Compression::CcittT6, _) => {
                Photometric::WhiteIsZero
            }
            (_, 1 | 2) => Photometric::BlackIsZero,
            _ => Photometric::Rgb,
        });
    };
    Ok(match number {
        0 => Photometric::WhiteIsZero,
        1 => Photometric::BlackIsZero,
        2 => Photometric::Rgb,
        3 => Photometric::Palette,
        5 => Photometric::Separated,
        6 => Photometric::YCbCr,
        8 => Photometric::CieLab,
        9 => Photometric::IccLab,
        4 => return Err(DecodeError::Unsupported("a transparency mask")),
        10 => return Err(DecodeError::Unsupported("ITU L*a*b*, as in colour faxes")),
        32803 | 34892 => return Err(DecodeError::Unsupported("a camera's raw samples")),
        32844 | 32845 => return Err(DecodeError::Unsupported("LogL or LogLuv")),
        _ => return Err(DecodeError::Unsupported("a photometric interpretation that is not in TIFF 6.0")),
    })
}
