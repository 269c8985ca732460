//! What the segments of a JPEG tell before it is decoded: how much memory it takes and whether it ends.

use crate::jpeg::marker::{self, START_OF_SCAN};

/// The marker at the end of the file.
const END_OF_IMAGE: [u8; 2] = [0xff, marker::END_OF_IMAGE];

/// What the segments before the first scan say.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Segments {
    /// Horizontal and vertical sampling factor of each component.
    sampling: Vec<(u64, u64)>,
    /// Whether the first scan holds some components only, so that all must be kept until the last.
    pub(super) is_split: bool,
    /// Where the data of the first scan begins.
    scan_start: Option<usize>,
}

impl Segments {
    /// Walks the segments, as leniently as the decoder does: stray bytes between them are skipped.
    pub(super) fn read(bytes: &[u8]) -> Self {
        let mut segments = Self::default();
        let mut rest = bytes;
        while let Some((marker, payload, after)) = next_segment(rest) {
            rest = after;
            if marker::is_frame(marker) {
                segments.sampling = sampling(payload);
            } else if marker == START_OF_SCAN {
                let in_scan = payload.first().map_or(0, |&count| usize::from(count));
                segments.is_split = in_scan < segments.sampling.len();
                segments.scan_start = Some(bytes.len() - rest.len());
                break;
            }
        }
        segments
    }

    /// Whether some component has fewer rows than another.
    pub(super) fn halves_rows(&self) -> bool {
        self.sampling.iter().any(|factors| factors.1 > 1)
    }

    /// Bytes that the coefficients of the whole picture take, two each.
    pub(super) fn coefficient_bytes(&self, width: u32, height: u32) -> u64 {
        self.blocks(width, height) * 64 * 2
    }

    /// Blocks of eight by eight samples in the picture, padded to whole units.
    fn blocks(&self, width: u32, height: u32) -> u64 {
        // A factor of zero is no picture's; what is asked here comes before a decoder tells that.
        let widest = self.sampling.iter().map(|factors| factors.0).fold(1, u64::max);
        let highest = self.sampling.iter().map(|factors| factors.1).fold(1, u64::max);
        let units = u64::from(width).div_ceil(8 * widest) * u64::from(height).div_ceil(8 * highest);
        let in_unit: u64 = self.sampling.iter().map(|(across, down)| across * down).sum();
        units * in_unit
    }

    /// Whether the file can hold such a picture, to its end.
    ///
    /// Decoders fill up what is missing with grey, which would pass for a picture. There must be an
    /// end-of-image marker behind the first scan (FF is stuffed in scan data, so nothing else looks
    /// like it), and at least one bit for each block, the shortest code there is.
    pub(super) fn is_complete(&self, bytes: &[u8], width: u32, height: u32) -> bool {
        let data = self.scan_start.and_then(|start| bytes.get(start..)).unwrap_or_default();
        data.len() as u64 * 8 >= self.blocks(width, height)
            && (data.ends_with(&END_OF_IMAGE) || data.windows(2).any(|pair| pair == END_OF_IMAGE))
    }
}

/// The next marker, what its segment holds, and the bytes after it.
fn next_segment(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let start = bytes.iter().position(|&byte| byte == 0xff)?;
    let rest = bytes.get(start..)?;
    let skipped = rest.iter().position(|&byte| byte != 0xff && byte != 0)?;
    let (&marker, rest) = rest.get(skipped..)?.split_first()?;
    if matches!(marker, 0x01 | 0xd0..=marker::END_OF_IMAGE) {
        return Some((marker, &[], rest));
    }
    let (length, _) = rest.split_first_chunk()?;
    let (segment, after) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
    Some((marker, segment.get(2..)?, after))
}

/// Sampling factors in a frame header.
fn sampling(frame: &[u8]) -> Vec<(u64, u64)> {
    let components = frame.get(6..).unwrap_or_default().as_chunks::<3>().0;
    components.iter().map(|[_, factors, _]| (u64::from(factors >> 4), u64::from(factors & 15))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Baseline, 4:2:0, with a stray byte and a fill byte that cameras write.
    const HEAD: [u8; 40] = [
        0xff, 0xd8, 0xff, 0xe1, 0, 4, 0xff, 0xd9, 0x00, 0xff, 0xff, 0xc0, 0, 17, 8, 0, 16, 0, 24, 3, 1, 0x22,
        0, 2, 0x11, 1, 3, 0x11, 1, 0xff, 0xda, 0, 9, 3, 1, 0, 0, 0, 0, 7,
    ];

    #[test]
    fn sampling_and_scan_are_found_behind_stray_bytes() {
        let segments = Segments::read(&HEAD);
        assert_eq!(segments.sampling, [(2, 2), (1, 1), (1, 1)]);
        assert!(!segments.is_split);
        assert_eq!(segments.scan_start, Some(HEAD.len()));
    }

    #[test]
    fn coefficients_are_counted_in_whole_units() {
        // Two by one units of six blocks, 64 coefficients of two bytes each.
        assert_eq!(Segments::read(&HEAD).coefficient_bytes(24, 16), 2 * 6 * 64 * 2);
    }

    #[test]
    fn end_marker_counts_only_behind_the_scan() {
        let is_complete = |tail: &[u8]| {
            let file = [&HEAD, tail].concat();
            Segments::read(&file).is_complete(&file, 24, 16)
        };
        assert!(!is_complete(&[1, 2, 3]));
        assert!(is_complete(&[1, 2, 3, 0xff, 0xd9]));
        assert!(is_complete(&[1, 0xff, 0xd9, 0, 0]));
    }

    #[test]
    fn picture_without_a_bit_for_each_block_is_incomplete() {
        let file = [&HEAD[..], &[1, 2, 3, 0xff, 0xd9]].concat();
        // Five bytes of data: forty blocks at most, six to a unit of 16 by 16 pixels.
        assert!(Segments::read(&file).is_complete(&file, 16 * 6, 16));
        assert!(!Segments::read(&file).is_complete(&file, 16 * 7, 16));
    }
}
