//! Pages report no error, and load nothing from elsewhere.

use chromium::Browser;

use crate::pages::{DESKTOP, all, open, serve};

#[tokio::test]
#[ignore = "needs Chromium"]
async fn no_page_reports_an_error_or_asks_another_host() {
    let (console, _serving) = serve().await;
    let mut browser = Browser::open().await;
    let pages = all(&mut browser, &console).await;
    browser.requests();
    for look in DESKTOP {
        browser.look(look).await;
        for page in &pages {
            open(&mut browser, page).await;
            assert_eq!(browser.errors(), [] as [String; 0], "{page}");
            let requests = browser.requests();
            assert!(requests.contains(page), "{page}: {requests:?}");
            // The browser draws some fields with pictures of its own.
            let is_own = |it: &&String| it.starts_with(&console) || it.starts_with("data:");
            let elsewhere: Vec<&String> = requests.iter().filter(|it| !is_own(it)).collect();
            assert_eq!(elsewhere, [] as [&String; 0], "{page}");
        }
    }
}
