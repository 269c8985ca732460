//! Markers and the segments that they begin (T.81, B.1.1).

use crate::rejection::DecodeError;

pub(crate) const START_OF_IMAGE: u8 = 0xd8;
pub(crate) const END_OF_IMAGE: u8 = 0xd9;
pub(crate) const START_OF_SCAN: u8 = 0xda;
pub(crate) const QUANTIZATION: u8 = 0xdb;
pub(in crate::jpeg) const RESTART_INTERVAL: u8 = 0xdd;
pub(crate) const HUFFMAN: u8 = 0xc4;
/// Extension, reserved, and arithmetic conditioning: among the frames' numbers, but none.
const NOT_FRAMES: [u8; 3] = [HUFFMAN, 0xc8, 0xcc];

/// Whether the marker begins a frame.
pub(crate) fn is_frame(marker: u8) -> bool {
    matches!(marker, 0xc0..=0xcf) && !NOT_FRAMES.contains(&marker)
}

/// A marker and what belongs to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::jpeg) struct Segment<'a> {
    pub(in crate::jpeg) marker: u8,
    pub(in crate::jpeg) payload: &'a [u8],
    /// Where the file goes on behind it.
    pub(in crate::jpeg) end: usize,
}

/// The next segment at or behind `at`. Stray bytes between segments, which cameras write, are skipped.
///
/// # Errors
///
/// [`DecodeError::Truncated`] when there is none, or only a part of it.
pub(in crate::jpeg) fn next(file: &[u8], at: usize) -> Result<Segment<'_>, DecodeError> {
    const NONE: DecodeError = DecodeError::Truncated("before its last segment");
    let rest = file.get(at..).ok_or(NONE)?;
    let offset = memchr::memchr_iter(0xff, rest)
        .find(|found| rest.get(found + 1).is_some_and(|&byte| byte != 0 && byte != 0xff))
        .ok_or(NONE)?;
    let start = at + offset + 2;
    let marker = *file.get(start - 1).ok_or(NONE)?;
    // Markers without a segment.
    if matches!(marker, 0x01 | 0xd0..=END_OF_IMAGE) {
        return Ok(Segment { marker, payload: &[], end: start });
    }
    let length = file.get(start..).and_then(|rest| rest.first_chunk()).ok_or(NONE)?;
    let end = start + usize::from(u16::from_be_bytes(*length));
    if end < start + 2 {
        return Err(DecodeError::Corrupt("a segment has no length"));
    }
    let payload = file.get(start + 2..end).ok_or(NONE)?;
    Ok(Segment { marker, payload, end })
}

/// Where the first marker in entropy-coded bytes is: an FF that is neither stuffed nor a fill byte.
pub(in crate::jpeg) fn find(bytes: &[u8]) -> Option<usize> {
    memchr::memchr_iter(0xff, bytes)
        .find(|at| bytes.get(at + 1).is_some_and(|&byte| byte != 0 && byte != 0xff))
}

/// Where the scan that begins at `start` ends: at its first marker other than a restart.
pub(in crate::jpeg) fn end_of_scan(file: &[u8], start: usize) -> usize {
    let mut at = start;
    while let Some(found) = file.get(at..).and_then(find) {
        at += found;
        if !matches!(file.get(at + 1), Some(0xd0..=0xd7)) {
            return at;
        }
        at += 2;
    }
    file.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stray_and_fill_bytes_between_segments_are_skipped() {
        let file = [1, 2, 0xff, 0xff, 0xdb, 0, 3, 9, 7, 0xff, 0xd9];
        let first = next(&file, 0).unwrap();
        assert_eq!(first, Segment { marker: 0xdb, payload: &[9], end: 8 });
        assert_eq!(next(&file, first.end).unwrap().marker, END_OF_IMAGE);
        assert_eq!(next(&file, 11), Err(DecodeError::Truncated("before its last segment")));
    }

    #[test]
    fn segment_that_is_cut_off_or_without_length_is_refused() {
        assert!(matches!(next(&[0xff, 0xdb, 0, 9, 1], 0), Err(DecodeError::Truncated(_))));
        assert!(matches!(next(&[0xff, 0xdb, 0, 1, 1], 0), Err(DecodeError::Corrupt(_))));
    }

    #[test]
    fn scan_ends_at_a_marker_but_not_at_restarts_nor_stuffing() {
        let file = [5, 0xff, 0, 0xff, 0xd0, 6, 0xff, 0xff, 0xc4];
        assert_eq!(end_of_scan(&file, 0), 7);
        assert_eq!(end_of_scan(&file[..6], 0), 6);
    }
}
