//! Bit reader of AV1's headers, the highest bit of a byte first.

use crate::rejection::DecodeError;

/// The bits of a header that were not read yet.
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl<'a> Bits<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, position: 0 }
    }

    /// The next `count` bits, of which there are at most 32.
    pub(super) fn read(&mut self, count: u32) -> Result<u32, DecodeError> {
        let mut value = 0;
        for _ in 0..count {
            let byte = self.bytes.get(self.position / 8);
            let byte = byte.ok_or(DecodeError::Truncated("within a sequence header"))?;
            value = value << 1 | u32::from(byte >> (7 - self.position % 8) & 1);
            self.position += 1;
        }
        Ok(value)
    }

    pub(super) fn flag(&mut self) -> Result<bool, DecodeError> {
        Ok(self.read(1)? == 1)
    }

    /// A number whose length is given by the zeros before it.
    pub(super) fn variable(&mut self) -> Result<(), DecodeError> {
        let mut zeros = 0;
        while !self.flag()? {
            zeros += 1;
        }
        if zeros < 32 {
            self.read(zeros)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_number_is_as_long_as_the_zeros_before_it_say() {
        // Two zeros, a one, two bits; then none, and the number behind them.
        let bytes = [0b0011_1101, 0b1000_0000];
        let mut bits = Bits::new(&bytes);
        bits.variable().unwrap();
        bits.variable().unwrap();
        assert_eq!(bits.read(3).unwrap(), 0b011);
        // From 32 zeros on there are no bits behind the one.
        let long = [0, 0, 0, 0, 0b1010_0000];
        let mut bits = Bits::new(&long);
        bits.variable().unwrap();
        assert_eq!(bits.read(3).unwrap(), 0b010);
        assert!(matches!(bits.read(5), Err(DecodeError::Truncated(_))));
    }
}
