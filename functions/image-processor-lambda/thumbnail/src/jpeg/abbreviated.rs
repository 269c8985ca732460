//! Abbreviated formats (T.81, B.4 and B.5): tables in one stream, pictures that use them in others.

use super::decode::{self, Header, Scale, Tables};
use super::marker;
use crate::budget::Clock;
use crate::pixels::Plane;
use crate::rejection::DecodeError;

/// Tables for the pictures of other streams.
#[derive(Clone, Default)]
pub(crate) struct SharedTables(Tables);

impl SharedTables {
    /// Reads a stream of tables alone.
    ///
    /// # Errors
    ///
    /// [`DecodeError`].
    pub(crate) fn read(stream: &[u8]) -> Result<Self, DecodeError> {
        let mut tables = Tables::default();
        let mut at = 0;
        while let Ok(segment) = marker::next(stream, at) {
            match segment.marker {
                marker::END_OF_IMAGE | marker::START_OF_SCAN => break,
                marker => tables.read(marker, segment.payload)?,
            }
            at = segment.end;
        }
        Ok(Self(tables))
    }
}

/// A picture whose tables, or some of them, are in another stream.
pub(crate) struct Abbreviated<'a> {
    stream: &'a [u8],
    header: Header<'a>,
}

impl<'a> Abbreviated<'a> {
    /// Reads up to the first scan.
    ///
    /// # Errors
    ///
    /// [`DecodeError`].
    pub(crate) fn read(stream: &'a [u8], tables: &SharedTables) -> Result<Self, DecodeError> {
        Ok(Self { stream, header: Header::read_with(stream, tables.0.clone())? })
    }

    /// Width and height as the frame declares them.
    pub(crate) const fn size(&self) -> (u32, u32) {
        (self.header.frame.width, self.header.frame.height)
    }

    pub(crate) const fn channels(&self) -> usize {
        self.header.frame.components.len()
    }

    /// Most bytes that [`Abbreviated::decode`] holds.
    pub(crate) fn memory(&self) -> u64 {
        let memory = decode::memory(&self.header.frame, &self.scales());
        memory + super::TABLES_BYTES.min(memory)
    }

    /// Decodes all channels in full size.
    ///
    /// # Errors
    ///
    /// [`DecodeError`].
    pub(crate) fn decode(self, clock: Clock) -> Result<FullPlanes, DecodeError> {
        let planes = decode::decode(self.stream, &self.header, &self.scales(), clock)?;
        let factors = self.header.frame.sampling();
        Ok(FullPlanes { planes: factors.zip(planes).collect() })
    }

    fn scales(&self) -> Vec<Scale> {
        vec![Scale::Full; self.header.frame.components.len()]
    }
}

/// Channels in full size, each with how many samples it has for how many of the picture, across and down.
pub(crate) struct FullPlanes {
    planes: Vec<([(u32, u32); 2], Plane)>,
}

impl FullPlanes {
    /// Puts a row's samples side by side; a sample stands for all pixels that share it.
    ///
    /// The meaning of the channels is not looked at.
    pub(crate) fn row(&self, y: u32, out: &mut [u8]) {
        let count = self.planes.len();
        for (index, ([across, down], plane)) in self.planes.iter().enumerate() {
            let start = (y * down.0 / down.1) as usize * plane.stride;
            let row = plane.samples.get(start..start + plane.stride).unwrap_or_default();
            let targets = out.iter_mut().skip(index).step_by(count);
            match *across {
                (own, largest) if own == largest => {
                    for (target, sample) in targets.zip(row) {
                        *target = *sample;
                    }
                }
                (1, 2) => {
                    let samples = row.iter().flat_map(|sample| [sample; 2]);
                    for (target, sample) in targets.zip(samples) {
                        *target = *sample;
                    }
                }
                (own, largest) => {
                    for (x, target) in (0_u32..).zip(targets) {
                        *target = row.get((x * own / largest) as usize).copied().unwrap_or_default();
                    }
                }
            }
        }
    }
}
