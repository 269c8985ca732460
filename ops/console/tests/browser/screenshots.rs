//! Pictures of every page, and of what a press shows, to be looked at.

use std::fs;

use chromium::{Browser, Look};

use crate::pages::{PRESSED, all, open, press, serve, take_back};
use crate::stack::root;

/// A phone, a tablet or half a window, a wide window.
const SIZES: [(u32, u32); 3] = [(360, 800), (900, 1000), (1400, 1000)];

#[tokio::test]
#[ignore = "needs Chromium; writes pictures for people"]
async fn every_page_is_pictured_in_target_at_three_sizes_in_light_and_dark() {
    let directory = root().join("target/console-pages");
    fs::create_dir_all(&directory).unwrap();
    let (console, _serving) = serve().await;
    let mut browser = Browser::open().await;
    let pages = all(&mut browser, &console).await;
    for (width, height) in SIZES {
        for is_dark in [false, true] {
            browser.look(Look { width, height, is_dark }).await;
            let theme = if is_dark { "dark" } else { "light" };
            let file = |page: &str, state: &str| {
                let name = page.replace(|c: char| !c.is_alphanumeric(), "-");
                directory.join(format!("{width}{name}{state}-{theme}.png"))
            };
            for page in &pages {
                open(&mut browser, page).await;
                fs::write(file(&page[console.len()..], ""), browser.screenshot().await).unwrap();
            }
            for pressed in PRESSED {
                press(&mut browser, &console, &pressed).await;
                fs::write(file(pressed.page, "-pressed"), browser.screenshot().await).unwrap();
                take_back(&mut browser, &pressed).await;
            }
        }
    }
}
