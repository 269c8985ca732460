//! The frame header of a key frame: RFC 6386, section 9.

use super::bool_decoder::BoolDecoder;
use super::loop_filter::Thresholds;
use super::probabilities::Probabilities;
use super::quantization::Factors;
use crate::rejection::DecodeError;
use crate::webp::container::Container;

/// Most parts of a picture that have settings of their own.
pub(super) const SEGMENTS: usize = 4;
const LARGEST_FILTER_LEVEL: i32 = 63;

/// How large the picture is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    /// In pixels.
    pub(crate) width: u32,
    /// In pixels.
    pub(crate) height: u32,
}

impl Size {
    /// Reads it, and nothing else.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Corrupt`] as well when the container declares another size.
    pub(crate) fn read(container: &Container) -> Result<Self, DecodeError> {
        let (size, _) = start(container.frame)?;
        if container.canvas.is_some_and(|canvas| canvas != (size.width, size.height)) {
            return Err(DecodeError::Corrupt("the picture has another size than its file declares"));
        }
        Ok(size)
    }

    /// Macroblocks in a row, and rows of them.
    pub(super) const fn macroblocks(self) -> (usize, usize) {
        (self.width.div_ceil(16) as usize, self.height.div_ceil(16) as usize)
    }
}

/// The size, and the bytes behind the part that is not compressed.
fn start(frame: &[u8]) -> Result<(Size, &[u8]), DecodeError> {
    let Some(([tag @ .., s0, s1, s2, w0, w1, h0, h1], rest)) = frame.split_first_chunk::<10>() else {
        return Err(DecodeError::Truncated("in the header of its picture"));
    };
    if tag[0] & 1 != 0 {
        return Err(DecodeError::Corrupt("the picture depends on another"));
    }
    if [*s0, *s1, *s2] != [0x9d, 0x01, 0x2a] {
        return Err(DecodeError::Corrupt("the picture does not begin as it must"));
    }
    // Above the lowest fourteen bits stands how much larger it is to be shown.
    let pixels = |low, high| u32::from(u16::from_le_bytes([low, high]) & 0x3fff);
    let size = Size { width: pixels(*w0, *w1), height: pixels(*h0, *h1) };
    if size.width == 0 || size.height == 0 {
        return Err(DecodeError::Corrupt("the picture has no pixels"));
    }
    Ok((size, rest))
}

/// What the macroblocks are read with.
pub(super) struct Header<'a> {
    pub(super) size: Size,
    /// The modes of the macroblocks follow in it.
    pub(super) modes: BoolDecoder<'a>,
    /// Coefficients; rows of macroblocks take turns.
    pub(super) partitions: Vec<BoolDecoder<'a>>,
    /// How likely it is to be in the first two segments, the first, and the third.
    pub(super) segment_probabilities: Option<[u8; 3]>,
    /// Of each segment.
    pub(super) factors: [Factors; SEGMENTS],
    /// Of each segment, for macroblocks predicted as a whole and by subblocks.
    pub(super) thresholds: [[Thresholds; 2]; SEGMENTS],
    pub(super) is_filter_simple: bool,
    pub(super) probabilities: Box<Probabilities>,
    /// How likely a macroblock has coefficients, where some are marked to have none.
    pub(super) filled_probability: Option<u8>,
}

impl<'a> Header<'a> {
    pub(super) fn read(frame: &'a [u8]) -> Result<Self, DecodeError> {
        let (size, rest) = start(frame)?;
        let [t0, t1, t2, ..] = *frame else { return Err(DecodeError::Truncated("in its header")) };
        let first = (u32::from_le_bytes([t0, t1, t2, 0]) >> 5) as usize;
        let (first, rest) = rest.split_at_checked(first).ok_or(CUT)?;
        let mut bits = BoolDecoder::new(first);
        // Colour space, and whether levels need to be clamped: they always are.
        bits.literal(2);
        let segments = Segments::read(&mut bits);
        let filter = Filter::read(&mut bits);
        let partitions = partitions(rest, 1 << bits.literal(2))?;
        let indices = Factors::read_indices(&mut bits);
        // Whether other frames shall go on with these probabilities.
        bits.literal(1);
        let probabilities = Box::new(Probabilities::read(&mut bits));
        let filled_probability = (bits.literal(1) == 1).then(|| probability(bits.literal(8)));
        if bits.is_overrun() {
            return Err(DecodeError::Corrupt("the header ends too early"));
        }
        let of_segment = |settings: [i32; SEGMENTS], frame: i32| {
            settings.map(|setting| if segments.is_relative { frame + setting } else { setting })
        };
        Ok(Self {
            size,
            modes: bits,
            partitions,
            segment_probabilities: segments.probabilities,
            factors: of_segment(segments.quantizers, indices.base).map(|base| Factors::new(base, &indices)),
            thresholds: of_segment(segments.filters, filter.level).map(|level| filter.thresholds(level)),
            is_filter_simple: filter.is_simple,
            probabilities,
            filled_probability,
        })
    }
}

const CUT: DecodeError = DecodeError::Corrupt("the picture is shorter than its parts");

fn probability(literal: u32) -> u8 {
    u8::try_from(literal).unwrap_or(u8::MAX)
}

/// Cuts what is behind the first partition; the last one takes what is left.
fn partitions(bytes: &[u8], count: usize) -> Result<Vec<BoolDecoder<'_>>, DecodeError> {
    let (sizes, mut rest) = bytes.split_at_checked(3 * (count - 1)).ok_or(CUT)?;
    let mut partitions = Vec::with_capacity(count);
    for [a, b, c] in sizes.as_chunks().0 {
        let size = u32::from_le_bytes([*a, *b, *c, 0]) as usize;
        let (partition, after) = rest.split_at_checked(size).ok_or(CUT)?;
        partitions.push(BoolDecoder::new(partition));
        rest = after;
    }
    partitions.push(BoolDecoder::new(rest));
    Ok(partitions)
}

/// Settings of segments; without any, those of the frame: section 9.3.
struct Segments {
    is_relative: bool,
    quantizers: [i32; SEGMENTS],
    filters: [i32; SEGMENTS],
    probabilities: Option<[u8; 3]>,
}

impl Segments {
    fn read(bits: &mut BoolDecoder) -> Self {
        let mut segments = Self {
            is_relative: true,
            quantizers: [0; SEGMENTS],
            filters: [0; SEGMENTS],
            probabilities: None,
        };
        if !bits.flag(128) {
            return segments;
        }
        let (has_map, has_settings) = (bits.flag(128), bits.flag(128));
        if has_settings {
            segments.is_relative = !bits.flag(128);
            segments.quantizers = [(); SEGMENTS].map(|()| bits.optional(7).unwrap_or(0));
            segments.filters = [(); SEGMENTS].map(|()| bits.optional(6).unwrap_or(0));
        }
        if has_map {
            let probability_or_none = |()| if bits.flag(128) { probability(bits.literal(8)) } else { 255 };
            segments.probabilities = Some([(); 3].map(probability_or_none));
        }
        segments
    }
}

/// Sections 9.3 and 9.6.
struct Filter {
    is_simple: bool,
    level: i32,
    sharpness: i32,
    /// Added for a key frame, and more for macroblocks predicted by subblocks.
    deltas: [i32; 2],
}

impl Filter {
    fn read(bits: &mut BoolDecoder) -> Self {
        let is_simple = bits.flag(128);
        let level = bits.literal(6).cast_signed();
        let sharpness = bits.literal(3).cast_signed();
        let mut deltas = [0; 2];
        if bits.flag(128) && bits.flag(128) {
            let [of_key_frame, ..] = [(); 4].map(|()| bits.optional(6).unwrap_or(0));
            let [of_subblocks, ..] = [(); 4].map(|()| bits.optional(6).unwrap_or(0));
            deltas = [of_key_frame, of_subblocks];
        }
        Self { is_simple, level, sharpness, deltas }
    }

    fn thresholds(&self, level: i32) -> [Thresholds; 2] {
        let level = level.clamp(0, LARGEST_FILTER_LEVEL);
        let [of_key_frame, of_subblocks] = self.deltas;
        [level + of_key_frame, level + of_key_frame + of_subblocks].map(|level| {
            // A frame of level zero is not filtered, whatever its segments say.
            let level = if self.level == 0 { 0 } else { level.clamp(0, LARGEST_FILTER_LEVEL) };
            Thresholds::new(level, self.sharpness)
        })
    }
}
