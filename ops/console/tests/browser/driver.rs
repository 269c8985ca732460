//! What the other tests rely on of the browser's driver.

use chromium::Browser;
use serde_json::json;

#[tokio::test]
#[ignore = "needs Chromium"]
async fn an_element_that_is_found_counts_whatever_a_script_has_hung_on_it() {
    let mut browser = Browser::open().await;
    browser.visit("about:blank").await;
    // Such an element cannot be handed over by its value.
    browser.evaluate("(document.body.hung = [window, document], true)").await.unwrap();
    assert!(browser.evaluate("document.body").await.is_err());
    assert_eq!(browser.until("document.body").await, json!(true));
}
