//! What a file is, by its first bytes and by nothing else.

use std::fmt;

use crate::rejection::Rejection;

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
}

impl Format {
    /// Each format, in the order of the declaration.
    pub const ALL: [Self; 6] = [Self::Jpeg, Self::Png, Self::WebP, Self::Gif, Self::Tiff, Self::Bmp];

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
    /// HEIC, the default of many phones.
    Heic,
    /// AVIF.
    Avif,
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
            Self::Heic => "HEIC",
            Self::Avif => "AVIF",
            Self::JpegXl => "JPEG XL",
            Self::Jpeg2000 => "JPEG 2000",
            Self::Svg => "SVG",
            Self::Pdf => "PDF",
            Self::Photoshop => "Photoshop",
            Self::Icon => "icon",
            Self::Video => "video",
        }
    }

    /// What the owner of such a file can do.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::Heic => {
                "share it as JPEG; on an iPhone choose Settings, Camera, Formats, Most Compatible for new photos"
            }
            Self::Video => "upload a still picture of it as JPEG or PNG",
            Self::Pdf => "export the page as JPEG or PNG and upload that",
            Self::Svg => "export it as PNG and upload that",
            Self::Avif | Self::JpegXl | Self::Jpeg2000 | Self::Photoshop | Self::Icon => {
                "save it as JPEG or PNG and upload that"
            }
        }
    }
}

/// Finds the format by the first bytes; file names and declared types are never believed.
///
/// # Errors
///
/// [`Rejection::Empty`], [`Rejection::UnsupportedFormat`] for what is recognised but not decoded, and
/// [`Rejection::NotAnImage`].
pub fn sniff(bytes: &[u8]) -> Result<Format, Rejection> {
    match bytes {
        [] => Err(Rejection::Empty),
        [0xff, 0xd8, 0xff, ..] => Ok(Format::Jpeg),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Ok(Format::Png),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Ok(Format::WebP),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Ok(Format::Gif),
        [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..] => Ok(Format::Tiff),
        [b'B', b'M', rest @ ..] if is_bitmap(rest) => Ok(Format::Bmp),
        _ => {
            Err(foreign(bytes).map_or(Rejection::NotAnImage, |found| Rejection::UnsupportedFormat { found }))
        }
    }
}

/// Whether what follows `BM` is a bitmap header: two letters alone begin too many texts.
fn is_bitmap(rest: &[u8]) -> bool {
    // The size of the information header tells the version of the format.
    const HEADER_SIZES: [u32; 8] = [12, 16, 40, 52, 56, 64, 108, 124];
    rest.get(12..16)
        .and_then(|size| <[u8; 4]>::try_from(size).ok())
        .is_some_and(|size| HEADER_SIZES.contains(&u32::from_le_bytes(size)))
}

/// The formats that are known by sight only.
fn foreign(bytes: &[u8]) -> Option<Foreign> {
    match bytes {
        [_, _, _, _, b'f', b't', b'y', b'p', brands @ ..] => Some(container(brands)),
        [0xff, 0x0a, ..] | [0, 0, 0, 12, b'J', b'X', b'L', b' ', ..] => Some(Foreign::JpegXl),
        [0, 0, 0, 12, b'j', b'P', b' ', b' ', ..] | [0xff, 0x4f, 0xff, 0x51, ..] => Some(Foreign::Jpeg2000),
        [b'%', b'P', b'D', b'F', b'-', ..] => Some(Foreign::Pdf),
        [b'8', b'B', b'P', b'S', ..] => Some(Foreign::Photoshop),
        [0, 0, 1, 0, count, 0, ..] if *count != 0 => Some(Foreign::Icon),
        _ => is_svg(bytes).then_some(Foreign::Svg),
    }
}

/// Which of the formats that share the ISO container: its brands tell.
fn container(brands: &[u8]) -> Foreign {
    const LONGEST_BRAND_LIST: usize = 256;
    let listed = brands.get(..LONGEST_BRAND_LIST).unwrap_or(brands);
    let has = |names: &[&[u8; 4]]| listed.as_chunks().0.iter().any(|brand| names.contains(&brand));
    if has(&[b"avif", b"avis"]) {
        Foreign::Avif
    } else if has(&[b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"]) {
        Foreign::Heic
    } else {
        Foreign::Video
    }
}

/// Whether this is text whose first element is `svg`.
fn is_svg(bytes: &[u8]) -> bool {
    const LONGEST_PROLOGUE: usize = 4096;
    let head = bytes.get(..LONGEST_PROLOGUE).unwrap_or(bytes);
    let text = String::from_utf8_lossy(head);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    text.starts_with("<svg")
        || (["<?xml", "<!DOCTYPE svg", "<!--"].iter().any(|start| text.starts_with(start))
            && text.contains("<svg"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_begins_like_a_bitmap_is_no_image() {
        let rejection = sniff(b"BMW 320d, one owner, full history, as new").unwrap_err();
        assert_eq!(rejection.reason(), "NotAnImage");
    }

    #[test]
    fn heic_and_avif_are_told_apart_behind_the_same_major_brand() {
        assert_eq!(foreign(b"\0\0\0\x1cftypmif1\0\0\0\0mif1heic"), Some(Foreign::Heic));
        assert_eq!(foreign(b"\0\0\0\x1cftypmif1\0\0\0\0mif1avif"), Some(Foreign::Avif));
        assert_eq!(foreign(b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2"), Some(Foreign::Video));
    }

    #[test]
    fn svg_is_recognised_behind_prologue_and_comment() {
        let svg = "\u{feff}\n<?xml version=\"1.0\"?>\n<!-- by hand -->\n<svg xmlns=\"http://www.w3.org/2000/svg\"/>";
        assert_eq!(foreign(svg.as_bytes()), Some(Foreign::Svg));
        assert_eq!(foreign(b"<?xml version=\"1.0\"?><html/>"), None);
    }
}
