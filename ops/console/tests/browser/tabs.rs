//! Two tabs at the same time.

use chromium::Browser;

use crate::sign_up::sign_up;
use crate::stack::{root, up};

#[tokio::test]
#[ignore = "needs Chromium"]
async fn two_tabs_follow_the_same_upload_to_its_thumbnail_and_each_has_a_sign_in_of_its_own() {
    let stack = up().await;
    let console = &stack.info.console;
    let mut browser = Browser::open().await;
    let sender = browser.tab();
    browser.visit(&format!("{console}/upload")).await;
    sign_up(&mut browser, "tabs@example.com").await;
    let watcher = browser.open_tab().await;
    browser.visit(&format!("{console}/images")).await;
    browser.until("document.querySelector('.empty')").await;

    browser.turn_to(&sender);
    let photo = root().join("ops/local/photos/raccoon.jpg").to_str().unwrap().to_owned();
    browser.choose("#files", &[photo]).await;
    let thumbnail = "[...document.querySelectorAll('img[src^=\"/thumbnails/\"]')].find((it) => it.naturalWidth === 256)?.src";
    let sent = browser.until(thumbnail).await;
    browser.turn_to(&watcher);
    assert_eq!(browser.until(thumbnail).await, sent);

    // What the one signed in as and sent is not the other's.
    browser.visit(&format!("{console}/upload")).await;
    browser.until("document.getElementById('uploader')?.dataset.state === 'out'").await;
    let uploads = "document.querySelectorAll('.upload').length";
    assert_eq!(browser.evaluate(uploads).await.unwrap(), 0);
    browser.turn_to(&sender);
    assert_eq!(browser.evaluate(uploads).await.unwrap(), 1);
    browser.until("document.getElementById('uploader').dataset.state === 'in'").await;
    assert_eq!(browser.errors(), [] as [String; 0]);
    stack.down().await.unwrap();
}
