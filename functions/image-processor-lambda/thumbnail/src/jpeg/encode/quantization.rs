//! Quantization tables for quality 1 to 100, scaled as libjpeg does.

/// The quantization tables of luma and chroma, row after row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct QuantizationTables {
    pub(super) luma: [u8; 64],
    pub(super) chroma: [u8; 64],
}

/// T.81, Annex K.1: quality 50.
#[rustfmt::skip]
const QUALITY_50: QuantizationTables = QuantizationTables {
    luma: [
        16, 11, 10, 16,  24,  40,  51,  61,
        12, 12, 14, 19,  26,  58,  60,  55,
        14, 13, 16, 24,  40,  57,  69,  56,
        14, 17, 22, 29,  51,  87,  80,  62,
        18, 22, 37, 56,  68, 109, 103,  77,
        24, 35, 55, 64,  81, 104, 113,  92,
        49, 64, 78, 87, 103, 121, 120, 101,
        72, 92, 95, 98, 112, 100, 103,  99,
    ],
    chroma: [
        17, 18, 24, 47, 99, 99, 99, 99,
        18, 21, 26, 66, 99, 99, 99, 99,
        24, 26, 56, 99, 99, 99, 99, 99,
        47, 66, 99, 99, 99, 99, 99, 99,
        99, 99, 99, 99, 99, 99, 99, 99,
        99, 99, 99, 99, 99, 99, 99, 99,
        99, 99, 99, 99, 99, 99, 99, 99,
        99, 99, 99, 99, 99, 99, 99, 99,
    ],
};

/// The tables of a quality; beyond 1 and 100 are those two.
pub(super) fn scaled(quality: u8) -> QuantizationTables {
    let quality = u32::from(quality.clamp(1, 100));
    let percent = if quality < 50 { 5_000 / quality } else { 200 - 2 * quality };
    let scale = |divisor| {
        let scaled = (u32::from(divisor) * percent + 50) / 100;
        u8::try_from(scaled.max(1)).unwrap_or(u8::MAX)
    };
    QuantizationTables { luma: QUALITY_50.luma.map(scale), chroma: QUALITY_50.chroma.map(scale) }
}
