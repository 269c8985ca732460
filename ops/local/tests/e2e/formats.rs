//! Formats: each accepted one is uploaded, processed and served.

use std::collections::BTreeSet;

use generate_upload_url::content_type::Accepted;
use image::ImageFormat;
use thumbnail::Format;

use crate::harness::Harness;
use crate::picture::{assert_thumbnail, picture};
use crate::uploader::{anybody, upload};

const HEIC: &str = "image/heic";
const AVIF: &str = "image/avif";

/// Uploads the picture in `format` and checks everything that is left of it.
async fn travels(format: ImageFormat) {
    travels_as(picture(format), format.to_mime_type()).await;
}

async fn travels_as(bytes: Vec<u8>, content_type: &str) {
    let harness = Harness::shared().await;
    let tokens = anybody(harness).await;
    let size = bytes.len();

    let issued = upload(harness, &tokens, bytes).await;

    let id = &issued.image_id;
    let item = harness.settled(id).await;
    assert_eq!(item.status(), "DONE", "{item:?}\n{}", harness.story(id));
    assert_eq!(item.text("contentType"), content_type);
    assert_eq!(item.text("originalS3Key"), issued.file_path);
    assert_eq!(item.text("processedS3Key"), format!("processed/{id}.jpg"));
    assert_eq!(item.text("userId"), tokens.sub);
    assert_eq!((item.number("width"), item.number("height")), (Some(640), Some(400)));
    assert_eq!(item.number("bytes"), Some(size as u64));
    let thumbnail = harness.thumbnail(id).await.expect("a DONE image has a thumbnail");
    assert_eq!(item.number("thumbnailBytes"), Some(thumbnail.len() as u64));
    assert_thumbnail(&thumbnail);
    assert_eq!(harness.notifications(id).await, ["DONE"]);
}

macro_rules! formats {
    ($($name:ident: $format:ident,)*) => {
        $(
            #[tokio::test]
            async fn $name() {
                travels(ImageFormat::$format).await;
            }
        )*
        /// Formats that are uploaded here, written by `image`.
        const WRITTEN: &[ImageFormat] = &[$(ImageFormat::$format),*];
    };
}

formats! {
    jpeg_travels_the_whole_way: Jpeg,
    png_travels_the_whole_way: Png,
    webp_travels_the_whole_way: WebP,
    gif_travels_the_whole_way: Gif,
    tiff_travels_the_whole_way: Tiff,
    bmp_travels_the_whole_way: Bmp,
}

#[test]
fn every_format_that_is_decoded_is_signed_for_and_uploaded_here() {
    let decoded: BTreeSet<&str> = Format::ALL.iter().map(|format| format.content_type()).collect();
    assert_eq!(Accepted::ALL.types().collect::<BTreeSet<_>>(), decoded);
    let uploaded = WRITTEN.iter().map(ImageFormat::to_mime_type).chain([HEIC, AVIF]);
    assert_eq!(uploaded.collect::<BTreeSet<_>>(), decoded);
}

#[tokio::test]
async fn heic_as_a_phone_writes_it_travels_the_whole_way_and_is_turned_once() {
    travels_as(include_bytes!("picture/quarters.heic").to_vec(), HEIC).await;
}

#[tokio::test]
async fn avif_in_tiles_travels_the_whole_way_and_is_turned_once() {
    travels_as(include_bytes!("picture/quarters.avif").to_vec(), AVIF).await;
}
