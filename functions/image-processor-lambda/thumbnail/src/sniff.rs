//! What a file is, by its first bytes and by nothing else.

mod camera_raw;

use crate::format::{Foreign, Format};
use crate::formats::Formats;
use crate::rejection::Rejection;

/// Finds the format by the first bytes; file names and declared types are never believed.
///
/// # Errors
///
/// [`Rejection::Empty`], [`Rejection::UnsupportedFormat`] for what is recognised but not decoded,
/// [`Rejection::FormatNotAccepted`] for what is not among `accepted`, and [`Rejection::NotAnImage`].
pub fn sniff(bytes: &[u8], accepted: Formats) -> Result<Format, Rejection> {
    let format = recognized(bytes, accepted)?;
    if accepted.contains(format) {
        Ok(format)
    } else {
        Err(Rejection::FormatNotAccepted { format, accepted })
    }
}

fn recognized(bytes: &[u8], accepted: Formats) -> Result<Format, Rejection> {
    match bytes {
        [] => Err(Rejection::Empty),
        [0xff, 0xd8, 0xff, ..] => Ok(Format::Jpeg),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Ok(Format::Png),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Ok(Format::WebP),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Ok(Format::Gif),
        [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..] if !camera_raw::is_in_tiff(bytes) => {
            Ok(Format::Tiff)
        }
        [b'B', b'M', rest @ ..] if is_bitmap(rest) => Ok(Format::Bmp),
        [_, _, _, _, b'f', b't', b'y', b'p', brands @ ..] if !camera_raw::is_by_signature(bytes) => {
            container(brands)
        }
        _ => Err(foreign(bytes)
            .map_or(Rejection::NotAnImage { accepted }, |found| Rejection::UnsupportedFormat { found })),
    }
}

/// Whether what follows `BM` is a bitmap header: two letters alone begin too many texts.
fn is_bitmap(rest: &[u8]) -> bool {
    // The size of the information header is that of a version of the format; OS/2 2.x has any from 16 to 64.
    let size = rest.get(12..16).and_then(|size| <[u8; 4]>::try_from(size).ok()).map(u32::from_le_bytes);
    matches!(size, Some(12 | 16..=64 | 108 | 124))
}

/// The formats that are known by sight only.
fn foreign(bytes: &[u8]) -> Option<Foreign> {
    match bytes {
        [b'I', b'I', 42, 0, ..] | [b'M', b'M', 0, 42, ..] => Some(Foreign::CameraRaw),
        _ if camera_raw::is_by_signature(bytes) => Some(Foreign::CameraRaw),
        [0xff, 0x0a, ..] | [0, 0, 0, 12, b'J', b'X', b'L', b' ', ..] => Some(Foreign::JpegXl),
        [0, 0, 0, 12, b'j', b'P', b' ', b' ', ..] | [0xff, 0x4f, 0xff, 0x51, ..] => Some(Foreign::Jpeg2000),
        [b'%', b'P', b'D', b'F', b'-', ..] => Some(Foreign::Pdf),
        [b'8', b'B', b'P', b'S', ..] => Some(Foreign::Photoshop),
        [0, 0, 1, 0, count, 0, ..] if *count != 0 => Some(Foreign::Icon),
        _ if is_video(bytes) => Some(Foreign::Video),
        _ => is_svg(bytes).then_some(Foreign::Svg),
    }
}

/// Whether this is a video of another container than MP4's: `QuickTime`'s older one, Matroska and `WebM`, AVI, MPEG,
/// Flash, Windows Media.
fn is_video(bytes: &[u8]) -> bool {
    const SIGNATURES: [&[u8]; 5] = [
        b"\x1a\x45\xdf\xa3",
        b"\0\0\x01\xba",
        b"\0\0\x01\xb3",
        b"FLV\x01",
        b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",
    ];
    const ATOMS: [&[u8]; 4] = [b"moov", b"mdat", b"wide", b"pnot"];
    let behind = |place: usize, names: &[&[u8]]| {
        bytes.get(place..).is_some_and(|rest| names.iter().any(|name| rest.starts_with(name)))
    };
    behind(0, &SIGNATURES) || behind(4, &ATOMS) || (behind(0, &[b"RIFF"]) && behind(8, &[b"AVI "]))
}

/// Which of the formats that share the ISO container: its brands say, or else the kind of its first picture.
fn container(brands: &[u8]) -> Result<Format, Rejection> {
    const LONGEST_BRAND_LIST: usize = 256;
    /// Before the pictures' data, as a rule.
    const TABLES: usize = 64 * 1024;
    let listed = brands.get(..LONGEST_BRAND_LIST).unwrap_or(brands);
    let has = |names: &[&[u8; 4]]| listed.as_chunks().0.iter().any(|brand| names.contains(&brand));
    let first = |kind: &[u8]| {
        let tables = brands.get(..TABLES).unwrap_or(brands);
        memchr::memmem::find(tables, kind).unwrap_or(usize::MAX)
    };
    if has(&[b"avif", b"avis", b"avio"]) {
        Ok(Format::Avif)
    } else if has(&[b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"hevm", b"hevs"]) {
        Ok(Format::Heic)
    } else if has(&[b"mif1", b"mif2", b"msf1", b"miaf"]) {
        Ok(if first(b"av01") < first(b"hvc1") { Format::Avif } else { Format::Heic })
    } else {
        Err(Rejection::UnsupportedFormat { found: Foreign::Video })
    }
}

/// Whether this is text whose first element is `svg`.
fn is_svg(bytes: &[u8]) -> bool {
    const LONGEST_PROLOGUE: usize = 4096;
    let head = bytes.get(..LONGEST_PROLOGUE).unwrap_or(bytes);
    let text = String::from_utf8_lossy(head);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    ["<svg", "<svg:svg"].iter().any(|start| text.starts_with(start))
        || (["<?xml", "<!DOCTYPE svg", "<!--"].iter().any(|start| text.starts_with(start))
            && text.contains("<svg"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_begins_like_a_bitmap_is_no_image() {
        let rejection = sniff(b"BMW 320d, one owner, full history, as new", Formats::BUILT).unwrap_err();
        assert_eq!(rejection.reason(), "NotAnImage");
    }

    #[test]
    fn heic_and_avif_are_distinguished_behind_the_same_major_brand() {
        let found = |bytes| recognized(bytes, Formats::BUILT).map_err(|rejection| rejection.reason());
        assert_eq!(found(b"\0\0\0\x1cftypmif1\0\0\0\0mif1heic"), Ok(Format::Heic));
        assert_eq!(found(b"\0\0\0\x1cftypmif1\0\0\0\0mif1avif"), Ok(Format::Avif));
        assert_eq!(found(b"\0\0\0\x18ftypmif1\0\0\0\0mif1....infe....av01"), Ok(Format::Avif));
        assert_eq!(found(b"\0\0\0\x18ftypmif1\0\0\0\0mif1....infe....hvc1av01"), Ok(Format::Heic));
        assert_eq!(found(b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2"), Err("UnsupportedFormat"));
    }

    #[test]
    fn camera_raw_and_video_are_recognised_by_their_signatures() {
        for bytes in [
            &b"\0\0\0\x18ftypcrx \0\0\0\x01crx isom"[..],
            b"FUJIFILMCCD-RAW 0201",
            b"IIRO\x08\0\0\0",
            b"MMOR\0\0\0\x08",
            b"IIU\0\x18\0\0\0",
            b"II*\0\x10\0\0\0CR\x02\0",
        ] {
            let rejection = sniff(bytes, Formats::BUILT).unwrap_err();
            assert_eq!(rejection.reason(), "UnsupportedFormat", "{bytes:?}");
            assert!(rejection.to_string().contains("camera raw"), "{rejection}");
        }
        let videos = [
            &b"\x1a\x45\xdf\xa3\x01"[..],
            b"RIFF\0\0\0\0AVI LIST",
            b"\0\0\x10\0moovjunk",
            b"\0\0\x01\xba\x44",
        ];
        assert!(videos.iter().all(|bytes| foreign(bytes) == Some(Foreign::Video)));
    }

    #[test]
    fn svg_is_recognised_behind_prologue_and_comment() {
        let svg = "\u{feff}\n<?xml version=\"1.0\"?>\n<!-- by hand -->\n<svg xmlns=\"http://www.w3.org/2000/svg\"/>";
        assert_eq!(foreign(svg.as_bytes()), Some(Foreign::Svg));
        assert_eq!(foreign(b"<?xml version=\"1.0\"?><html/>"), None);
    }
}
