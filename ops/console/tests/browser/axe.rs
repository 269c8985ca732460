//! axe-core, whose rules are those of WCAG and of good practice, on every page.

use std::fs;
use std::process::Stdio;

use tokio::process::Command;

use crate::pages::{DESKTOP, NARROW, PRESSED, all, open, press, serve, take_back};
use crate::stack::root;
use chromium::Browser;

/// What a reader may open on a page beside what it shows at once.
const OPENED: &str = "(document.querySelectorAll('details').forEach((it) => { it.open = true; }), \
                      document.getElementById('uploader')?.setAttribute('data-state', STATE), true)";

/// Each violation: the rule, and where it is broken and how.
const VIOLATIONS: &str = "axe.run(document, {resultTypes: ['violations']}).then((found) => found.violations.map((it) => \
                          `${it.id}: ${it.nodes.map((node) => `${node.target} ${node.failureSummary}`).join('; ')}`))";

/// The script, installed once from the lock file.
async fn script() -> String {
    let directory = root().join("target/axe");
    fs::create_dir_all(&directory).unwrap();
    for (name, text) in [
        ("package.json", include_str!("axe/package.json")),
        ("package-lock.json", include_str!("axe/package-lock.json")),
    ] {
        fs::write(directory.join(name), text).unwrap();
    }
    let arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
    let npm = Command::new("npm").args(arguments).current_dir(&directory).stdin(Stdio::null()).output();
    let installed = npm.await.expect("npm should start; install it (Debian: apt-get install npm)");
    assert!(installed.status.success(), "{}", String::from_utf8_lossy(&installed.stderr));
    fs::read_to_string(directory.join("node_modules/axe-core/axe.min.js")).unwrap()
}

/// The violations on the open page; `state` is that of its uploader, if it has one.
async fn found(browser: &mut Browser, axe: &str, state: &str) -> Vec<String> {
    browser.evaluate(&format!("{axe};0")).await.unwrap();
    browser.evaluate(&OPENED.replace("STATE", state)).await.unwrap();
    let found = browser.evaluate(VIOLATIONS).await.unwrap();
    found.as_array().unwrap().iter().map(ToString::to_string).collect()
}

#[tokio::test]
#[ignore = "needs Chromium and npm"]
async fn no_page_breaks_a_rule_of_axe_in_light_or_dark_or_in_a_narrow_window() {
    let axe = script().await;
    let (console, _serving) = serve().await;
    let mut browser = Browser::open().await;
    let pages = all(&mut browser, &console).await;
    assert!(pages.len() > 16, "{pages:?}");
    let mut violations = Vec::new();
    for look in DESKTOP.into_iter().chain([NARROW]) {
        browser.look(look).await;
        for page in &pages {
            open(&mut browser, page).await;
            if page.ends_with("/messages") {
                browser.click("[hx-post='/messages/look']").await;
                browser.until("document.querySelector('#messages-by-cause details')").await;
            }
            for state in if page.ends_with("/upload") { &["'out'", "'in'"][..] } else { &["'out'"] } {
                let found = found(&mut browser, &axe, state).await;
                violations.extend(found.into_iter().map(|it| format!("{page}, {look:?}: {it}")));
            }
        }
        for pressed in PRESSED {
            press(&mut browser, &console, &pressed).await;
            let (page, found) = (pressed.page, found(&mut browser, &axe, "'out'").await);
            violations.extend(found.into_iter().map(|it| format!("{page}, pressed, {look:?}: {it}")));
            take_back(&mut browser, &pressed).await;
        }
    }
    assert!(violations.is_empty(), "{} violations\n{}", violations.len(), violations.join("\n"));
}
