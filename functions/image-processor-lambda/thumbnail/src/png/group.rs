//! Groups of rows that are unfiltered together.

use fearless_simd::{Level, dispatch};

use super::filter::{Filter, PIXEL, ROWS};
use super::unfilter::{Lines, Masks, unfilter_rows};
use crate::pixels::Channels;
use crate::simd::vectorize;

/// Rows that are unfiltered together, and the row above them.
#[derive(Debug)]
pub(crate) struct Group {
    channels: Channels,
    /// Bytes of a row's samples, and from one row to the next: the last pixel may be wider than its channels.
    row_bytes: usize,
    stride: usize,
    above: Vec<u8>,
    rows: Vec<u8>,
}

impl Group {
    pub(super) fn bytes(width: u32, channels: Channels) -> u64 {
        (u64::from(width) * channels.count() as u64 + PIXEL as u64) * (ROWS as u64 + 1)
    }

    /// For rows of a picture that is at least one pixel wide, with one to four channels.
    pub(crate) fn new(width: u32, channels: Channels) -> Self {
        let row_bytes = width as usize * channels.count();
        let stride = row_bytes + PIXEL - channels.count();
        Self { channels, row_bytes, stride, above: vec![0; stride], rows: vec![0; stride * ROWS] }
    }

    /// The rows, without what follows their last pixel.
    pub(crate) fn rows_mut(&mut self) -> impl Iterator<Item = &mut [u8]> {
        self.rows.chunks_exact_mut(self.stride).filter_map(|row| row.get_mut(..self.row_bytes))
    }

    /// Unfilters the next `count` rows of `raw`, whose bytes may be any behind them; nothing, if a filter is unknown.
    pub(crate) fn unfilter(&mut self, raw: &[u8], count: usize) -> Option<()> {
        let mut filters = [Filter::None; ROWS];
        let mut samples = [raw; ROWS];
        for (index, (filter, samples)) in filters.iter_mut().zip(&mut samples).enumerate() {
            let (first, rest) = raw.get(index * (self.row_bytes + 1)..)?.split_first()?;
            *samples = rest.get(..self.stride)?;
            if index < count {
                *filter = Filter::read(*first)?;
            }
        }
        if filters.iter().all(|filter| matches!(filter, Filter::None | Filter::Up)) {
            self.add(filters, samples);
        } else {
            self.run(filters, samples)?;
        }
        let last = self.rows.chunks_exact(self.stride).nth(count.checked_sub(1)?)?;
        self.above.copy_from_slice(last);
        Some(())
    }

    /// Where nothing depends on pixels on the left, all of a row is made at once.
    fn add(&mut self, filters: [Filter; ROWS], samples: [&[u8]; ROWS]) {
        vectorize(
            #[inline(always)]
            || {
                let mut above = &self.above[..];
                let rows = self.rows.chunks_exact_mut(self.stride);
                for ((row, samples), filter) in rows.zip(samples).zip(filters) {
                    row.copy_from_slice(samples);
                    if filter == Filter::Up {
                        for (sample, above) in row.iter_mut().zip(above) {
                            *sample = sample.wrapping_add(*above);
                        }
                    }
                    above = row;
                }
            },
        );
    }

    fn run(&mut self, filters: [Filter; ROWS], samples: [&[u8]; ROWS]) -> Option<()> {
        let mut rows = self.rows.chunks_exact_mut(self.stride);
        let rows = [rows.next()?, rows.next()?, rows.next()?, rows.next()?];
        let lines = Lines { above: &self.above, samples, rows };
        let masks = Masks::new(filters);
        let has_average = filters.contains(&Filter::Average);
        match (self.channels.count(), has_average) {
            (1, _) => dispatch!(Level::new(), simd => unfilter_rows::<_, 1, true>(simd, &masks, lines)),
            (2, _) => dispatch!(Level::new(), simd => unfilter_rows::<_, 2, true>(simd, &masks, lines)),
            (3, false) => dispatch!(Level::new(), simd => unfilter_rows::<_, 3, false>(simd, &masks, lines)),
            (3, true) => dispatch!(Level::new(), simd => unfilter_rows::<_, 3, true>(simd, &masks, lines)),
            (_, false) => dispatch!(Level::new(), simd => unfilter_rows::<_, 4, false>(simd, &masks, lines)),
            (_, true) => dispatch!(Level::new(), simd => unfilter_rows::<_, 4, true>(simd, &masks, lines)),
        }
        Some(())
    }
}
