//! Content types that an upload URL is signed for.

/// A format that the processor reads.
struct Format {
    /// Its registered media type.
    media_type: &'static str,
    /// The extension that its keys get.
    extension: &'static str,
    /// Other names that browsers and operating systems give it.
    aliases: &'static [&'static str],
}

const FORMATS: [Format; 6] = [
    Format { media_type: "image/jpeg", extension: "jpg", aliases: &["image/jpg", "image/pjpeg"] },
    Format { media_type: "image/png", extension: "png", aliases: &["image/x-png"] },
    Format { media_type: "image/webp", extension: "webp", aliases: &[] },
    Format { media_type: "image/gif", extension: "gif", aliases: &[] },
    Format { media_type: "image/tiff", extension: "tiff", aliases: &["image/tif"] },
    Format { media_type: "image/bmp", extension: "bmp", aliases: &["image/x-ms-bmp", "image/x-bmp"] },
];

/// The registered media types of what the processor reads.
pub fn accepted_types() -> impl Iterator<Item = &'static str> {
    FORMATS.iter().map(|format| format.media_type)
}

/// The other names that are taken for them.
pub fn accepted_aliases() -> impl Iterator<Item = &'static str> {
    FORMATS.iter().flat_map(|format| format.aliases).copied()
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
    /// `None` when it names no format that the processor reads, or cannot stand in a header.
    #[must_use]
    pub fn parse(value: &str) -> Option<Self> {
        let may_stand = |byte: u8| matches!(byte, b' '..=b'~');
        let media_type = value.split(';').next().unwrap_or_default().trim_end_matches(' ');
        let is_named = |name: &&str| name.eq_ignore_ascii_case(media_type);
        let format = FORMATS
            .iter()
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
        ] {
            let read = ContentType::parse(value).unwrap();
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
            "image/heic",
            "image/jpegs",
            "image/jpeg, image/png",
            "image/jpeg charset=binary",
            "image/png;\r\nx-amz-acl: public-read",
            "image/png; name=é",
            "image/png;\0",
            "image/png;\u{7f}",
        ] {
            assert_eq!(ContentType::parse(value), None, "{value:?}");
        }
    }
}
