//! Signing up, as somebody new does.

use chromium::Browser;

/// Through the pages of the user pool, as they come.
pub(crate) async fn sign_up(browser: &mut Browser, email: &str) {
    browser.click("#sign-up").await;
    browser.fill("input[name=email]:not([type=hidden])", email).await;
    browser.fill("input[name=password]", "Secret-word-1").await;
    browser.click("button[type=submit]").await;
    let code = browser
        .until("document.querySelector('input[name=code]') && document.querySelector('strong').textContent")
        .await;
    browser.fill("input[name=code]", code.as_str().unwrap()).await;
    browser.click("button[type=submit]").await;
    browser.until("document.getElementById('uploader')?.dataset.state === 'in'").await;
}
