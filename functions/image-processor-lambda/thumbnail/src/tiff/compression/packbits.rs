//! `PackBits` (TIFF 6.0, section 9): runs of one byte, and runs of bytes as they are.

use super::{Input, SHORT};
use crate::rejection::DecodeError;

/// Decompresses a chunk.
pub(in crate::tiff) struct PackBits<'a> {
    pub(super) input: Input<'a>,
    run: Run,
}

/// What is left of the run at hand.
enum Run {
    Literal(usize),
    Repeated(u8, usize),
}

impl<'a> PackBits<'a> {
    pub(super) const fn new(input: Input<'a>) -> Self {
        Self { input, run: Run::Literal(0) }
    }

    pub(super) fn read(&mut self, out: &mut [u8]) -> Result<(), DecodeError> {
        let mut rest = out;
        while !rest.is_empty() {
            match self.run {
                Run::Literal(0) | Run::Repeated(_, 0) => self.begin()?,
                Run::Literal(left) => {
                    let (now, later) = rest.split_at_mut(left.min(rest.len()));
                    now.copy_from_slice(self.input.take(now.len())?);
                    self.run = Run::Literal(left - now.len());
                    rest = later;
                }
                Run::Repeated(byte, left) => {
                    let (now, later) = rest.split_at_mut(left.min(rest.len()));
                    now.fill(byte);
                    self.run = Run::Repeated(byte, left - now.len());
                    rest = later;
                }
            }
        }
        Ok(())
    }

    fn begin(&mut self) -> Result<(), DecodeError> {
        let length = self.input.take(1)?.first().copied().ok_or(SHORT)?;
        self.run = match length {
            0..128 => Run::Literal(usize::from(length) + 1),
            // Nothing, by the standard.
            128 => Run::Literal(0),
            129.. => {
                Run::Repeated(self.input.take(1)?.first().copied().ok_or(SHORT)?, 257 - usize::from(length))
            }
        };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of TIFF 6.0, section 9.
    const PACKED: [u8; 15] =
        [0xfe, 0xaa, 0x02, 0x80, 0x00, 0x2a, 0xfd, 0xaa, 0x03, 0x80, 0x00, 0x2a, 0x22, 0xf7, 0xaa];

    #[test]
    fn runs_are_unpacked_however_they_are_asked_for() {
        let mut whole = [0; 24];
        PackBits::new(Input::new(&PACKED, false)).read(&mut whole).unwrap();
        assert_eq!(whole[..12], [0xaa, 0xaa, 0xaa, 0x80, 0, 0x2a, 0xaa, 0xaa, 0xaa, 0xaa, 0x80, 0]);
        let mut packed = PackBits::new(Input::new(&PACKED, false));
        let mut bytes = [0; 24];
        for part in bytes.chunks_mut(5) {
            packed.read(part).unwrap();
        }
        assert_eq!(bytes, whole);
        assert_eq!(packed.read(&mut [0]), Err(SHORT));
    }

    #[test]
    fn a_length_of_128_is_skipped() {
        let mut byte = [0];
        PackBits::new(Input::new(&[128, 0, 7], false)).read(&mut byte).unwrap();
        assert_eq!(byte, [7]);
    }
}
