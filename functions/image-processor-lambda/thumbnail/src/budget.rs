//! What one decoding may still spend: pixels, memory, time.

use std::cell::Cell;
use std::io::{self, BufRead, Read, Seek, SeekFrom};
use std::time::{Duration, Instant};

use crate::format::Format;
use crate::limits::Limits;
use crate::rejection::{Cause, DecodeError, Rejection};

/// Asked before each piece of work, such as a row of blocks, whether time is left.
pub(crate) type Clock<'a> = &'a dyn Fn() -> Result<(), DecodeError>;

/// The file declares a picture of nothing.
#[derive(Debug, thiserror::Error)]
#[error("the declared size is {width} × {height} pixels")]
struct NoPixels {
    width: u32,
    height: u32,
}

/// The limits of one decoding, and its clock.
pub(crate) struct Budget {
    pub(crate) format: Format,
    pub(crate) limits: Limits,
    started: Instant,
    is_late: Cell<bool>,
    is_dry: Cell<bool>,
}

impl Budget {
    /// Starts the clock.
    pub(crate) fn start(format: Format, limits: Limits) -> Self {
        Self { format, limits, started: Instant::now(), is_late: Cell::new(false), is_dry: Cell::new(false) }
    }

    /// Checks the declared size of the picture, before any of it is decoded: it must have pixels, and not
    /// too many. Every reader calls it where it reads the size.
    pub(crate) fn check_pixels(&self, width: u32, height: u32) -> Result<u64, Rejection> {
        if width == 0 || height == 0 {
            let source = Box::new(NoPixels { width, height });
            return Err(Rejection::Corrupt { format: self.format, source });
        }
        let pixels = u64::from(width) * u64::from(height);
        let limit = self.limits.max_pixels;
        if pixels > limit { Err(Rejection::TooManyPixels { width, height, limit }) } else { Ok(pixels) }
    }

    /// Checks how much memory decoding will hold at its peak, before it is allocated.
    pub(crate) fn check_memory(&self, bytes: u64) -> Result<(), Rejection> {
        if bytes > self.limits.max_decode_bytes { Err(self.too_much_memory()) } else { Ok(()) }
    }

    /// The rejection of an image that needs too much memory.
    pub(crate) fn too_much_memory(&self) -> Rejection {
        Rejection::TooMuchMemory { format: self.format, limit: self.limits.max_decode_bytes }
    }

    /// Whether some read was refused because the time was over.
    pub(crate) fn check_time(&self) -> Result<(), Rejection> {
        if self.is_late.get() { Err(self.too_slow()) } else { Ok(()) }
    }

    /// Checks that work which nothing can interrupt would be done in time.
    pub(crate) fn check_ahead(&self, work: Duration) -> Result<(), Rejection> {
        if self.started.elapsed() + work >= self.limits.time { Err(self.too_slow()) } else { Ok(()) }
    }

    /// The rejection of an image that takes too long.
    pub(crate) fn too_slow(&self) -> Rejection {
        Rejection::TooSlow { format: self.format, limit: self.limits.time }
    }

    /// What a decoder complains about: damage, or an early end when it asked for more than there is.
    pub(crate) fn damaged(&self, source: impl Into<Cause>) -> Rejection {
        let (format, source) = (self.format, source.into());
        if self.is_dry.get() {
            Rejection::Truncated { format, source }
        } else {
            Rejection::Corrupt { format, source }
        }
    }

    /// The rejection of a file that a decoder of this crate gave up.
    pub(crate) fn reject(&self, error: DecodeError) -> Rejection {
        let (format, source) = (self.format, Box::new(error));
        match error {
            DecodeError::Unsupported(_) => Rejection::UnsupportedFeature { format, source },
            DecodeError::Truncated(_) => Rejection::Truncated { format, source },
            DecodeError::Corrupt(_) => Rejection::Corrupt { format, source },
            DecodeError::Late => self.too_slow(),
        }
    }

    /// [`Budget::spend`] as a decoder of this crate asks it.
    pub(crate) fn clock(&self) -> Result<(), DecodeError> {
        self.spend().map_err(|_| DecodeError::Late)
    }

    /// The bytes as a stream that dries up when the time is over.
    pub(crate) fn reader<'a>(&'a self, bytes: &'a [u8]) -> Timed<'a> {
        Timed { bytes, position: 0, calls: 0, budget: self }
    }

    /// Looks at the clock; once the time is over it stays so.
    pub(crate) fn spend(&self) -> io::Result<()> {
        if self.is_late.get() || self.started.elapsed() >= self.limits.time {
            self.is_late.set(true);
            return Err(io::Error::new(io::ErrorKind::TimedOut, "the time to decode is over"));
        }
        Ok(())
    }
}

/// A reader over bytes in memory that looks at the clock.
///
/// Decoders do their slow work between reads, so a decoder that cannot read any more ends soon:
/// time is bounded without a thread to kill.
pub(crate) struct Timed<'a> {
    bytes: &'a [u8],
    position: usize,
    calls: u32,
    budget: &'a Budget,
}

impl Timed<'_> {
    /// Bytes handed out at once, so that a decoder comes back often.
    const WINDOW: usize = 4096;
    /// Reads between two looks at the clock, which costs as much as a short read.
    const PATIENCE: u32 = 64;

    #[inline]
    fn tick(&mut self) -> io::Result<()> {
        let is_due = self.calls.is_multiple_of(Self::PATIENCE);
        self.calls = self.calls.wrapping_add(1);
        if is_due { self.budget.spend() } else { Ok(()) }
    }

    #[inline]
    fn rest(&self) -> &[u8] {
        let rest = self.bytes.get(self.position..).unwrap_or_default();
        if rest.is_empty() {
            self.budget.is_dry.set(true);
        }
        rest
    }
}

impl Read for Timed<'_> {
    #[inline]
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.tick()?;
        let count = self.rest().read(buffer)?;
        self.position += count;
        Ok(count)
    }
}

impl BufRead for Timed<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.tick()?;
        let rest = self.rest();
        Ok(rest.get(..Self::WINDOW).unwrap_or(rest))
    }

    fn consume(&mut self, amount: usize) {
        self.position = self.position.saturating_add(amount);
    }
}

impl Seek for Timed<'_> {
    #[inline]
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(offset) => i128::from(offset),
            SeekFrom::End(offset) => self.bytes.len() as i128 + i128::from(offset),
            SeekFrom::Current(offset) => self.position as i128 + i128::from(offset),
        };
        self.position = usize::try_from(target).map_err(|_| io::ErrorKind::InvalidInput)?;
        Ok(self.position as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reader_without_time_refuses_and_remembers() {
        let budget = Budget::start(Format::Png, Limits { time: Duration::ZERO, ..Limits::default() });
        assert!(budget.check_time().is_ok());
        let error = budget.reader(b"abc").read(&mut [0; 3]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert_eq!(budget.check_time().unwrap_err().reason(), "TooSlow");
    }

    #[test]
    fn work_that_cannot_be_interrupted_must_fit_the_time_that_is_left() {
        let budget =
            Budget::start(Format::Avif, Limits { time: Duration::from_secs(9), ..Limits::default() });
        assert!(budget.check_ahead(Duration::from_secs(5)).is_ok());
        assert_eq!(budget.check_ahead(Duration::from_secs(9)).unwrap_err().reason(), "TooSlow");
    }

    #[test]
    fn a_picture_without_width_or_height_is_refused_as_corrupt() {
        let budget = Budget::start(Format::Gif, Limits::default());
        for (width, height) in [(0, 0), (0, 5), (5, 0)] {
            assert_eq!(budget.check_pixels(width, height).unwrap_err().reason(), "Corrupt");
        }
        assert_eq!(budget.check_pixels(1, 1).unwrap(), 1);
    }

    #[test]
    fn complaint_after_the_last_byte_means_an_early_end() {
        let budget = Budget::start(Format::Png, Limits::default());
        let mut reader = budget.reader(b"abc");
        assert_eq!(reader.read(&mut [0; 3]).unwrap(), 3);
        assert_eq!(budget.damaged("no").reason(), "Corrupt");
        assert_eq!(reader.read(&mut [0; 3]).unwrap(), 0);
        assert_eq!(budget.damaged("no").reason(), "Truncated");
    }

    #[test]
    fn reader_reads_seeks_and_ends_like_a_cursor() {
        let budget = Budget::start(Format::Png, Limits::default());
        let bytes: Vec<u8> = (0..=255).cycle().take(10_000).collect();
        let mut reader = budget.reader(&bytes);
        let mut all = Vec::new();
        reader.read_to_end(&mut all).unwrap();
        assert_eq!(all, bytes);
        assert_eq!(reader.seek(SeekFrom::End(-4)).unwrap(), 9_996);
        assert_eq!(reader.fill_buf().unwrap(), &bytes[9_996..]);
        assert_eq!(reader.seek(SeekFrom::Start(20_000)).unwrap(), 20_000);
        assert_eq!(reader.read(&mut [0; 8]).unwrap(), 0);
        assert!(reader.seek(SeekFrom::Current(-20_001)).is_err());
    }
}
