//! How fast Home is: printed, and not held, since a busy machine would fail it.

use std::time::{SystemTime, UNIX_EPOCH};

use local_stack::observe::mail::Mail;

use crate::stack::up;
use chromium::Browser;

const ROUNDS: usize = 11;

#[tokio::test]
#[ignore = "needs Chromium"]
async fn home_shows_each_notification_while_it_is_open() {
    let stack = up().await;
    let mut browser = Browser::open().await;
    let (mut paints, mut updates) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        browser.visit(&stack.info.console).await;
        let paint = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime";
        paints.push(browser.until(paint).await.as_f64().unwrap());
        browser.until(WATCH).await;
        let mail = Mail { message_id: format!("figure-{round}"), ..Mail::default() };
        let began = now_ms();
        stack.observer.put(|seen| seen.mail.put(mail));
        updates.push(browser.until("window.updatedAt").await.as_f64().unwrap() - began);
    }
    report("first contentful paint of Home", &mut paints);
    report("from an event to the page that shows it", &mut updates);
    assert_eq!(browser.errors(), [] as [String; 0]);
    stack.down().await.unwrap();
}

/// Notes when the picture shows another number of notifications.
const WATCH: &str = "(window.watching ||= (() => { \
    const sent = () => document.querySelector('#wide-topic .hop-figure').textContent, before = sent(); \
    new MutationObserver(() => { if (sent() !== before) window.updatedAt ||= Date.now(); }) \
      .observe(document.body, { subtree: true, childList: true, characterData: true }); \
    return true; })())";

fn now_ms() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64() * 1000.0
}

#[expect(clippy::print_stdout, reason = "what the run of CI shows of it")]
fn report(what: &str, figures: &mut [f64]) {
    figures.sort_unstable_by(f64::total_cmp);
    let (least, median, longest) = (figures[0], figures[figures.len() / 2], figures[figures.len() - 1]);
    println!("{what}: {median:.0} ms in the middle, {least:.0} to {longest:.0} ms, {} times", figures.len());
}
