//! Formats: each accepted one is uploaded, processed and served.

use image::ImageFormat;

use crate::harness::Harness;
use crate::picture::{assert_thumbnail, picture};
use crate::uploader::{anybody, upload};

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

#[tokio::test]
async fn jpeg_travels_the_whole_way() {
    travels(ImageFormat::Jpeg).await;
}

#[tokio::test]
async fn png_travels_the_whole_way() {
    travels(ImageFormat::Png).await;
}

#[tokio::test]
async fn webp_travels_the_whole_way() {
    travels(ImageFormat::WebP).await;
}

#[tokio::test]
async fn gif_travels_the_whole_way() {
    travels(ImageFormat::Gif).await;
}

#[tokio::test]
async fn tiff_travels_the_whole_way() {
    travels(ImageFormat::Tiff).await;
}

#[tokio::test]
async fn bmp_travels_the_whole_way() {
    travels(ImageFormat::Bmp).await;
}

#[tokio::test]
async fn heic_as_a_phone_writes_it_travels_the_whole_way_and_is_turned_once() {
    travels_as(include_bytes!("picture/quarters.heic").to_vec(), "image/heic").await;
}

#[tokio::test]
async fn avif_in_tiles_travels_the_whole_way_and_is_turned_once() {
    travels_as(include_bytes!("picture/quarters.avif").to_vec(), "image/avif").await;
}
