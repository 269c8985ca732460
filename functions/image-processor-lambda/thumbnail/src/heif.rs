//! HEIF (ISO/IEC 23008-12): still pictures coded in HEVC (HEIC) or AV1 (AVIF), whole or in a grid of tiles.
//!
//! A tile is decoded, averaged into the small picture, and forgotten before the next one; so a photograph is
//! never held whole. How a picture is turned is said by its properties alone: an Exif orientation is
//! informative in HEIF, and would turn it twice. See docs/decisions/heif-decoder.md.
//!
//! Invariants, whatever the bytes:
//! - tables, tiles, sizes and memory are limited before any of them cost work;
//! - a picture is coded, or a grid of coded pictures: nothing is derived from what is derived itself;
//! - the clock is asked before each tile, and within each that can be interrupted.

mod alpha;
mod av1;
mod average;
mod canvas;
mod code_points;
mod coded;
mod color;
mod container;
mod fault;
#[cfg(feature = "hevc")]
mod hevc;
mod item;
mod mosaic;
mod transform;

use heifer_isobmff::HeifFile;
use heifer_isobmff::boxes::{ColorInfo, Property};

use self::alpha::Alpha;
use self::canvas::Purpose;
use self::color::Color;
use self::fault::Fault;
use self::item::Source;
use self::mosaic::{Drawn, Mosaic};
use crate::budget::Budget;
use crate::color::space::{Cicp, ColorSpace};
use crate::pixels::{Pixels, Raster, Target};
use crate::rejection::{DecodeError, Rejection};

/// Larger profiles are ignored, as broken ones are.
const LARGEST_PROFILE: usize = 4 * 1024 * 1024;

/// Decodes the primary picture of a HEIF file.
pub(crate) fn decode(bytes: &[u8], budget: &Budget, target: &Target) -> Result<Raster, Rejection> {
    read(bytes, budget, target).map_err(|fault| fault.reject(budget))
}

fn read(bytes: &[u8], budget: &Budget, target: &Target) -> Result<Raster, Fault> {
    budget.clock()?;
    let file = container::read(bytes)?;
    let source = Source::primary(&file)?;
    if source.format() != budget.format {
        return Err(DecodeError::Unsupported("a picture of another codec than the file's brand names").into());
    }
    let alpha = alpha::item(&file, &source)?;
    let color = Color::read(&file, &source);
    let mosaic = Mosaic { file: &file, source: &source, budget, target };
    let alpha = alpha.map(|(source, is_weighed)| Alpha::decode(&mosaic, &source, is_weighed)).transpose()?;
    let Drawn { planar, placement, color } = mosaic.decode(color, Purpose::Colors(alpha.as_ref()))?;
    let cicp = Cicp { primaries: color.primaries, transfer: color.transfer };
    Ok(Raster {
        pixels: Pixels::Planes(planar),
        ink: None,
        // Where both are declared, the profile is more exact.
        color: profile(&file, &source).map_or(ColorSpace::Cicp(cicp), ColorSpace::Icc),
        orientation: placement.orientation(),
    })
}

/// The ICC profile of the picture, or else of its first tile.
///
/// Not by `HeifFile::icc_profile` of `heifer-isobmff` 0.3.22, which follows derivations without an end.
fn profile(file: &HeifFile, source: &Source) -> Option<Vec<u8>> {
    let of = |id| {
        file.item_properties(id).ok()?.find_map(|property| match property {
            Property::Color(ColorInfo::Icc(profile)) if !profile.is_empty() => Some(profile),
            _ => None,
        })
    };
    let profile = of(source.id).or_else(|| of(*source.tiles.first()?))?;
    (profile.len() <= LARGEST_PROFILE).then(|| profile.clone())
}
