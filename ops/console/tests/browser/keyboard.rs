//! The menu without a mouse, in a wide window and in a narrow one, where it is behind its button.

use chromium::Browser;

use crate::pages::{DESKTOP, NARROW, open, serve};

/// More stops than any page has before its menu.
const STOPS: usize = 20;

#[tokio::test]
#[ignore = "needs Chromium"]
async fn tab_reaches_the_menu_and_enter_opens_a_page() {
    let (console, _serving) = serve().await;
    let mut browser = Browser::open().await;
    for look in [DESKTOP[0], NARROW] {
        browser.look(look).await;
        open(&mut browser, &format!("{console}/")).await;
        if look == NARROW {
            tab_to(&mut browser, ".menu-button").await;
            browser.key("Enter").await;
            browser.until("document.querySelector('#menu:popover-open')").await;
        }
        tab_to(&mut browser, "#menu a[href='/images']").await;
        browser.key("Enter").await;
        browser.until("location.pathname === '/images' && document.querySelector('.tile')").await;
    }
    assert_eq!(browser.errors(), [] as [String; 0]);
}

/// Presses Tab until it has led to what a selector finds, which is seen then.
async fn tab_to(browser: &mut Browser, selector: &str) {
    let is_there =
        format!("document.activeElement.matches(\"{selector}\") && document.activeElement.checkVisibility()");
    for _ in 0..STOPS {
        browser.key("Tab").await;
        if browser.evaluate(&is_there).await.unwrap() == true {
            return;
        }
    }
    panic!("Tab never came to {selector}");
}
