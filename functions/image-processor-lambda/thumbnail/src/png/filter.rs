//! PNG filter types (PNG specification, section 9).

/// Rows that are made at once.
pub(super) const ROWS: usize = 4;
/// Bytes that are read and written as one pixel, however many channels it has.
pub(super) const PIXEL: usize = 4;

/// The filter type of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Filter {
    None,
    Sub,
    Up,
    Average,
    Paeth,
}

impl Filter {
    pub(super) const fn read(byte: u8) -> Option<Self> {
        Some(match byte {
            0 => Self::None,
            1 => Self::Sub,
            2 => Self::Up,
            3 => Self::Average,
            4 => Self::Paeth,
            _ => return None,
        })
    }
}
