//! Grid decoding: from coded tiles to the channels of a small picture, one tile at a time.

use heifer_isobmff::{HeifFile, ItemId};

use super::alpha::Alpha;
use super::av1;
use super::canvas::{Canvas, Purpose};
use super::code_points::CodePoints;
use super::coded::{Admit, Announced, CodedPicture};
use super::color::Color;
use super::fault::Fault;
use super::item::{Coding, Source};
use super::transform::{Placement, Rect};
use crate::budget::Budget;
use crate::pixels::{Planar, Target};
use crate::rejection::{DecodeError, Rejection};

/// From this many times the thumbnail's size on, nobody sees whether a picture went through the loop filters.
const UNFILTERED_FROM: u32 = 2;
/// What may be coded beyond the right and the bottom of a picture: less than two coding blocks.
const CODED_BEYOND: u64 = 128;
/// How many times the pixels that are allowed a grid may decode, since tiles reach beyond its borders.
const TILES_BEYOND: u64 = 2;

/// A picture that is about to be decoded.
#[derive(Clone, Copy)]
pub(super) struct Mosaic<'a> {
    pub(super) file: &'a HeifFile<'a>,
    pub(super) source: &'a Source,
    pub(super) budget: &'a Budget,
    pub(super) target: &'a Target,
}

/// Sizes of the whole picture and of its tiles.
#[derive(Clone, Copy)]
struct Layout {
    canvas: (u32, u32),
    tile: (u32, u32),
    columns: u32,
}

/// A picture that was decoded and made small.
pub(super) struct Drawn {
    pub(super) planar: Planar,
    /// Where it belongs in what is shown.
    pub(super) placement: Placement,
    /// What its colours mean.
    pub(super) color: CodePoints,
}

impl Layout {
    /// The part of the picture that a tile covers.
    fn tile(&self, index: u32) -> Rect {
        let (width, height) = self.tile;
        Rect { x: index % self.columns * width, y: index / self.columns * height, width, height }
    }
}

impl Mosaic<'_> {
    /// Draws the picture for a purpose.
    pub(super) fn decode(&self, color: Color, purpose: Purpose) -> Result<Drawn, Fault> {
        let grid = self.grid()?;
        let mut canvas: Option<(Canvas, Placement, CodePoints)> = None;
        for (index, tile) in (0..).zip(&self.source.tiles) {
            self.budget.clock()?;
            if let Some(grid) = grid
                && !grid.tile(index).meets(&self.place(grid.canvas, purpose)?.rect)
            {
                continue;
            }
            let picture = self.coded(*tile, &|announced| self.admit(grid, announced, purpose))?;
            let size = (picture.width, picture.height);
            let layout = grid.unwrap_or(Layout { canvas: size, tile: size, columns: 1 });
            if size != layout.tile {
                return Err(DecodeError::Corrupt("a tile is not as large as it is declared").into());
            }
            let (canvas, ..) = if let Some(canvas) = &mut canvas {
                canvas
            } else {
                let placement = self.place(layout.canvas, purpose)?;
                let encoding = color.encoding(&picture)?;
                let squares = self.side(placement.rect, purpose);
                let new = Canvas::new(&picture, encoding, layout.canvas, placement.rect, squares, purpose);
                canvas.insert((new, placement, color.resolved(&picture)))
            };
            canvas.add(&picture, layout.tile(index))?;
            if (index + 1).is_multiple_of(layout.columns) {
                canvas.flush(layout.tile(index));
            }
        }
        let (canvas, placement, color) = canvas.ok_or(DecodeError::Corrupt("a picture without tiles"))?;
        Ok(Drawn { planar: canvas.finish(), placement, color })
    }

    /// The layout of a grid, within limits.
    fn grid(&self) -> Result<Option<Layout>, Fault> {
        let Some(grid) = self.source.grid else { return Ok(None) };
        let first = *self.source.tiles.first().ok_or(DecodeError::Corrupt("a grid without tiles"))?;
        let tile = self.file.image_size(first)?;
        let tile = tile.ok_or(DecodeError::Corrupt("a tile without a size"))?;
        self.budget.check_pixels(grid.width, grid.height)?;
        self.budget.check_pixels(tile.0, tile.1)?;
        let rows = u32::try_from(self.source.tiles.len()).unwrap_or(u32::MAX) / grid.columns;
        let (across, down) = (grid.width.div_ceil(tile.0), grid.height.div_ceil(tile.1));
        if across > grid.columns || down > rows {
            return Err(DecodeError::Corrupt("the tiles of a grid do not cover it").into());
        }
        let decoded = u64::from(across) * u64::from(down) * u64::from(tile.0) * u64::from(tile.1);
        let limit = self.budget.limits.max_pixels;
        if decoded > limit.saturating_mul(TILES_BEYOND) {
            return Err(Rejection::TooManyPixels { width: grid.width, height: grid.height, limit }.into());
        }
        Ok(Some(Layout { canvas: (grid.width, grid.height), tile, columns: grid.columns }))
    }

    fn coded(&self, tile: ItemId, admit: Admit) -> Result<CodedPicture, Fault> {
        match self.source.coding {
            #[cfg(feature = "hevc")]
            Coding::Hevc => super::hevc::decode(self.file, tile, admit, &|| self.budget.clock()),
            #[cfg(not(feature = "hevc"))]
            Coding::Hevc => Err(DecodeError::Unsupported("HEVC").into()),
            Coding::Av1 => av1::decode(self.file, tile, admit, &|| self.budget.clock()),
        }
    }

    /// Checks what is about to be decoded. Returns whether loop filters are to run.
    fn admit(&self, grid: Option<Layout>, announced: Announced, purpose: Purpose) -> Result<bool, Fault> {
        let Announced { size, coded, sampling, bytes, uninterrupted } = announced;
        self.budget.check_pixels(size.0, size.1)?;
        let area = |(width, height), more| (u64::from(width) + more) * (u64::from(height) + more);
        if area(coded, 0) > area(size, CODED_BEYOND) {
            return Err(DecodeError::Unsupported("so much that is coded and not shown").into());
        }
        let rect = self.place(grid.map_or(size, |grid| grid.canvas), purpose)?.rect;
        let small = Canvas::bytes(rect, self.side(rect, purpose), size, sampling, purpose);
        let (thumbnail, _) = self.target.size(rect.width, rect.height);
        let is_filtered = rect.width < UNFILTERED_FROM * thumbnail;
        self.budget.check_ahead(uninterrupted)?;
        let bytes = if is_filtered { bytes[1] } else { bytes[0] };
        self.budget.check_memory(bytes.saturating_add(small).saturating_add(purpose.held()))?;
        Ok(is_filtered)
    }

    fn place(&self, canvas: (u32, u32), purpose: Purpose) -> Result<Placement, Fault> {
        match purpose {
            Purpose::Colors(_) => Placement::read(self.file, self.source, canvas),
            Purpose::Opacity => Ok(Placement::whole(canvas)),
        }
    }

    /// The side of the squares that are averaged.
    fn side(&self, rect: Rect, purpose: Purpose) -> u32 {
        match purpose {
            Purpose::Colors(_) => self.target.box_side(rect.width, rect.height),
            Purpose::Opacity => 1,
        }
    }
}

impl Alpha {
    /// Decodes the opacities for the colours of `colors`.
    pub(super) fn decode(colors: &Mosaic, source: &Source, is_premultiplied: bool) -> Result<Self, Fault> {
        let color = Color::read(colors.file, source);
        let drawn = Mosaic { source, ..*colors }.decode(color, Purpose::Opacity)?;
        Ok(Self::new(drawn.planar, is_premultiplied))
    }
}

#[cfg(test)]
mod tests;
