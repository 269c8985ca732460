//! The segments before the first scan: frame header, tables, metadata.

use super::metadata::Metadata;
use super::tables::Tables;
use crate::jpeg::marker::{self, START_OF_IMAGE, START_OF_SCAN};
use crate::rejection::DecodeError;

/// Most blocks in an MCU of an interleaved scan (T.81, B.2.3).
const MOST_BLOCKS_IN_MCU: u32 = 10;

/// What the channels mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Color {
    /// Luma alone.
    Gray,
    /// Luma, Cb and Cr.
    YCbCr,
    /// Red, green and blue.
    Rgb,
    /// Four inks.
    Cmyk,
    /// Four inks, the first three as luma, Cb and Cr.
    Ycck,
}

/// One channel as the frame declares it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Component {
    pub(super) id: u8,
    /// Horizontal and vertical sampling factor, 1 to 4.
    pub(super) across: u32,
    pub(super) down: u32,
    /// Which quantization table, 0 to 3.
    pub(super) table: u8,
    /// Blocks that the channel really has; scans of it alone hold just these.
    pub(super) columns: u32,
    pub(super) rows: u32,
}

/// The frame: size and channels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) is_progressive: bool,
    pub(crate) components: Vec<Component>,
    /// Largest sampling factors.
    pub(super) across: u32,
    pub(super) down: u32,
}

impl Frame {
    fn read(marker: u8, payload: &[u8]) -> Result<Self, DecodeError> {
        const SHORT: DecodeError = DecodeError::Corrupt("the frame header is cut off");
        let is_progressive = match marker {
            0xc0 | 0xc1 => false,
            0xc2 => true,
            0xc9..=0xcf => return Err(DecodeError::Unsupported("arithmetic coding")),
            _ => return Err(DecodeError::Unsupported("a lossless or hierarchical frame")),
        };
        let [precision, h1, h0, w1, w0, count] = *payload.first_chunk().ok_or(SHORT)?;
        if precision != 8 {
            return Err(DecodeError::Unsupported("a precision other than 8 bits"));
        }
        let [height, width] = [[h1, h0], [w1, w0]].map(|bytes| u32::from(u16::from_be_bytes(bytes)));
        if width == 0 {
            return Err(DecodeError::Corrupt("the frame has no columns"));
        }
        if height == 0 {
            return Err(DecodeError::Unsupported("a frame whose height stands behind its scan"));
        }
        if !matches!(count, 1 | 3 | 4) {
            return Err(DecodeError::Unsupported("another number of channels than one, three or four"));
        }
        let declared = payload.get(6..6 + 3 * usize::from(count)).ok_or(SHORT)?.as_chunks().0;
        let mut components = declared.iter().map(|it| Component::read(*it)).collect::<Result<Vec<_>, _>>()?;
        if let [only] = &mut components[..] {
            // Sampling is relative: one channel alone has its blocks in plain order.
            (only.across, only.down) = (1, 1);
        }
        let across = components.iter().map(|it| it.across).max().unwrap_or(1);
        let down = components.iter().map(|it| it.down).max().unwrap_or(1);
        for component in &mut components {
            component.columns = (width * component.across).div_ceil(across * 8);
            component.rows = (height * component.down).div_ceil(down * 8);
        }
        Ok(Self { width, height, is_progressive, components, across, down })
    }

    /// MCUs of an interleaved scan in a row.
    pub(super) const fn mcu_columns(&self) -> u32 {
        self.width.div_ceil(8 * self.across)
    }

    /// Rows of MCUs.
    pub(super) const fn mcu_rows(&self) -> u32 {
        self.height.div_ceil(8 * self.down)
    }

    /// Of each channel how many samples it has for how many of the picture: across, and down.
    pub(in crate::jpeg) fn sampling(&self) -> impl Iterator<Item = [(u32, u32); 2]> {
        self.components.iter().map(|it| [(it.across, self.across), (it.down, self.down)])
    }
}

impl Component {
    fn read([id, factors, table]: [u8; 3]) -> Result<Self, DecodeError> {
        let (across, down) = (u32::from(factors >> 4), u32::from(factors & 15));
        if !(1..=4).contains(&across) || !(1..=4).contains(&down) {
            return Err(DecodeError::Corrupt("a sampling factor is not 1 to 4"));
        }
        if table > 3 {
            return Err(DecodeError::Corrupt("a channel names a quantization table beyond the fourth"));
        }
        Ok(Self { id, across, down, table, columns: 0, rows: 0 })
    }
}

/// Everything before the first scan.
pub(crate) struct Header<'a> {
    pub(crate) frame: Frame,
    pub(crate) color: Color,
    pub(crate) metadata: Metadata<'a>,
    pub(super) tables: Tables,
    /// Where the first scan's segment begins.
    pub(super) scans: usize,
}

impl<'a> Header<'a> {
    /// Reads up to the first scan.
    ///
    /// # Errors
    ///
    /// [`DecodeError`].
    pub(crate) fn read(file: &'a [u8]) -> Result<Self, DecodeError> {
        Self::read_with(file, Tables::default())
    }

    /// Reads up to the first scan of a picture for which there are tables already.
    ///
    /// # Errors
    ///
    /// [`DecodeError`].
    pub(in crate::jpeg) fn read_with(file: &'a [u8], mut tables: Tables) -> Result<Self, DecodeError> {
        let mut metadata = Metadata::default();
        let mut frame: Option<Frame> = None;
        let mut at = 0;
        loop {
            let segment = marker::next(file, at)?;
            match segment.marker {
                START_OF_SCAN => {
                    let frame = frame.ok_or(DecodeError::Corrupt("a scan comes before its frame"))?;
                    let color = color(&frame, &metadata);
                    return Ok(Self { frame, color, metadata, tables, scans: at });
                }
                START_OF_IMAGE => {}
                marker::END_OF_IMAGE => return Err(DecodeError::Truncated("before its first scan")),
                marker if marker::is_frame(marker) => {
                    if frame.is_some() {
                        return Err(DecodeError::Unsupported("a second frame"));
                    }
                    frame = Some(Frame::read(marker, segment.payload)?);
                }
                marker => {
                    metadata.read(marker, segment.payload);
                    tables.read(marker, segment.payload)?;
                }
            }
            at = segment.end;
        }
    }
}

/// Scans of several components may not have more blocks in an MCU.
pub(super) fn check_mcu(in_mcu: u32) -> Result<(), DecodeError> {
    if in_mcu > MOST_BLOCKS_IN_MCU {
        return Err(DecodeError::Corrupt("a scan has more than ten blocks in an MCU"));
    }
    Ok(())
}

/// JFIF's components are Y, Cb and Cr; Adobe's segment or the identifiers `RGB` say otherwise.
fn color(frame: &Frame, metadata: &Metadata) -> Color {
    let names: Vec<u8> = frame.components.iter().map(|it| it.id).collect();
    match (&names[..], metadata.adobe_transform) {
        ([_], _) => Color::Gray,
        ([_, _, _, _], Some(2)) => Color::Ycck,
        ([_, _, _, _], _) => Color::Cmyk,
        (_, Some(0)) | (b"RGB", None) if !metadata.is_jfif => Color::Rgb,
        _ => Color::YCbCr,
    }
}
