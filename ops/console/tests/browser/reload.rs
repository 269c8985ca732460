//! The upload page, opened again in the middle of an upload.

use chromium::Browser;

use crate::sign_up::sign_up;
use crate::stack::{root, up};

#[tokio::test]
#[ignore = "needs Chromium"]
async fn an_upload_page_opened_again_follows_what_was_sent_and_says_what_was_not() {
    let stack = up().await;
    let mut browser = Browser::open().await;
    browser.visit(&format!("{}/upload", stack.info.console)).await;
    sign_up(&mut browser, "again@example.com").await;
    let photo = |name: &str| root().join("ops/local/photos").join(name).to_str().unwrap().to_owned();
    browser.choose("#files", &[photo("raccoon.jpg")]).await;
    browser.until("document.querySelector('.upload-status')?.textContent === 'Uploaded'").await;
    browser.hold_back(stack.info.output("OriginalBucketName").unwrap()).await;
    browser.choose("#files", &[photo("hubble.jpg")]).await;
    browser.held().await;
    browser.reload_without_held().await;

    let row = |name: &str, what: &str| {
        format!(
            "[...document.querySelectorAll('.upload')].some((it) => it.querySelector('h3').textContent === '{name}' && it.{what})"
        )
    };
    browser
        .until(&row("raccoon.jpg", "querySelector('img[src^=\"/thumbnails/\"]')?.naturalWidth === 256"))
        .await;
    browser.until(&row("hubble.jpg", "textContent.includes('Interrupted')")).await;
    // It stays there.
    browser.reload().await;
    browser.until(&row("hubble.jpg", "textContent.includes('Interrupted')")).await;
    assert_eq!(browser.errors(), [] as [String; 0]);
    stack.down().await.unwrap();
}
