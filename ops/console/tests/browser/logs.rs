//! Reading a log line while others come.

use chromium::Browser;
use cloudwatch_model::Timestamp;
use local_stack::observe::logs::LogLine;
use local_stack::stack::Stack;
use serde_json::{Value, json};

use crate::stack::up;

const IMAGE: &str = "read";
/// How many lines are listed, how many of them are open, and where the open one begins in the window.
const LIST: &str = "[document.querySelectorAll('#logs tbody tr').length, document.querySelectorAll('#logs details[open]').length, \
                    document.querySelector('#logs details[open]')?.getBoundingClientRect().top ?? null]";
/// What the button of waiting lines says.
const BUTTON: &str = "((it) => !it.hidden && it.checkVisibility() && it.textContent)(document.getElementById('waiting-lines'))";

#[tokio::test]
#[ignore = "needs Chromium"]
async fn lines_that_come_while_one_is_read_wait_until_they_are_wanted_or_it_is_closed() {
    let stack = up().await;
    let mut browser = Browser::open().await;
    browser.visit(&format!("{}/logs?image={IMAGE}", stack.info.console)).await;
    // While none is read, they come by themselves.
    for lines in 1..=2 {
        log(&stack, lines);
        browser.until(&format!("{LIST}[0] === {lines}")).await;
    }
    browser.click("#logs tr:last-child summary").await;
    // The second line pushed it down, which takes a moment.
    let read = browser.until(&format!("!document.getAnimations().length && {LIST}")).await;

    for (at, label) in [(3, "1 new line"), (4, "2 new lines")] {
        log(&stack, at);
        browser.until(&format!("{BUTTON} === '{label}'")).await;
        assert_eq!(browser.until(LIST).await, read);
    }
    // Wanted, they are there, and what was open still is.
    browser.press("#waiting-lines").await;
    browser.until(&format!("{LIST}[0] === 4")).await;
    assert_eq!(browser.until(LIST).await[1], 1);
    assert_eq!(browser.evaluate(BUTTON).await.unwrap(), false);

    // Closed, what waits is there as well.
    log(&stack, 5);
    browser.until(BUTTON).await;
    browser.click("#logs details[open] summary").await;
    browser.until(&format!("{LIST}[0] === 5")).await;
    assert_eq!(browser.until(LIST).await[2], Value::Null);
    assert_eq!(browser.evaluate(BUTTON).await.unwrap(), false);
    assert_eq!(browser.errors(), [] as [String; 0]);
    stack.down().await.unwrap();
}

/// A line about an image that nobody has sent: of one that somebody has there would be more.
fn log(stack: &Stack, at_ms: i64) {
    let raw = json!({"level": "WARN", "message": format!("Line {at_ms}"), "image_id": IMAGE}).to_string();
    let line = LogLine::read("/aws/lambda/one", "s", at_ms, &raw);
    stack.observer.put(|seen| seen.logs.put(line, &raw, Timestamp::default(), &mut seen.metrics));
}
