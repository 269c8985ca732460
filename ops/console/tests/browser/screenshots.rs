//! Pictures of every page, to be looked at.

use std::fs;

use chromium::{Browser, Look};

use crate::pages::{all, open, serve};
use crate::stack::root;

/// A phone, a tablet or half a window, a wide window.
const SIZES: [(u32, u32); 3] = [(360, 780), (900, 1200), (1600, 1000)];

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
            for page in &pages {
                open(&mut browser, page).await;
                let name: String = page[console.len()..]
                    .chars()
                    .map(|c| if c.is_alphanumeric() { c } else { '-' })
                    .collect();
                let theme = if is_dark { "dark" } else { "light" };
                let picture = browser.screenshot().await;
                fs::write(directory.join(format!("{width}{name}-{theme}.png")), picture).unwrap();
            }
        }
    }
}
