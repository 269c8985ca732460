//! From signing up to a thumbnail, without a terminal.

use std::fs;

use chromium::Browser;
use http::StatusCode;
use local_stack::faults::{InjectedFault, Rule};
use local_stack::stack::Stack;

use crate::sign_up::sign_up;
use crate::stack::{root, up};

#[tokio::test]
#[ignore = "needs Chromium"]
async fn somebody_new_signs_up_and_sees_a_photo_become_a_thumbnail_and_what_is_no_photo_refused() {
    let stack = up().await;
    let console = &stack.info.console;
    let mut browser = Browser::open().await;
    browser.visit(&format!("{console}/upload")).await;
    sign_up(&mut browser, "new@example.com").await;
    assert_eq!(browser.until("document.getElementById('user').textContent").await, "new@example.com");

    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &[u8]| {
        let path = directory.path().join(name);
        fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let photo = fs::read(root().join("ops/local/photos/raccoon.jpg")).unwrap();
    let files = [file("raccoon.jpg", &photo), file("broken.jpg", b"no photo"), file("notes.txt", b"notes")];
    browser.choose("#files", &files).await;

    browser.until("[...document.querySelectorAll('.fate img[src^=\"/thumbnails/\"]')].some((it) => it.naturalWidth === 256)").await;
    // One is refused by the processor, with its reason, and one by the API, before anything is sent.
    browser.until("document.querySelector('.refusal')?.textContent.includes('NotAnImage')").await;
    browser.until("document.querySelector('.refused .upload-status')?.textContent.includes('content_type must be one of')").await;
    browser.until("document.querySelectorAll('.hops .reached').length === 10").await;
    let errors = browser.errors();
    assert!(errors.len() == 1 && errors[0].contains("415"), "{errors:?}");

    broken_once(&stack, &mut browser).await;

    // The tab stays signed in; the images are there for everybody at the console.
    browser.visit(&format!("{console}/upload")).await;
    browser.until("document.getElementById('uploader')?.dataset.state === 'in'").await;
    browser.visit(&format!("{console}/images?status=DONE")).await;
    browser.click(".tile").await;
    browser.until("document.querySelector('.compare img[alt=\"The original\"]')?.naturalWidth > 256").await;
    browser.until("document.querySelector('.mail summary')").await;
    browser.back().await;
    browser.until("document.querySelector('select[name=status]')?.value === 'DONE'").await;
    assert_eq!(browser.errors(), [] as [String; 0]);
    stack.down().await.unwrap();
}

/// Notes what the newest upload's row shows: each status, and the furthest that its bar came.
const WATCH: &str = "(window.row = { states: [], bar: 0 }, new MutationObserver(() => { \
    const row = document.querySelector('.upload'), state = row.querySelector('.upload-status').textContent; \
    if (state !== window.row.states.at(-1)) window.row.states.push(state); \
    window.row.bar = Math.max(window.row.bar, row.querySelector('progress')?.position ?? 0); \
  }).observe(document.getElementById('uploads'), { subtree: true, childList: true, characterData: true, attributes: true }), true)";

/// An upload whose first PUT fails is tried again, which its row shows, and is DONE.
async fn broken_once(stack: &Stack, browser: &mut Browser) {
    let slow_down =
        InjectedFault::Refuse { status: StatusCode::SERVICE_UNAVAILABLE, code: "SlowDown".into() };
    let strike = stack.faults.strike(Rule::next("s3", "PutObject", "user-uploads/", slow_down));
    browser.until(WATCH).await;
    let photo = root().join("ops/local/photos/hubble.jpg").to_str().unwrap().to_owned();
    browser.choose("#files", &[photo]).await;
    browser
        .until("document.querySelector('.upload:first-child .verdict .good')?.textContent === 'DONE'")
        .await;
    let row = browser.until("window.row").await;
    let states: Vec<&str> = row["states"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
    let again = states.iter().position(|state| state.ends_with("; trying again"));
    assert!(again.is_some_and(|again| states[again + 1..] == ["Uploading", "Uploaded"]), "{states:?}");
    assert_eq!(row["bar"], 1, "how far the bar came");
    drop(strike);
    let errors = browser.errors();
    assert!(!errors.is_empty() && errors.iter().all(|it| it.contains("user-uploads/")), "{errors:?}");
}
