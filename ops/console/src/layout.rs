//! What all pages have around them: head, menu, and how the stack fares.
#![expect(
    clippy::needless_pass_by_value,
    reason = "markup is made where it is handed over: `page(&app, head, html! {…})`"
)]

use std::time::{SystemTime, UNIX_EPOCH};

use local_stack::observe::news::Topic;
use maud::{DOCTYPE, Markup, html};
use serde_json::json;

use crate::app::App;
use crate::assets;
use crate::page::MENU;
use crate::safety::TOKEN;
use crate::ui;

/// What a page is called.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head<'a> {
    /// The entry of the menu that it belongs to, such as `/images`.
    pub(crate) at: &'a str,
    /// Its heading and the window's title.
    pub(crate) title: &'a str,
    /// One sentence below the heading; may be empty.
    pub(crate) lead: &'a str,
}

/// A whole page.
pub(crate) fn page(app: &App, head: Head<'_>, content: Markup) -> Markup {
    shell(Some(app), head, content)
}

/// A whole page; without an app, one that changes nothing and stays as it is.
pub(crate) fn shell(app: Option<&App>, head: Head<'_>, content: Markup) -> Markup {
    let stack = app.map_or("", |app| app.source.info.name.as_str());
    let title = if stack.is_empty() || stack == "default" {
        "Image pipeline".to_owned()
    } else {
        format!("Image pipeline · {stack}")
    };
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="htmx-config" content=(htmx());
                title { (head.title) " · " (title) }
                link rel="icon" href=(assets::path("icon.svg"));
                link rel="stylesheet" href=(assets::path("console.css"));
                @for script in ["htmx.js", "idiomorph.js", "console.js"] {
                    script src=(assets::path(script)) defer {}
                }
            }
            body hx-ext="morph" hx-headers=[app.map(headers)] data-revision=[app.map(|app| app.revision)]
                data-of=[app.map(|app| app.token.mark())] {
                a .skip href="#main" { "Skip to content" }
                header .top {
                    a .brand href="/" { span .mark aria-hidden="true" {} (title) }
                    @if let Some(app) = app { (health(app)) }
                    button .menu-button type="button" popovertarget="menu" { "Menu" }
                }
                nav #menu popover aria-label="Pages" { (menu(head.at)) }
                main #main tabindex="-1" {
                    div .heading {
                        h1 { (head.title) }
                        @if !head.lead.is_empty() { p .lead { (head.lead) } }
                    }
                    (content)
                }
                p #announcement .unseen role="status" {}
            }
        }
    }
}

/// No text is evaluated, no style written, and no page kept outside the browser's own history.
fn htmx() -> String {
    json!({
        "allowEval": false, "includeIndicatorStyles": false, "allowScriptTags": false, "historyCacheSize": 0,
        "refreshOnHistoryMiss": true, "defaultSwapStyle": "morph:outerHTML", "scrollIntoViewOnBoost": false,
        "responseHandling": [
            { "code": "204", "swap": false }, { "code": "[23]..", "swap": true },
            { "code": "[45]..", "swap": false, "error": true },
        ],
    })
    .to_string()
}

fn headers(app: &App) -> String {
    json!({ TOKEN: app.token.text() }).to_string()
}

/// The metrics' clock now, by what it goes, and the day's clock: with it, times of both stay true on an open page.
fn clock(app: &App) -> String {
    let clock = app.source.observer.clock();
    let day = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    format!("{} {} {day}", clock.now().as_millis(), clock.rate())
}

fn menu(at: &str) -> Markup {
    html! {
        @for (group, entries) in MENU {
            div .group {
                p .group-name { (group) }
                ul {
                    @for (path, name) in *entries {
                        li { a href=(path) aria-current=[(*path == at).then_some("page")] { (name) } }
                    }
                }
            }
        }
    }
}

/// Whether all that is shown can be believed.
fn health(app: &App) -> Markup {
    let problems = app.source.observer.look(|seen| seen.problems.clone());
    let content = html! {
        span #clock data-clock=(clock(app)) {}
        @if problems.is_empty() {
            span .badge .good { "All sources report" }
        } @else {
            details .dropdown {
                summary .badge .bad {
                    (problems.len()) @if problems.len() == 1 { " source fails" } @else { " sources fail" }
                }
                dl .facts { @for (source, reason) in &problems { dt { (source) } dd { (reason) } } }
            }
        }
    };
    // A change of the clock's rate is news of every topic, so that other pages keep their times true.
    html! { div .health role="status" { (ui::live("health", &[Topic::Problems], content)) } }
}
