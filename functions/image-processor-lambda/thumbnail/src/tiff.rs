//! TIFF 6.0 and `BigTIFF`: the first page that is a picture, made smaller row by row while it is read.
//!
//! Strips and tiles are decompressed some rows at a time, those beside each other together, and their rows are
//! averaged at once: none but those of faxes and JPEGs are held whole.
//!
//! Invariants, whatever the bytes:
//! - nothing panics, and loops are bounded by the bytes of the file and the pixels that it declares;
//! - memory is counted before it is allocated, that of all open chunks together;
//! - every row was read from data; what is not read rightly is refused by name.

mod chunk;
mod compression;
mod directory;
mod file;
mod layout;
mod page;
mod photometric;
mod predictor;
mod samples;
mod tags;
mod values;

use image::metadata::Orientation;

use self::chunk::Chunk;
use self::compression::{ChunkSize, Decompressor, Memory};
use self::directory::Directory;
use self::file::TiffFile;
use self::layout::Layout;
use self::page::Page;
use self::photometric::{Interpretation, ycbcr};
use self::predictor::Differences;
use self::samples::Depth;
use crate::budget::Budget;
use crate::color::ColorSpace;
use crate::jpeg::abbreviated::SharedTables;
use crate::pixels::{Pixels, Planar, Raster, Target};
use crate::rejection::{DecodeError, Rejection};
use crate::resize::box_average;

/// Larger profiles are ignored, as broken ones are.
const LARGEST_PROFILE: usize = 4 * 1024 * 1024;

/// Decodes the picture, of about the size that the thumbnail needs.
pub(crate) fn decode(bytes: &[u8], budget: &Budget, target: &Target) -> Result<Raster, Rejection> {
    let reject = |error| budget.reject(error);
    budget.clock().map_err(reject)?;
    let (file, first) = TiffFile::open(bytes).map_err(reject)?;
    let directory = Directory::of_picture(file, first).map_err(reject)?;
    let page = Page::read(directory).map_err(reject)?;
    budget.check_pixels(page.width, page.height)?;
    let picture = Picture::read(page, budget)?;
    let profile = directory.values(tags::ICC_PROFILE).ok().flatten().map(|values| values.bytes);
    let profile = profile.filter(|profile| {
        picture.interpretation.keeps_profile() && (1..=LARGEST_PROFILE).contains(&profile.len())
    });
    let orientation = directory.uint(tags::ORIENTATION).ok().flatten();
    let planar = picture.decode(target)?;
    Ok(Raster {
        ink: planar.ink(),
        pixels: Pixels::Planes(planar),
        color: ColorSpace::icc(profile.map(<[u8]>::to_vec)),
        orientation: orientation
            .and_then(|value| Orientation::from_exif(u8::try_from(value).ok()?))
            .unwrap_or(Orientation::NoTransforms),
    })
}

/// A page with all that is needed to read its rows.
struct Picture<'a> {
    page: Page<'a>,
    layout: Layout<'a>,
    depth: Depth,
    differences: Differences,
    interpretation: Interpretation,
    tables: SharedTables,
    budget: &'a Budget,
    /// Compressed bytes that may be looked at: chunks may share some, but not all of them all.
    most_consumed: u64,
}

impl<'a> Picture<'a> {
    fn read(page: Page<'a>, budget: &'a Budget) -> Result<Self, Rejection> {
        let reject = |error| budget.reject(error);
        let layout = Layout::read(page).map_err(reject)?;
        let (width, height) = layout.padded();
        let padded = width.saturating_mul(height);
        // Tiles reach beyond the picture, but most of them should be in it.
        if padded > budget.limits.max_pixels.saturating_mul(2) {
            return Err(reject(DecodeError::Unsupported("tiles far larger than the picture")));
        }
        let tables = page.directory.values(tags::JPEG_TABLES).map_err(reject)?;
        let tables = tables.map_or_else(|| Ok(SharedTables::default()), |it| SharedTables::read(it.bytes));
        let raw = padded * page.samples as u64 * u64::from(page.bits).div_ceil(8);
        Ok(Self {
            depth: Depth::of(&page).map_err(reject)?,
            differences: Differences::of(&page, layout.samples_in_chunk()).map_err(reject)?,
            interpretation: Interpretation::of(&page).map_err(reject)?,
            tables: tables.map_err(reject)?,
            page,
            layout,
            budget,
            most_consumed: (page.directory.file.bytes.len() as u64 + raw) * 4,
        })
    }

    fn decode(&self, target: &Target) -> Result<Planar, Rejection> {
        let Page { width, height, samples, .. } = self.page;
        let channels = self.interpretation.channels;
        let side = target.box_side(width, height);
        let mut memory = Memory { budget: self.budget, held: 0 };
        memory.hold(box_average::bytes(width, height, channels.count() as u64, side))?;
        // Rows of samples, of channels, and of a chunk's samples.
        memory
            .hold(u64::from(width) * (samples + channels.count() + self.layout.samples_in_chunk()) as u64)?;
        let mut average = box_average::Picture::new((width, height), side, channels);
        let mut row = RowBuffers::new(width as usize * samples);
        let (base, mut consumed) = (memory.held, 0);
        for band in 0..self.layout.bands {
            memory.held = base;
            let mut chunks = self.open(band, &mut memory)?;
            let rows = self.layout.rows(band);
            for top in (0..rows).step_by(self.layout.rows_per_unit as usize) {
                for chunk in &mut chunks {
                    chunk.advance(&|| self.budget.clock()).map_err(|error| self.budget.reject(error))?;
                }
                for within in 0..self.layout.rows_per_unit.min(rows - top) {
                    let samples = match &mut chunks[..] {
                        // Samples that are there as they are wanted are not copied.
                        [only] if self.is_plain() => only.unit().get(..row.samples.len()),
                        _ => None,
                    };
                    average.push(if let Some(samples) = samples {
                        self.interpretation.convert(samples, &mut row.channels)
                    } else {
                        self.gather(&mut chunks, within as usize, &mut row);
                        self.interpretation.convert(&row.samples, &mut row.channels)
                    });
                }
            }
            consumed += chunks.iter().map(|chunk| chunk.consumed() as u64).sum::<u64>();
            if consumed > self.most_consumed {
                return Err(self.budget.reject(DecodeError::Corrupt("strips or tiles share their data")));
            }
        }
        Ok(average.finish())
    }

    /// Whether a row of a chunk is a row of samples of eight bits.
    fn is_plain(&self) -> bool {
        matches!(self.depth, Depth::Eight) && self.page.subsampling == (1, 1) && !self.page.is_planar
    }

    /// Opens the chunks of all planes in a row of them, plane by plane.
    fn open(&self, band: u32, memory: &mut Memory) -> Result<Vec<Chunk<'a>>, Rejection> {
        let Layout { unit_bytes, chunk_width: width, across, planes, .. } = self.layout;
        let units = self.layout.units(band);
        let places = (0..planes).flat_map(|plane| (0..across).map(move |column| (plane, column)));
        let open = |(plane, column)| {
            let bytes = self.layout.bytes(plane, band, column).map_err(|error| self.budget.reject(error))?;
            memory.hold(Chunk::memory(unit_bytes, units) + size_of::<Chunk>() as u64)?;
            let columns = u32::try_from(self.layout.columns(column).1).unwrap_or(u32::MAX);
            let rows = self.layout.rows(band);
            let size = ChunkSize { width, rows, columns, bytes: unit_bytes as u64 * u64::from(units) };
            let decompressor = Decompressor::open(&self.page, bytes, size, &self.tables, memory)?;
            Ok(Chunk::new(decompressor, self.differences, unit_bytes, units))
        };
        places.map(open).collect()
    }

    /// Puts the samples of a row together, from all chunks that it goes through.
    fn gather(&self, chunks: &mut [Chunk], within: usize, row: &mut RowBuffers) {
        let Page { samples, subsampling, is_planar, .. } = self.page;
        for (index, chunk) in (0_u32..).zip(chunks) {
            let (left, columns) = self.layout.columns(index % self.layout.across);
            let unit = chunk.unit();
            if subsampling == (1, 1) {
                self.depth.unpack(unit, columns * self.layout.samples_in_chunk(), &mut row.unpacked);
            } else {
                ycbcr::expand(unit, subsampling, within, columns, &mut row.unpacked);
            }
            let start = left * samples + if is_planar { (index / self.layout.across) as usize } else { 0 };
            let place = row.samples.get_mut(start..).unwrap_or_default();
            if is_planar {
                for (sample, value) in place.iter_mut().step_by(samples).zip(&row.unpacked) {
                    *sample = *value;
                }
            } else if let Some(place) = place.get_mut(..row.unpacked.len()) {
                place.copy_from_slice(&row.unpacked);
            }
        }
    }
}

/// Buffers of one row.
struct RowBuffers {
    /// Of one chunk.
    unpacked: Vec<u8>,
    samples: Vec<u8>,
    channels: Vec<u8>,
}

impl RowBuffers {
    fn new(samples: usize) -> Self {
        Self { unpacked: Vec::new(), samples: vec![0; samples], channels: Vec::new() }
    }
}
