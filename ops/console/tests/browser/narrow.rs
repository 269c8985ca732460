//! Every page on a phone.

use chromium::Browser;

use crate::pages::{NARROW, PRESSED, all, open, press, serve, take_back};

/// How far the page is wider than the window, and what reaches out of it without being in something that scrolls by itself.
const WIDER: &str = "((by) => by > 0 && [by, [...document.querySelectorAll('body *')].filter((it) => \
    it.getBoundingClientRect().right > innerWidth + 0.5 && !it.closest('.scroll, pre')).slice(0, 5).map((it) => it.outerHTML.slice(0, 120))]) \
    (document.scrollingElement.scrollWidth - innerWidth)";

#[tokio::test]
#[ignore = "needs Chromium"]
async fn no_page_scrolls_sideways_in_a_narrow_window() {
    let (console, _serving) = serve().await;
    let mut browser = Browser::open().await;
    let pages = all(&mut browser, &console).await;
    browser.look(NARROW).await;
    let mut wider = Vec::new();
    for page in &pages {
        open(&mut browser, page).await;
        wider.extend(found(&mut browser, page).await);
    }
    for pressed in PRESSED {
        press(&mut browser, &console, &pressed).await;
        wider.extend(found(&mut browser, pressed.page).await);
        take_back(&mut browser, &pressed).await;
    }
    assert!(wider.is_empty(), "{}", wider.join("\n"));
}

/// What is wrong with the open page, with all that can be opened as it comes and then opened.
async fn found(browser: &mut Browser, page: &str) -> Vec<String> {
    let mut found = Vec::new();
    for is_open in [false, true] {
        if is_open {
            let open = "(document.querySelectorAll('details').forEach((it) => { it.open = true; }), true)";
            browser.evaluate(open).await.unwrap();
        }
        let wider = browser.evaluate(WIDER).await.unwrap();
        if wider != false {
            found.push(format!("{page}, all open: {is_open}: {wider}"));
        }
    }
    found
}
