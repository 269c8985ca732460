//! The second look at an image that does not fit, and the look into its thumbnails.

use contract::image_id::image_id;
use contract::thumbnail_key::thumbnail_key;
use uuid::Uuid;

use super::facts::{Image, Item, Original, Progress, Thumbnail};
use super::judge::Judgement;
use super::kind::Kind;
use super::scan::Scan;
use super::source::{Bucket, Source};
use super::{AuditError, Measure};

impl<S: Source> Scan<'_, S> {
    /// The image as it is now, by calls for it alone.
    pub(super) async fn look_again(&self, id: Uuid, image: &Image) -> Result<Image, AuditError> {
        let item = self.source.item(id).await?.as_ref().and_then(Item::of).map(|(_, item)| item);
        let listed = image.original.as_ref().map(|original| original.key.clone());
        let key = listed.or_else(|| Some(item.as_ref()?.key.clone())).filter(|key| image_id(key) == id);
        let original = match key {
            Some(key) => self.source.object(Bucket::Originals, &key).await?.map(Original::of),
            None => None,
        };
        let thumbnails = self.source.thumbnails(id).await?;
        let thumbnails = thumbnails.iter().filter_map(Thumbnail::of).filter(|(of, _)| *of == id);
        Ok(Image { original, item, thumbnails: thumbnails.map(|(_, it)| it).collect() })
    }

    /// Decodes the thumbnails of a DONE image.
    pub(super) async fn decode(
        &mut self,
        id: Uuid,
        image: &Image,
        measure: Measure,
        judgement: &mut Judgement,
    ) -> Result<(), AuditError> {
        let Some(item) = image.item.as_ref().filter(|item| item.progress == Progress::Done) else {
            return Ok(());
        };
        for thumbnail in &image.thumbnails {
            let is_named = thumbnail.side.is_none_or(|side| item.others.contains(&side));
            let key = thumbnail_key(id, thumbnail.side);
            let Some(bytes) = (if is_named { self.source.read(&key).await? } else { None }) else { continue };
            self.report.decoded += 1;
            let expected = item.sides.filter(|_| thumbnail.side.is_none());
            match (measure(&bytes).map(|(width, height)| (u64::from(width), u64::from(height))), expected) {
                (None, _) => judgement.find(Kind::ThumbnailDiffers, format!("{key} cannot be decoded")),
                (Some((width, height)), Some(expected)) if (width, height) != expected => {
                    let (x, y) = expected;
                    let detail = format!("{key} has {width} × {height} pixels, not {x} × {y}");
                    judgement.find(Kind::ThumbnailDiffers, detail);
                }
                _ => {}
            }
        }
        Ok(())
    }
}
