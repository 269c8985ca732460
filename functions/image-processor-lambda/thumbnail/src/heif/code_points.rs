//! Coding-independent code points (ITU-T H.273), as containers and coded pictures declare them.

/// Code points of H.273; two means unspecified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CodePoints {
    pub(super) primaries: u8,
    pub(super) transfer: u8,
    pub(super) matrix: u8,
    /// Whether black is 0 and white the largest level; nothing where that is not said.
    pub(super) is_full_range: Option<bool>,
}

/// The value of a code point that says nothing.
pub(super) const UNSPECIFIED: u8 = 2;

impl CodePoints {
    pub(super) const NONE: Self =
        Self { primaries: UNSPECIFIED, transfer: UNSPECIFIED, matrix: UNSPECIFIED, is_full_range: None };
}
