//! Image items: a coded picture, a grid of them, or what is derived from one.

use heifer_isobmff::{HeifFile, ItemId};

use super::fault::Fault;
use crate::format::Format;
use crate::rejection::DecodeError;

/// Most tiles of a grid: as many as 268 megapixels in tiles of 512 by 512.
const MOST_TILES: usize = 1024;

/// How a picture is coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    Hevc,
    Av1,
}

impl Coding {
    fn of(file: &HeifFile, id: ItemId) -> Result<Option<Self>, Fault> {
        Ok(match &file.item(id)?.item_type.0 {
            b"hvc1" | b"hev1" => Some(Self::Hevc),
            b"av01" => Some(Self::Av1),
            _ => None,
        })
    }
}

/// Tiles that make a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Grid {
    pub(super) columns: u32,
    pub(super) width: u32,
    pub(super) height: u32,
}

/// A picture, and the coded pictures that it is made of.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) id: ItemId,
    /// Whose properties say how the picture is turned, in order.
    pub(super) turned: Vec<ItemId>,
    pub(super) coding: Coding,
    /// Row by row; one where there is no grid.
    pub(super) tiles: Vec<ItemId>,
    pub(super) grid: Option<Grid>,
}

impl Source {
    /// The picture that the file is to be shown as. Of one with a gain map it is the base.
    pub(super) fn primary(file: &HeifFile) -> Result<Self, Fault> {
        let id = file.primary_id;
        let inner = || file.referenced_items(id, b"dimg").first().copied();
        match &file.item(id)?.item_type.0 {
            b"tmap" => Self::of(file, inner().ok_or(MISSING)?),
            b"iden" => {
                let mut source = Self::of(file, inner().ok_or(MISSING)?)?;
                source.turned.push(id);
                Ok(source)
            }
            _ => Self::of(file, id),
        }
    }

    /// A coded picture, or a grid of such.
    pub(super) fn of(file: &HeifFile, id: ItemId) -> Result<Self, Fault> {
        if let Some(coding) = Coding::of(file, id)? {
            return Ok(Self { id, turned: vec![id], coding, tiles: vec![id], grid: None });
        }
        match &file.item(id)?.item_type.0 {
            b"grid" => Self::grid(file, id),
            b"iovl" => Err(DecodeError::Unsupported("an overlay of pictures").into()),
            b"jpeg" => Err(DecodeError::Unsupported("a JPEG inside of HEIF").into()),
            b"unci" => Err(DecodeError::Unsupported("an uncompressed picture inside of HEIF").into()),
            b"j2k1" => Err(DecodeError::Unsupported("a JPEG 2000 inside of HEIF").into()),
            b"vvc1" => Err(DecodeError::Unsupported("a picture coded in VVC").into()),
            b"avc1" => Err(DecodeError::Unsupported("a picture coded in AVC").into()),
            b"iden" | b"tmap" => Err(DecodeError::Unsupported("a picture derived from a derived one").into()),
            _ => Err(DecodeError::Unsupported("a picture of this codec").into()),
        }
    }

    fn grid(file: &HeifFile, id: ItemId) -> Result<Self, Fault> {
        let grid = file.grid(id)?;
        let columns = u32::from(grid.columns);
        let count = usize::from(grid.columns) * usize::from(grid.rows);
        if count > MOST_TILES {
            return Err(DecodeError::Unsupported("a grid of so many tiles").into());
        }
        let tiles = file.referenced_items(id, b"dimg").get(..count).ok_or(MISSING)?.to_vec();
        let mut coding = None;
        for tile in &tiles {
            let found = Coding::of(file, *tile)?;
            let found = found.ok_or(DecodeError::Unsupported("a grid of derived pictures"))?;
            if *coding.get_or_insert(found) != found {
                return Err(DecodeError::Unsupported("a grid of several codecs").into());
            }
        }
        let coding = coding.ok_or(MISSING)?;
        let grid = Grid { columns, width: grid.output_width, height: grid.output_height };
        Ok(Self { id, turned: vec![id], coding, tiles, grid: Some(grid) })
    }

    pub(super) const fn format(&self) -> Format {
        match self.coding {
            Coding::Hevc => Format::Heic,
            Coding::Av1 => Format::Avif,
        }
    }
}

const MISSING: DecodeError = DecodeError::Corrupt("a picture lacks what it is derived from");
