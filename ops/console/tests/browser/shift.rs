//! Layout shifts of pages that are open while something happens: what somebody reads or is about to press stays where it is.

use chromium::Browser;
use local_stack::flow::{TraceHeaders, put, request_url};
use local_stack::user::sign_in;

use crate::pages::open;
use crate::stack::{root, up};

/// Collects what moved by a pixel or more, but for what did right after something was pressed.
const WATCH: &str = "(window.shifts = [], new PerformanceObserver((list) => { for (const shift of list.getEntries()) for (const \
                     {node, previousRect: from, currentRect: to} of shift.hadRecentInput ? [] : shift.sources) \
                     if (Math.hypot(from.x - to.x, from.y - to.y) >= 1) window.shifts.push(`${shift.value.toFixed(4)} \
                     ${node?.className || node?.parentNode?.className || node?.nodeName} ${from.x},${from.y} to ${to.x},${to.y}`); \
                     }).observe({type: 'layout-shift'}), true)";

/// Pages, and what is there once they show an upload.
const PAGES: [(&str, &str); 5] = [
    ("/", "document.querySelector('.tile[href*=\"ID\"] .good')"),
    ("/images", "document.querySelector('.tile[href*=\"ID\"] img')?.naturalWidth === 256"),
    ("/traces", "document.querySelector('a[href*=\"ID\"]')"),
    ("/mail", "document.body.innerHTML.includes('ID')"),
    ("/dashboards", "!document.querySelector('#drawing').dataset.before"),
];

/// The newest time on the page goes on, and two frames later every shift is known.
const SETTLED: &str = "(!document.querySelector('main time') || document.querySelector('main time').textContent.endsWith(' s ago')) \
                       && new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))";

#[tokio::test]
#[ignore = "needs Chromium"]
async fn nothing_on_a_page_moves_when_an_upload_arrives_while_it_is_open() {
    let stack = up().await;
    let tokens = sign_in(&stack.info, &stack.info.user).await.unwrap();
    let photo = std::fs::read(root().join("ops/local/photos/raccoon.jpg")).unwrap();
    let upload = async || {
        let issued = request_url(&stack.info, &tokens, &TraceHeaders::default()).await.unwrap();
        put(&issued, photo.clone(), &TraceHeaders::default()).await.unwrap();
        issued.image_id
    };
    let mut browser = Browser::open().await;
    // The first images; a page that held none has nothing that could move.
    for _ in 0..3 {
        let id = upload().await;
        browser.visit(&format!("{}/images", stack.info.console)).await;
        browser.until(&PAGES[1].1.replace("ID", &id)).await;
    }
    for (page, shown) in PAGES {
        open(&mut browser, &format!("{}{page}", stack.info.console)).await;
        browser.until("!document.querySelector('#drawing') || (document.querySelector('#drawing').dataset.before = '1')").await;
        browser.until(WATCH).await;
        let id = upload().await;
        browser.until(&shown.replace("ID", &id)).await;
        browser.until(SETTLED).await;
        let shifts = browser.until("window.shifts").await;
        assert_eq!(shifts, serde_json::json!([]), "{page}");
    }
    stack.down().await.unwrap();
}
