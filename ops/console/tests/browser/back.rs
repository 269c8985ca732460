//! Back: a page that somebody returns to shows what it showed.

use std::fs;

use chromium::Browser;

use crate::pages::{open, serve};
use crate::sign_up::sign_up;
use crate::stack::{root, up};

/// Each upload of the page: its file, its status, how far it is, and its picture.
const UPLOADS: &str = "JSON.stringify([...document.querySelectorAll('.upload')].map((it) => [it.querySelector('h3').textContent, \
                       it.querySelector('.upload-status').textContent, it.querySelectorAll('.hops .reached').length, \
                       it.querySelector('.fate img[src^=\"/thumbnails/\"]')?.naturalWidth, it.querySelector('.refusal')?.textContent]))";

/// What two of the files hold.
const CONTENT: &str = "no photo";

/// What was searched for, by the address and by the form, and what was found.
const IMAGES: &str = "JSON.stringify([location.search, [...new FormData(document.querySelector('.filter')).values()], \
                      document.querySelector('.found').textContent, [...document.querySelectorAll('.tile')].map((it) => it.href)])";

#[tokio::test]
#[ignore = "needs Chromium"]
async fn back_from_a_trace_to_the_upload_page_shows_each_upload_as_it_was() {
    let stack = up().await;
    let mut browser = Browser::open().await;
    browser.visit(&format!("{}/upload", stack.info.console)).await;
    sign_up(&mut browser, "back@example.com").await;
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str| {
        let path = directory.path().join(name);
        fs::write(&path, CONTENT).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let photo = root().join("ops/local/photos/raccoon.jpg").to_str().unwrap().to_owned();
    browser.choose("#files", &[photo, file("broken.jpg"), file("notes.txt")]).await;
    browser.until("document.querySelectorAll('.hops .reached').length === 10").await;
    browser
        .until("document.querySelector('.refused .upload-status')?.textContent.includes('content_type')")
        .await;
    let errors = browser.errors();
    assert!(errors.len() == 1 && errors[0].contains("415"), "{errors:?}");
    browser.until("document.querySelector('.fate img[src^=\"/thumbnails/\"]')?.naturalWidth === 256").await;
    let before = browser.until(UPLOADS).await;

    browser.click(".fate a[href^='/traces/']").await;
    browser.until("document.querySelector('.waterfall > li')").await;
    browser.back().await;

    browser.until(&format!("location.pathname === '/upload' && {UPLOADS} === {before}")).await;
    assert_eq!(browser.until("document.getElementById('user').textContent").await, "back@example.com");
    // Nor does the tab's memory hold more of the files than the page shows.
    let kept = browser.until("[JSON.parse(sessionStorage.uploads), sessionStorage.token]").await;
    assert_eq!(kept[0].as_array().map(Vec::len), Some(3), "{kept}");
    let (uploads, token) = (kept[0].to_string(), kept[1].as_str().unwrap());
    assert!(!uploads.contains(CONTENT) && !uploads.contains(token) && !uploads.contains("http"), "{uploads}");
    assert_eq!(browser.errors(), [] as [String; 0]);
    stack.down().await.unwrap();
}

#[tokio::test]
#[ignore = "needs Chromium"]
async fn back_from_an_image_and_from_another_search_shows_what_was_searched_for_and_found() {
    let (console, _serving) = serve().await;
    let mut browser = Browser::open().await;
    open(&mut browser, &format!("{console}/images")).await;
    let all = browser.until(IMAGES).await;
    let failed = search(&mut browser, "FAILED").await;
    browser.click(".tile").await;
    browser.until("location.pathname.startsWith('/images/')").await;
    browser.back().await;
    browser.until(&format!("{IMAGES} === {failed}")).await;
    let done = search(&mut browser, "DONE").await;
    assert!(all != failed && failed != done, "{all} {failed} {done}");

    browser.back().await;
    browser.until(&format!("{IMAGES} === {failed}")).await;
    browser.back().await;
    browser.until(&format!("{IMAGES} === {all}")).await;
    assert_eq!(browser.errors(), [] as [String; 0]);
}

/// Searches as a reader does; answers what the page shows.
async fn search(browser: &mut Browser, status: &str) -> serde_json::Value {
    browser.fill("select[name=status]", status).await;
    browser.click(".filter .primary").await;
    browser.until(&format!("location.search.includes('status={status}') && {IMAGES}")).await
}
