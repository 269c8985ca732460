//! Colour spaces: what a file declares its samples to mean.

/// The colour space that a file declares. Its pixels are converted to sRGB once they are few.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum ColorSpace {
    /// sRGB, which is also assumed where a file declares nothing.
    #[default]
    Srgb,
    /// An ICC profile. It may be broken.
    Icc(Vec<u8>),
    /// Code points of ITU-T H.273.
    Cicp(Cicp),
    /// A plain exponent, as PNG's gAMA and cHRM declare.
    Gamma {
        /// Light is the sample to the power of this.
        exponent: f32,
        /// Places of white, red, green and blue in the CIE xy diagram; sRGB's where there are none.
        chromaticities: Option<[[f32; 2]; 4]>,
    },
}

impl ColorSpace {
    /// That of an embedded profile, if there is one.
    pub(crate) fn icc(profile: Option<Vec<u8>>) -> Self {
        profile.map_or(Self::Srgb, Self::Icc)
    }
}

/// Coding-independent code points (ITU-T H.273) for RGB: PNG's cICP, and nclx in HEIF and AVIF.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cicp {
    /// `ColourPrimaries`: 1 is BT.709, 9 BT.2020, 12 Display P3; 2 stands for nothing.
    pub(crate) primaries: u8,
    /// `TransferCharacteristics`: 13 is sRGB, 16 PQ, 18 HLG; 2 stands for nothing.
    pub(crate) transfer: u8,
}

impl Cicp {
    /// PQ (SMPTE ST 2084).
    pub(crate) const PQ: u8 = 16;
    /// Hybrid log-gamma (ARIB STD-B67).
    pub(crate) const HLG: u8 = 18;
    /// IEC 61966-2-4, from black to white the curve of BT.709, as displays of it show it (ITU-R BT.1886).
    pub(crate) const BT1886: u8 = 11;

    /// Code points as they are read: unspecified ones are those of sRGB, and so are the curves of cameras
    /// (BT.709, BT.601, BT.2020), which browsers show as sRGB.
    pub(crate) const fn effective(self) -> Self {
        let primaries = if self.primaries == 2 { 1 } else { self.primaries };
        let transfer = match self.transfer {
            1 | 2 | 6 | 14 | 15 => 13,
            other => other,
        };
        Self { primaries, transfer }
    }
}
