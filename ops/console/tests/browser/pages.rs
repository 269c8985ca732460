//! All pages of the console, served on made-up data.

use chromium::{Browser, Look};
use local_stack::console::{Console, Serving};

use crate::made_up;

/// A desktop's window, light and dark.
pub(crate) const DESKTOP: [Look; 2] =
    [Look { width: 1280, height: 900, is_dark: false }, Look { width: 1280, height: 900, is_dark: true }];

/// A phone's.
pub(crate) const NARROW: Look = Look { width: 360, height: 800, is_dark: false };

/// Pages that the menu does not name: a page that does, what leads there, and how many of those are all of a kind.
const FURTHER: [(&str, &str, usize); 7] = [
    ("/images", ".tile", 1),
    ("/images?status=FAILED", ".tile", 1),
    ("/traces", "td a[href^='/traces/']", 1),
    ("/traces", "td:has(~ td .bad) a[href^='/traces/']", 1),
    ("/alarms", ".row-name", 1),
    ("/dashboards", "[aria-label=Dashboards] a", usize::MAX),
    ("/drills", "a[href^='/runbooks/']", 1),
];

/// What a page shows once something is pressed there.
pub(crate) struct Pressed {
    pub(crate) page: &'static str,
    button: &'static str,
    shown: &'static str,
    /// What takes it back.
    back: Option<&'static str>,
}

pub(crate) const PRESSED: [Pressed; 3] = [
    Pressed {
        page: "/",
        button: "[hx-post='/consumer/break']",
        shown: "[hx-post='/consumer/mend']",
        back: Some("[hx-post='/consumer/mend']"),
    },
    Pressed { page: "/drills", button: "[hx-post$='=poison']", shown: "#drill .badge.bad", back: None },
    Pressed {
        page: "/runbooks/dlq-not-empty",
        button: "[hx-post$='block=12']",
        shown: ".question",
        back: None,
    },
];

/// Opens the page, presses, and waits until nothing changes by itself any more.
pub(crate) async fn press(browser: &mut Browser, console: &str, pressed: &Pressed) {
    open(browser, &format!("{console}{}", pressed.page)).await;
    browser.click(pressed.button).await;
    let settled = "!document.querySelector('.htmx-request, [hx-trigger^=every]')";
    browser.until(&format!("{settled} && document.querySelector(\"{}\") !== null", pressed.shown)).await;
}

/// Takes it back, so that it can be pressed again.
pub(crate) async fn take_back(browser: &mut Browser, pressed: &Pressed) {
    if let Some(back) = pressed.back {
        browser.click(back).await;
        browser.until(&format!("document.querySelector(\"{}\") !== null", pressed.button)).await;
    }
}

/// A console at the returned address, for as long as the other value lives.
pub(crate) async fn serve() -> (String, Serving) {
    let console = Console::bind(0).await.unwrap();
    let address = console.address();
    (address, console.serve(made_up::source().await.unwrap(), pipeline_console::pages))
}

/// The addresses of all pages.
pub(crate) async fn all(browser: &mut Browser, console: &str) -> Vec<String> {
    let mut pages = links(browser, &format!("{console}/"), "#menu a").await;
    for (page, selector, most) in FURTHER {
        let found = links(browser, &format!("{console}{page}"), selector).await;
        pages.extend(found.into_iter().take(most));
    }
    pages
}

async fn links(browser: &mut Browser, page: &str, selector: &str) -> Vec<String> {
    open(browser, page).await;
    let links = browser
        .until(&format!(
            "((links) => links.length && links)([...document.querySelectorAll({})].map((it) => it.href))",
            serde_json::json!(selector)
        ))
        .await;
    links.as_array().unwrap().iter().map(|link| link.as_str().unwrap().to_owned()).collect()
}

/// Opens a page, and waits until nothing is on its way to it, and all its pictures are there.
pub(crate) async fn open(browser: &mut Browser, page: &str) {
    browser.visit(page).await;
    browser
        .until(
            "!document.querySelector('.htmx-request') && !document.body.innerText.includes('Running…') \
             && [...document.images].every((it) => it.complete || it.loading === 'lazy')",
        )
        .await;
}
