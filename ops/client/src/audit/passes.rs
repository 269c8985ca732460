//! The passes: every row of the two buckets and the table, once, into the temporary files.

use contract::image_id::image_id;
use contract::s3_event::SkipReason;

use super::AuditError;
use super::facts::{Item, Original, Thumbnail};
use super::kind::Kind;
use super::report::Example;
use super::scan::Scan;
use super::source::{Bucket, Source};

impl<S: Source> Scan<'_, S> {
    pub(super) async fn read_originals(&mut self) -> Result<(), AuditError> {
        let mut from = None;
        loop {
            let page = self.source.list(Bucket::Originals, from).await?;
            for object in page.entries {
                self.report.objects.listed += 1;
                if let Some(reason) = SkipReason::of_key(&object.key) {
                    *self.report.objects.skipped.entry(reason.name()).or_default() += 1;
                    continue;
                }
                let id = image_id(&object.key);
                self.write(|rows| rows.original(id, Original::of(object)))?;
            }
            self.step.moved("uploads", Some(self.report.objects.listed), None);
            from = page.next;
            if from.is_none() {
                return Ok(());
            }
        }
    }

    pub(super) async fn read_items(&mut self) -> Result<(), AuditError> {
        let mut from = None;
        loop {
            let page = self.source.scan(from).await?;
            for record in page.entries {
                self.report.items += 1;
                if let Some((id, item)) = Item::of(&record) {
                    self.write(|rows| rows.item(id, item))?;
                    continue;
                }
                let detail = "its imageId is no UUID".to_owned();
                let key = Some(record.original_key).filter(|key| !key.is_empty());
                self.find(Kind::MalformedItem, Example { image_id: Some(record.image_id), key, detail });
            }
            self.step.moved("items", Some(self.report.items), None);
            from = page.next;
            if from.is_none() {
                return Ok(());
            }
        }
    }

    pub(super) async fn read_thumbnails(&mut self) -> Result<(), AuditError> {
        let mut from = None;
        loop {
            let page = self.source.list(Bucket::Thumbnails, from).await?;
            for object in page.entries {
                self.report.thumbnails += 1;
                if let Some((id, thumbnail)) = Thumbnail::of(&object) {
                    self.write(|rows| rows.thumbnail(id, thumbnail))?;
                    continue;
                }
                let detail = format!("{} is not named as a thumbnail", object.key);
                self.find(Kind::OrphanThumbnail, Example { image_id: None, key: None, detail });
            }
            self.step.moved("thumbnails", Some(self.report.thumbnails), None);
            from = page.next;
            if from.is_none() {
                return Ok(());
            }
        }
    }
}
