//! How far a user's image is, and the answer about it.

use contract::{
    image_id,
    item::{Record, Status},
    thumbnail_key,
};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    error::Refusal,
    thumbnail_url::{EXPIRES_IN, Signer},
};

/// The status of an image that was given a URL and that no attempt has begun: the bytes are not there, or wait in the
/// queue. The table has no such item.
pub const PENDING: &str = "PENDING";

/// How far an image is that the caller owns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageStatus {
    id: Uuid,
    status: &'static str,
    /// There once an attempt has begun.
    item: Record,
}

/// What the client gets.
#[derive(Clone, Debug, Serialize)]
pub struct Answer {
    /// The image's id.
    pub image_id: String,
    /// How far it is.
    pub status: &'static str,
    /// Why it has no thumbnail, in a word for programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The same in a sentence for its owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Its thumbnails in the order of the configured sides; empty unless it is done.
    pub thumbnails: Vec<Thumbnail>,
    /// Seconds until the URLs of the thumbnails expire.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<u64>,
}

/// A thumbnail that can be fetched.
#[derive(Clone, Debug, Serialize)]
pub struct Thumbnail {
    /// GET the JPEG here.
    pub url: String,
    /// The side of the square that it fits in, in pixels; of all but the first, which has its size instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub side: Option<u32>,
    /// Its width in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<u64>,
    /// Its height in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<u64>,
    /// Its size in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
}

impl ImageStatus {
    /// How far the image `id` is, by what the table has of it.
    ///
    /// # Errors
    ///
    /// Refuses an image of another user exactly as one that does not exist.
    pub fn of(id: Uuid, user: &str, item: Option<Record>) -> Result<Self, Refusal> {
        let Some(item) = item else {
            let is_issued = image_id::is_issued_to(id, user);
            let pending = Self { id, status: PENDING, item: Record::default() };
            return is_issued.then_some(pending).ok_or(Refusal::NotFound);
        };
        // The key owns the id; the attribute `userId` only repeats it for people.
        if image_id::user_id(&item.original_key) != Some(user) {
            return Err(Refusal::NotFound);
        }
        let status = Status::ALL.into_iter().map(Status::name).find(|name| *name == item.status);
        Ok(Self { id, status: status.ok_or(Refusal::UnknownStatus)?, item })
    }

    /// The answer, with a URL for each thumbnail.
    ///
    /// # Errors
    ///
    /// Fails when the environment has no usable credentials.
    pub async fn answer(self, signer: &Signer) -> Result<Answer, Refusal> {
        let Self { id, status, item } = self;
        let mut thumbnails = Vec::new();
        if let Some(key) = &item.processed_key {
            thumbnails.push(Thumbnail {
                url: signer.sign(key).await?,
                side: None,
                width: item.thumbnail_width,
                height: item.thumbnail_height,
                bytes: item.thumbnail_bytes,
            });
        }
        for key in &item.other_thumbnails {
            let side = thumbnail_key::read(key).and_then(|(_, side)| side);
            let url = signer.sign(key).await?;
            thumbnails.push(Thumbnail { url, side, width: None, height: None, bytes: None });
        }
        Ok(Answer {
            image_id: id.to_string(),
            status,
            reason: item.reason,
            message: item.message,
            expires_in: (!thumbnails.is_empty()).then_some(EXPIRES_IN.as_secs()),
            thumbnails,
        })
    }
}
