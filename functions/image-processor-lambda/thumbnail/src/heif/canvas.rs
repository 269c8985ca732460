//! The channels that coded tiles are averaged into.
//!
//! Colours with transparency are weighed by their opacity before they are averaged, so that what nobody sees
//! does not bleed into its neighbours. Red, green and blue are linear in luma and the differences of colours,
//! so these can be weighed in their place, each at its own size; but each for every pixel where none are averaged, since
//! pixels that share a sample are not alike opaque.

mod interpolation;

use std::ops::Range;

use super::alpha::Alpha;
use super::average::Average;
use super::coded::{CodedPicture, Sampling};
use super::color::{Encoding, Levels};
use super::transform::Rect;
use crate::pixels::{Channels, Matrix, Planar};
use crate::rejection::DecodeError;

use self::interpolation::Interpolation;

/// What a picture is decoded for.
#[derive(Clone, Copy)]
pub(super) enum Purpose<'a> {
    /// Its colours, weighed by opacities.
    Colors(Option<&'a Alpha>),
    /// Its first channel, which is opacity, in its own size.
    Opacity,
}

impl<'a> Purpose<'a> {
    /// Bytes that are held meanwhile.
    pub(super) const fn held(self) -> u64 {
        match self {
            Self::Colors(Some(alpha)) => alpha.bytes(),
            _ => 0,
        }
    }

    /// How much smaller the second and third channel are kept.
    const fn shifts(self, sampling: Sampling, side: u32) -> (u32, u32) {
        match self {
            Self::Colors(Some(alpha)) if side == 1 && !alpha.is_premultiplied => (0, 0),
            _ => sampling.shifts(),
        }
    }

    const fn alpha(self) -> Option<&'a Alpha> {
        match self {
            Self::Colors(alpha) => alpha,
            Self::Opacity => None,
        }
    }
}

/// Rows of a tile as wide as the picture, after which no sums wait for other tiles.
const ROWS: u32 = 64;

/// One channel, with what makes its samples its own.
struct Channel {
    average: Average,
    zero: i32,
    shifts: (u32, u32),
}

/// The part of a picture that is shown, becoming small.
pub(super) struct Canvas<'a> {
    /// The size of the whole picture.
    size: (u32, u32),
    rect: Rect,
    sampling: Sampling,
    bits: [u8; 2],
    matrix: Matrix,
    alpha: Option<&'a Alpha>,
    colors: Vec<Channel>,
    opacity: Option<Average>,
}

impl<'a> Canvas<'a> {
    /// For pictures like this one, of which squares of `side` pixels are averaged.
    pub(super) fn new(
        picture: &CodedPicture,
        encoding: Encoding,
        whole: (u32, u32),
        rect: Rect,
        side: u32,
        purpose: Purpose<'a>,
    ) -> Self {
        const OPACITY: Levels = Levels { zero: 0, factor: 1.0, base: 0.0 };
        let alpha = purpose.alpha();
        let is_weighed = alpha.is_some_and(|alpha| !alpha.is_premultiplied);
        let channels = match purpose {
            Purpose::Colors(_) => picture.sampling.channels(),
            Purpose::Opacity => 1,
        };
        let channel = |index: usize| {
            let shifts = if index == 0 { (0, 0) } else { purpose.shifts(picture.sampling, side) };
            let levels = encoding.levels(index);
            let zero = levels.zero;
            // Weighed levels come without their zero.
            let levels = if is_weighed { Levels { zero: 0, ..levels } } else { levels };
            let (columns, rows) = places(rect, shifts);
            Channel { average: Average::new((length(&columns), length(&rows)), side, levels), zero, shifts }
        };
        Self {
            size: whole,
            rect,
            sampling: picture.sampling,
            bits: picture.bits,
            matrix: encoding.matrix,
            alpha,
            colors: (0..channels).map(channel).collect(),
            opacity: alpha.map(|_| Average::new((rect.width, rect.height), side, OPACITY)),
        }
    }

    /// Most bytes that it holds, for tiles of this size.
    pub(super) fn bytes(
        rect: Rect,
        side: u32,
        tile: (u32, u32),
        sampling: Sampling,
        purpose: Purpose,
    ) -> u64 {
        let waiting = if tile.0 >= rect.width { ROWS.min(tile.1) } else { tile.1 };
        let channel = |shifts| {
            let (columns, rows) = places(rect, shifts);
            Average::bytes((length(&columns), length(&rows)), side, waiting)
        };
        match purpose {
            Purpose::Opacity => channel((0, 0)),
            Purpose::Colors(alpha) => {
                let whole = 1 + u64::from(alpha.is_some());
                let chroma =
                    if sampling == Sampling::Gray { 0 } else { 2 * channel(purpose.shifts(sampling, side)) };
                whole * channel((0, 0)) + chroma
            }
        }
    }

    /// Takes in the picture of a tile that covers `tile` of the whole.
    pub(super) fn add(&mut self, picture: &CodedPicture, tile: Rect) -> Result<(), DecodeError> {
        let (across, down) = self.sampling.shifts();
        let is_odd = |side: u32, start: u32, shift: u32| shift > 0 && (side | start) & 1 == 1 && start > 0;
        if picture.sampling != self.sampling || picture.bits != self.bits {
            return Err(DecodeError::Unsupported("a grid of tiles that differ"));
        }
        if is_odd(tile.width, tile.x, across) || is_odd(tile.height, tile.y, down) {
            return Err(DecodeError::Unsupported("a grid of tiles with odd sides"));
        }
        let (mut scratch, mut weights) = (Vec::new(), Weights::default());
        let mut interpolation = Interpolation::default();
        for (index, channel) in self.colors.iter_mut().enumerate() {
            let (shown_columns, shown_rows) = places(self.rect, channel.shifts);
            let (columns, rows) = places(tile, channel.shifts);
            let covered = shared(&columns, &shown_columns);
            let last = shared(&rows, &shown_rows).end;
            let is_interpolated = index > 0 && channel.shifts != (across, down);
            for y in shared(&rows, &shown_rows) {
                let row = if is_interpolated {
                    interpolation.row(picture, index, y - rows.start)
                } else {
                    picture.samples.row(index, y - rows.start, &mut scratch)
                };
                let part = (covered.start - columns.start) as usize..(covered.end - columns.start) as usize;
                let part = row.get(part).ok_or(DecodeError::Corrupt("a row shorter than its picture"))?;
                let place = (covered.start - shown_columns.start, y - shown_rows.start);
                match self.alpha.filter(|alpha| !alpha.is_premultiplied) {
                    None => channel.average.push(place, part, y + 1 == last),
                    Some(alpha) => {
                        weights.read(alpha, self.size, (&covered, y), channel.shifts);
                        channel.average.push(place, weights.weigh(part, channel.zero), y + 1 == last);
                    }
                }
                if covered == shown_columns && (y + 1).is_multiple_of(ROWS) {
                    channel.average.flush(y + 1 - shown_rows.start);
                }
            }
        }
        if let (Some(alpha), Some(opacity)) = (self.alpha, &mut self.opacity) {
            let (shown_columns, shown_rows) = places(self.rect, (0, 0));
            let (columns, rows) = places(tile, (0, 0));
            let (columns, rows) = (shared(&columns, &shown_columns), shared(&rows, &shown_rows));
            for y in rows.clone() {
                weights.read(alpha, self.size, (&columns, y), (0, 0));
                let place = (columns.start - shown_columns.start, y - shown_rows.start);
                opacity.push(place, &weights.opacities, y + 1 == rows.end);
                if columns == shown_columns && (y + 1).is_multiple_of(ROWS) {
                    opacity.flush(y + 1 - shown_rows.start);
                }
            }
        }
        Ok(())
    }

    /// All tiles of a row have come, of which this is one.
    pub(super) fn flush(&mut self, tile: Rect) {
        for channel in &mut self.colors {
            let (_, shown) = places(self.rect, channel.shifts);
            let (_, rows) = places(tile, channel.shifts);
            channel.average.flush(rows.end.saturating_sub(shown.start));
        }
        if let Some(opacity) = &mut self.opacity {
            opacity.flush((tile.y + tile.height).saturating_sub(self.rect.y));
        }
    }

    pub(super) fn finish(self) -> Planar {
        let Rect { width, height, .. } = self.rect;
        let channels = match (self.colors.len(), self.alpha.is_some()) {
            (1, false) => Channels::Gray,
            (1, true) => Channels::GrayAlpha,
            (_, true) => Channels::CodedAlpha(self.matrix),
            (_, false) if self.matrix == Matrix::Bt601 => Channels::YCbCr,
            (_, false) => Channels::Coded(self.matrix),
        };
        let covered = |length: u32, shift: u32| f64::from(length) / f64::from(1_u32 << shift);
        let colors = self.colors.into_iter().map(|Channel { average, shifts, .. }| {
            average.finish((covered(width, shifts.0), covered(height, shifts.1)))
        });
        let opacity = self.opacity.map(|opacity| opacity.finish((f64::from(width), f64::from(height))));
        Planar { width, height, channels, planes: colors.chain(opacity).collect() }
    }
}

/// The columns and rows of a channel that a part of the picture covers.
fn places(rect: Rect, (across, down): (u32, u32)) -> (Range<u32>, Range<u32>) {
    let along = |start: u32, length: u32, shift: u32| {
        let end = u64::from(start) + u64::from(length);
        start >> shift..u32::try_from(end.div_ceil(1 << shift)).unwrap_or(u32::MAX)
    };
    (along(rect.x, rect.width, across), along(rect.y, rect.height, down))
}

fn shared(one: &Range<u32>, other: &Range<u32>) -> Range<u32> {
    let start = one.start.max(other.start);
    start..one.end.min(other.end).max(start)
}

const fn length(range: &Range<u32>) -> u32 {
    range.end - range.start
}

/// Opacities of a row's samples, and the levels that they weigh.
#[derive(Default)]
struct Weights {
    opacities: Vec<u8>,
    one: Vec<u8>,
    other: Vec<u8>,
    weighed: Vec<i32>,
}

impl Weights {
    /// Reads those of samples that each cover some pixels.
    fn read(
        &mut self,
        alpha: &Alpha,
        size: (u32, u32),
        (columns, y): (&Range<u32>, u32),
        (across, down): (u32, u32),
    ) {
        let pixels = columns.start << across..(columns.end << across).min(size.0);
        if (across, down) == (0, 0) {
            alpha.row(size, pixels, y, &mut self.opacities);
            return;
        }
        let last = size.1.saturating_sub(1);
        alpha.row(size, pixels.clone(), y << down, &mut self.one);
        alpha.row(size, pixels, ((y << down) + (1 << down) - 1).min(last), &mut self.other);
        self.opacities.clear();
        let pairs = self.one.chunks(1 << across).zip(self.other.chunks(1 << across));
        self.opacities.extend(pairs.map(|(one, other)| {
            let sum: u32 = one.iter().chain(other).map(|it| u32::from(*it)).sum();
            let count = u32::try_from(one.len() + other.len()).unwrap_or(1).max(1);
            u8::try_from((sum + count / 2) / count).unwrap_or(u8::MAX)
        }));
    }

    fn weigh(&mut self, levels: &[u16], zero: i32) -> &[i32] {
        self.weighed.clear();
        self.weighed.extend(levels.iter().zip(&self.opacities).map(|(level, opacity)| {
            let product = (i32::from(*level) - zero) * i32::from(*opacity);
            (product + if product < 0 { -127 } else { 127 }) / 255
        }));
        &self.weighed
    }
}

#[cfg(test)]
mod tests;
