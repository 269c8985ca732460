//! From the first page to an incident that is over, without a terminal.

use std::fs;
use std::time::{Duration, Instant};

use cloudwatch_model::State;
use drill::consumer::Consumer;
use local_stack::stack::Stack;

use crate::stack::{root, up_with};
use crate::upload::sign_up;
use chromium::Browser;

/// A minute of alarms takes so long: those of this story look ten minutes back.
const CLOCK_RATE: u32 = 60;
/// What rings when nothing takes messages from the queue.
const ALARM: &str = "queue-backlog";

#[tokio::test]
#[ignore = "needs Chromium"]
#[expect(clippy::print_stdout, reason = "what the run of CI shows of it")]
async fn somebody_new_breaks_the_consumer_sees_the_alarm_ring_and_mends_it_by_the_runbook_or_by_the_button() {
    let stack = up_with(CLOCK_RATE).await;
    let mut browser = Browser::open().await;
    println!("the story took {:.0} s", story(&stack, &mut browser).await.as_secs_f64());
    by_the_button(&stack, &mut browser).await;
    assert_eq!(browser.errors(), [] as [String; 0]);
    stack.down().await.unwrap();
}

/// The story, and how long it took.
async fn story(stack: &Stack, browser: &mut Browser) -> Duration {
    let began = Instant::now();
    let console = &stack.info.console;

    // A photo becomes a thumbnail, and its trace is open.
    browser.visit(console).await;
    browser.click("#menu a[href='/upload']").await;
    sign_up(browser, "new@example.com").await;
    upload(browser).await;
    browser.until("document.querySelectorAll('.fate .hops .reached').length === 5").await;
    browser.until("document.querySelector('.fate img[src^=\"/thumbnails/\"]')?.naturalWidth === 256").await;
    browser.click(".fate a[href^='/traces/']").await;
    browser.until("document.querySelectorAll('.waterfall > li').length > 5").await;

    // One click breaks the consumer; the next photo waits.
    browser.visit(console).await;
    browser.click("[hx-post='/consumer/break']").await;
    browser.until("document.querySelector('[hx-post=\"/consumer/mend\"]') !== null").await;
    browser.click("#consumer a[href='/upload']").await;
    browser.until("document.getElementById('uploader')?.dataset.state === 'in'").await;
    upload(browser).await;
    // The page still shows the first one below.
    browser.until("document.querySelector('.fate')?.querySelectorAll('.hops .reached').length === 2").await;

    // The alarm rings, says why, and its runbook stands beside it.
    browser.visit(&format!("{console}/alarms")).await;
    let row = format!("document.getElementById('alarm-{ALARM}')");
    let reason = browser
        .until(&format!("{row}.querySelector('.badge.bad') && {row}.querySelector('p').textContent"))
        .await;
    assert!(reason.as_str().unwrap().contains("GreaterThanThreshold 300"), "{reason}");
    browser.click(&format!("#alarm-{ALARM} a[href$='#doc-mitigation']")).await;
    browser.until("document.getElementById('doc-mitigation') !== null").await;

    // The runbook's own command mends it.
    browser.until(RUN_MITIGATION).await;
    let output = browser.until("document.querySelector('.ran pre')?.textContent").await;
    assert!(matches!(output.as_str(), Some("Enabled" | "Enabling")), "{output}");
    browser.until("document.querySelector('.ran .note')?.textContent.startsWith('Exit status 0')").await;
    // Its first badge is the state; those below are of its history.
    browser.until("document.querySelector('#alarm .badge')?.textContent === 'OK'").await;

    // The photo that waited is done, and all is well.
    browser.visit(&format!("{console}/images?status=DONE")).await;
    browser.until("document.querySelectorAll('.tile').length === 2").await;
    browser.visit(&format!("{console}/alarms")).await;
    browser.until("document.querySelector('#alarms .found').textContent.startsWith('None of')").await;
    let rang = stack
        .observer
        .look(|seen| seen.alarms.history().any(|change| change.alarm == ALARM && change.to == State::Alarm));
    assert!(rang, "the alarm that was seen is in the history");
    began.elapsed()
}

/// Home's own button mends as the runbook does, by what Lambda says.
async fn by_the_button(stack: &Stack, browser: &mut Browser) {
    browser.visit(&stack.info.console).await;
    for (does, undoes, is_off) in [("break", "mend", true), ("mend", "break", false)] {
        browser.click(&format!("[hx-post='/consumer/{does}']")).await;
        browser.until(&format!("document.querySelector('[hx-post=\"/consumer/{undoes}\"]') !== null")).await;
        assert_eq!(Consumer::find(&stack.info).await.unwrap().is_off(), is_off, "after {does}");
    }
}

/// Presses the button beside the first command below the heading, once it is there.
const RUN_MITIGATION: &str = "((heading) => { \
    for (let it = heading; it; it = it.nextElementSibling) { \
      const button = it.querySelector('[hx-post]'); if (button) { button.click(); return true; } \
    } return false; })(document.getElementById('doc-mitigation'))";

async fn upload(browser: &mut Browser) {
    // Chromium reads no file whose path goes up again.
    let photo = fs::canonicalize(root().join("ops/local/photos/raccoon.jpg")).unwrap();
    browser.choose("#files", &[photo.to_str().unwrap().to_owned()]).await;
}
