//! Thumbnail keys: `processed/<image id>.jpg` for the first side, `processed/<image id>-<side>.jpg` for the others.

use uuid::Uuid;

/// The folder of all thumbnails.
pub const THUMBNAILS: &str = "processed/";
const EXTENSION: &str = ".jpg";
/// Characters of an id.
const ID_LENGTH: usize = 36;

/// The key of an image's thumbnail; `side_px` is `None` for the first of the sides.
#[must_use]
pub fn thumbnail_key(image_id: Uuid, side_px: Option<u32>) -> String {
    let side = side_px.map_or_else(String::new, |side_px| format!("-{side_px}"));
    format!("{THUMBNAILS}{image_id}{side}{EXTENSION}")
}

/// The image and the side that a key names; `None` for a key that [`thumbnail_key`] does not make.
#[must_use]
pub fn read(key: &str) -> Option<(Uuid, Option<u32>)> {
    let (id, side) = key.strip_prefix(THUMBNAILS)?.strip_suffix(EXTENSION)?.split_at_checked(ID_LENGTH)?;
    let id = Uuid::parse_str(id).ok()?;
    let side = if side.is_empty() { None } else { Some(side.strip_prefix('-')?.parse().ok()?) };
    // Only the usual spelling: `parse` also reads upper case and leading zeros.
    (thumbnail_key(id, side) == key).then_some((id, side))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "019b76da-a0ab-8000-8000-2a27bfb5dfb0";

    #[test]
    fn a_key_that_is_made_is_read_and_no_other() {
        let id = Uuid::parse_str(ID).unwrap();
        for side in [None, Some(64), Some(9_999)] {
            assert_eq!(read(&thumbnail_key(id, side)), Some((id, side)));
        }
        let upper = ID.to_uppercase();
        for other in [
            format!("{ID}.jpg"),
            format!("processed/{ID}.png"),
            format!("processed/{upper}.jpg"),
            format!("processed/{ID}-064.jpg"),
            format!("processed/{ID}-.jpg"),
            format!("processed/{ID}64.jpg"),
            "processed/cat.jpg".to_owned(),
            "processed/é.jpg".to_owned(),
        ] {
            assert_eq!(read(&other), None, "{other}");
        }
    }
}
