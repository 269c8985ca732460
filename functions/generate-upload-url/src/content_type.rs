//! Content types that an upload URL is signed for.

use std::str::FromStr;

/// A format that the processor reads.
struct Format {
    /// What operators call it where they list what is accepted.
    name: &'static str,
    /// Its registered media type.
    media_type: &'static str,
    /// The extension that its keys get.
    extension: &'static str,
    /// Other names that browsers and operating systems give it.
    aliases: &'static [&'static str],
}

impl Format {
    const fn new(
        name: &'static str,
        media_type: &'static str,
        extension: &'static str,
        aliases: &'static [&'static str],
    ) -> Self {
        Self { name, media_type, extension, aliases }
    }
}

const FORMATS: [Format; 8] = [
    Format::new("jpeg", "image/jpeg", "jpg", &["image/jpg", "image/pjpeg"]),
    Format::new("png", "image/png", "png", &["image/x-png"]),
    Format::new("webp", "image/webp", "webp", &[]),
    Format::new("gif", "image/gif", "gif", &[]),
    Format::new("tiff", "image/tiff", "tiff", &["image/tif"]),
    Format::new("bmp", "image/bmp", "bmp", &["image/x-ms-bmp", "image/x-bmp"]),
    Format::new("heic", "image/heic", "heic", &["image/heif", "image/x-heic", "image/x-heif"]),
    Format::new("avif", "image/avif", "avif", &[]),
];

/// The formats that an operator accepts, a bit for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accepted(u16);

/// The text is no list of formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write all, or some of jpeg, png, webp, gif, tiff, bmp, heic and avif with commas between")]
pub struct ParseAcceptedError;

impl Accepted {
    /// All that the processor reads as it is built by default.
    pub const ALL: Self = Self((1 << FORMATS.len()) - 1);

    fn formats(self) -> impl Iterator<Item = &'static Format> {
        FORMATS.iter().enumerate().filter(move |(at, _)| self.0 & 1 << at != 0).map(|(_, format)| format)
    }

    /// The registered media types.
    pub fn types(self) -> impl Iterator<Item = &'static str> {
        self.formats().map(|format| format.media_type)
    }

    /// The other names that are taken for them.
    pub fn aliases(self) -> impl Iterator<Item = &'static str> {
        self.formats().flat_map(|format| format.aliases).copied()
    }
}

impl FromStr for Accepted {
    type Err = ParseAcceptedError;

    /// Reads `all`, or names such as `jpeg,png,heic`.
    fn from_str(text: &str) -> Result<Self, ParseAcceptedError> {
        if text == "all" {
            return Ok(Self::ALL);
        }
        text.split(',').map(str::trim).try_fold(Self(0), |Self(bits), name| {
            let at = FORMATS.iter().position(|format| format.name == name).ok_or(ParseAcceptedError)?;
            Ok(Self(bits | 1 << at))
        })
    }
}

/// A `Content-Type` of one of the formats, as the client will send it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContentType {
    /// Signed byte for byte: to replace an alias by the registered name would refuse the PUT of a client that
    /// sends the type of its file.
    value: String,
    extension: &'static str,
}

impl ContentType {
    /// Reads a header value: a media type, and parameters after a semicolon, which decide nothing.
    ///
    /// `None` when it names no format that is accepted, or cannot stand in a header.
    #[must_use]
    pub fn parse(value: &str, accepted: Accepted) -> Option<Self> {
        let may_stand = |byte: u8| matches!(byte, b' '..=b'~');
        let media_type = value.split(';').next().unwrap_or_default().trim_end_matches(' ');
        let is_named = |name: &&str| name.eq_ignore_ascii_case(media_type);
        let format = accepted
            .formats()
            .find(|format| is_named(&format.media_type) || format.aliases.iter().any(is_named))?;
        value.bytes().all(may_stand).then(|| Self { value: value.to_owned(), extension: format.extension })
    }

    /// The header's value.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.value
    }

    /// The extension of keys of this format.
    #[must_use]
    pub fn extension(&self) -> &'static str {
        self.extension
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_end_in_the_extensions_that_ids_certify() {
        assert_eq!(FORMATS.map(|format| format.extension), contract::image_id::EXTENSIONS);
    }

    #[test]
    fn alias_case_and_parameters_name_the_format_and_stay_as_they_were_written() {
        for (value, extension) in [
            ("image/jpg", "jpg"),
            ("image/pjpeg", "jpg"),
            ("image/x-ms-bmp", "bmp"),
            ("image/tif", "tiff"),
            ("IMAGE/Png", "png"),
            ("image/jpeg; charset=binary", "jpg"),
            ("image/gif ;a=\"b;c\"", "gif"),
            ("image/webp;", "webp"),
            ("image/heic", "heic"),
            ("image/heif", "heic"),
            ("image/avif", "avif"),
        ] {
            let read = ContentType::parse(value, Accepted::ALL).unwrap();
            assert_eq!((read.as_str(), read.extension()), (value, extension));
        }
    }

    #[test]
    fn what_names_no_format_or_cannot_stand_in_a_header_is_none() {
        for value in [
            "",
            ";",
            "; image/png",
            "image/",
            "image/jxl",
            "image/jpegs",
            "image/jpeg, image/png",
            "image/jpeg charset=binary",
            "image/png;\r\nx-amz-acl: public-read",
            "image/png; name=é",
            "image/png;\0",
            "image/png;\u{7f}",
        ] {
            assert_eq!(ContentType::parse(value, Accepted::ALL), None, "{value:?}");
        }
    }

    #[test]
    fn a_format_that_is_not_accepted_is_not_signed() {
        let accepted: Accepted = "jpeg, avif".parse().unwrap();
        assert_eq!(accepted.types().collect::<Vec<_>>(), ["image/jpeg", "image/avif"]);
        assert!(ContentType::parse("image/jpg", accepted).is_some());
        assert_eq!(ContentType::parse("image/heic", accepted), None);
        for text in ["", "jpg", "jpeg,", "JPEG", "jpeg png"] {
            assert_eq!(text.parse::<Accepted>(), Err(ParseAcceptedError), "{text}");
        }
    }

    /// The processor may be built without some; none may be built that is not signed.
    #[test]
    fn what_the_processor_reads_is_signed_by_the_same_name() {
        let read = thumbnail::Format::ALL.map(|it| (it.name().to_lowercase(), it.content_type()));
        let signed: Vec<_> = FORMATS.iter().map(|it| (it.name.to_owned(), it.media_type)).collect();
        assert_eq!(signed, read);
    }
}
