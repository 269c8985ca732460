//! BMP, through the crate `image`.

use image::ImageDecoder;
use image::codecs::bmp::BmpDecoder;

use crate::budget::Budget;
use crate::image_crate;
use crate::pixels::Raster;
use crate::rejection::Rejection;

pub(crate) fn decode(bytes: &[u8], budget: &Budget) -> Result<Raster, Rejection> {
    // The decoder calls an empty picture too large.
    size(bytes).map_or(Ok(0), |[width, height]| budget.check_pixels(width, height))?;
    let decoder = BmpDecoder::new(budget.reader(bytes));
    let decoder = decoder.map(|decoder| Box::new(decoder) as Box<dyn ImageDecoder>);
    image_crate::decode(decoder, budget, 1, |_| Ok(None))
}

/// Width and height by the header; a negative height stores rows from the top.
fn size(bytes: &[u8]) -> Option<[u32; 2]> {
    /// Size of the oldest header, `BITMAPCOREHEADER`, whose sides have 16 bits.
    const CORE_HEADER: u32 = 12;
    let header = bytes.get(14..)?;
    let (size, fields) = header.split_first_chunk()?;
    Some(if u32::from_le_bytes(*size) == CORE_HEADER {
        let [w0, w1, h0, h1] = *fields.first_chunk()?;
        [[w0, w1], [h0, h1]].map(|side| u16::from_le_bytes(side).into())
    } else {
        let [w0, w1, w2, w3, h0, h1, h2, h3] = *fields.first_chunk()?;
        [[w0, w1, w2, w3], [h0, h1, h2, h3]].map(|side| i32::from_le_bytes(side).unsigned_abs())
    })
}
