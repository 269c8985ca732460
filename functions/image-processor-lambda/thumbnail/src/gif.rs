//! GIF: the first frame on its canvas, through the crate `gif`.

use gif::{ColorOutput, DecodeOptions, DecodingError, Frame};
use image::metadata::Orientation;
use image::{Rgba, RgbaImage};

use crate::budget::Budget;
use crate::color::ColorSpace;
use crate::pixels::{Pixels, Raster};
use crate::rejection::Rejection;

/// Of the canvas, which is red, green, blue and alpha; the frame beside it has one for each pixel.
const CANVAS_BYTES_PER_PIXEL: u64 = 4;

pub(crate) fn decode(bytes: &[u8], budget: &Budget) -> Result<Raster, Rejection> {
    let reject = |error| classify(error, budget);
    let mut options = DecodeOptions::new();
    options.set_color_output(ColorOutput::Indexed);
    let mut decoder = options.read_info(budget.reader(bytes)).map_err(reject)?;
    let color = ColorSpace::icc(decoder.icc_profile().map(<[u8]>::to_vec));
    let screen = [decoder.width(), decoder.height()].map(u32::from);
    let frame = decoder.next_frame_info().map_err(reject)?;
    let frame = frame.ok_or_else(|| budget.damaged("no picture"))?;
    let (place, transparent, is_interlaced) = (Place::of(frame), frame.transparent, frame.interlaced);
    let frame_bytes = budget.check_pixels(place.width, place.height)?;
    let (width, height) = place.canvas(screen);
    let canvas_bytes = budget.check_pixels(width, height)? * CANVAS_BYTES_PER_PIXEL;
    budget.check_memory(canvas_bytes + frame_bytes)?;
    let mut indices = vec![0; decoder.buffer_size()];
    // Not `read_into_buffer`: row by row it drops what is left of a block where a row ends with a code of many pixels.
    if !decoder.fill_buffer(&mut indices).map_err(reject)? {
        return Err(budget.damaged("image truncated"));
    }
    let colors = colors(decoder.palette().map_err(reject)?, transparent);
    let mut canvas = RgbaImage::new(width, height);
    let rows = canvas.rows_mut().skip(place.top as usize);
    for (row, stored) in rows.zip(places_of_rows(place.height, is_interlaced)) {
        let start = stored * place.width as usize;
        let indices = indices.get(start..start + place.width as usize).unwrap_or_default();
        for (pixel, index) in row.skip(place.left as usize).zip(indices) {
            // An index without a colour leaves the canvas transparent, as in browsers.
            *pixel = colors.get(usize::from(*index)).copied().unwrap_or(Rgba([0; 4]));
        }
    }
    Ok(Raster {
        pixels: Pixels::Whole(canvas.into()),
        ink: None,
        color,
        orientation: Orientation::NoTransforms,
    })
}

/// Where a frame lies on the canvas.
struct Place {
    left: u32,
    top: u32,
    width: u32,
    height: u32,
}

impl Place {
    fn of(frame: &Frame<'_>) -> Self {
        let [left, top, width, height] = [frame.left, frame.top, frame.width, frame.height].map(u32::from);
        Self { left, top, width, height }
    }

    /// The union of the logical screen and this frame, as browsers have it: many writers leave the screen
    /// empty or smaller than the picture.
    fn canvas(&self, [width, height]: [u32; 2]) -> (u32, u32) {
        (width.max(self.left + self.width), height.max(self.top + self.height))
    }
}

/// The place of each row among those that are stored: all in order, or first each eighth, then those between.
fn places_of_rows(height: u32, is_interlaced: bool) -> Vec<usize> {
    const PASSES: [(usize, usize); 4] = [(0, 8), (4, 8), (2, 4), (1, 2)];
    let height = height as usize;
    let passes = if is_interlaced { &PASSES[..] } else { &[(0, 1)] };
    let stored = passes.iter().flat_map(|(first, step)| (*first..height).step_by(*step));
    let mut places = vec![0; height];
    for (place, row) in stored.enumerate() {
        if let Some(own) = places.get_mut(row) {
            *own = place;
        }
    }
    places
}

/// The colour of each index; that of the transparent one is invisible.
fn colors(palette: &[u8], transparent: Option<u8>) -> Vec<Rgba<u8>> {
    let transparent = transparent.map(usize::from);
    let color = |(index, [red, green, blue]): (usize, &[u8; 3])| {
        Rgba([*red, *green, *blue, if transparent == Some(index) { 0 } else { u8::MAX }])
    };
    palette.as_chunks().0.iter().enumerate().map(color).collect()
}

fn classify(error: DecodingError, budget: &Budget) -> Rejection {
    match error {
        DecodingError::MemoryLimit | DecodingError::OutOfMemory => budget.too_much_memory(),
        other => budget.damaged(other),
    }
}
