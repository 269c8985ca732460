//! Formats: those that are decoded, and those that are known by sight only.

use std::fmt;

/// A format that can be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// JPEG, baseline and progressive.
    Jpeg,
    /// PNG; of an APNG the default image.
    Png,
    /// WebP, lossy and lossless; of an animation the first frame.
    WebP,
    /// GIF; of an animation the first frame.
    Gif,
    /// TIFF and `BigTIFF`; of several pages the first that is a picture of full resolution.
    Tiff,
    /// Windows bitmap.
    Bmp,
    /// HEIC, the default of many phones: HEIF with pictures coded in HEVC; the primary picture.
    Heic,
    /// AVIF: HEIF with pictures coded in AV1; the primary picture.
    Avif,
}

impl Format {
    /// Each format, in the order of the declaration.
    pub const ALL: [Self; 8] =
        [Self::Jpeg, Self::Png, Self::WebP, Self::Gif, Self::Tiff, Self::Bmp, Self::Heic, Self::Avif];

    /// Whether this build decodes it: HEVC is a feature of the crate, since patents cover it.
    #[must_use]
    pub const fn is_built(self) -> bool {
        !matches!(self, Self::Heic) || cfg!(feature = "hevc")
    }

    /// What the owner of such a file can do where it is not accepted.
    pub(crate) const fn advice(self) -> &'static str {
        match self {
            Self::Heic => "; on an iPhone choose Settings, Camera, Formats, Most Compatible for new photos",
            _ => "",
        }
    }

    /// The name that people use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
            Self::WebP => "WebP",
            Self::Gif => "GIF",
            Self::Tiff => "TIFF",
            Self::Bmp => "BMP",
            Self::Heic => "HEIC",
            Self::Avif => "AVIF",
        }
    }

    /// The media type.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::WebP => "image/webp",
            Self::Gif => "image/gif",
            Self::Tiff => "image/tiff",
            Self::Bmp => "image/bmp",
            Self::Heic => "image/heic",
            Self::Avif => "image/avif",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A format that is recognised, so that its owner gets a helpful answer, but not decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Foreign {
    /// JPEG XL.
    JpegXl,
    /// JPEG 2000.
    Jpeg2000,
    /// SVG: a document with scripts and links, not a photograph.
    Svg,
    /// PDF.
    Pdf,
    /// Photoshop document.
    Photoshop,
    /// Camera raw: CR2, CR3, NEF, ARW, DNG, RAF, ORF, RW2 and others.
    CameraRaw,
    /// Windows icon.
    Icon,
    /// MP4, `QuickTime` and their relatives.
    Video,
}

impl Foreign {
    /// The name that people use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::JpegXl => "JPEG XL",
            Self::Jpeg2000 => "JPEG 2000",
            Self::Svg => "SVG",
            Self::Pdf => "PDF",
            Self::Photoshop => "Photoshop",
            Self::CameraRaw => "camera raw",
            Self::Icon => "icon",
            Self::Video => "video",
        }
    }

    /// What the owner of such a file can do.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::Video => "upload a still picture of it as JPEG or PNG",
            Self::Pdf => "export the page as JPEG or PNG and upload that",
            Self::Svg => "export it as PNG and upload that",
            Self::CameraRaw => {
                "export it as JPEG in the camera or in the program that develops it, and upload that"
            }
            Self::JpegXl | Self::Jpeg2000 | Self::Photoshop | Self::Icon => {
                "save it as JPEG or PNG and upload that"
            }
        }
    }
}
