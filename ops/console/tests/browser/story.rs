//! From the first page to an incident that is over, without a terminal.

use std::time::{Duration, Instant};

use cloudwatch_model::State;
use drill::consumer::Consumer;
use local_stack::stack::Stack;

use crate::recording::{Camera, Scene};
use crate::stack::{root, up};
use crate::upload::sign_up;
use chromium::Browser;

/// What the page makes the clock of alarms go by: those of this story look ten minutes back.
pub(crate) const CLOCK_RATE: u32 = 60;
/// What rings when nothing takes messages from the queue.
const ALARM: &str = "queue-backlog";

#[tokio::test]
#[ignore = "needs Chromium"]
#[expect(clippy::print_stdout, reason = "what the run of CI shows of it")]
async fn somebody_new_breaks_the_consumer_sees_the_alarm_ring_and_mends_it_by_the_runbook_or_by_the_button() {
    let stack = up().await;
    let mut browser = Browser::open().await;
    let mut camera = Camera::before(&mut browser).await;
    let took = story(&stack, &mut browser, &mut camera).await;
    println!("the story took {:.0} s", took.as_secs_f64());
    camera.finish(took);
    by_the_button(&stack, &mut browser).await;
    assert_eq!(browser.errors(), [] as [String; 0]);
    stack.down().await.unwrap();
}

/// The story, and how long it took.
async fn story(stack: &Stack, browser: &mut Browser, camera: &mut Camera) -> Duration {
    let began = Instant::now();
    let console = &stack.info.console;

    // A photo becomes a thumbnail, and its trace is open.
    browser.visit(console).await;
    browser.until("document.querySelector('[hx-post=\"/consumer/break\"]') !== null").await;
    camera.take(browser, Scene::Started, "h1").await;
    browser.click("#menu a[href='/upload']").await;
    sign_up(browser, "new@example.com").await;
    let drag = browser.drag("#drop", &[photo("raccoon.jpg")]).await;
    browser.until("document.querySelector('#drop.over') !== null").await;
    camera.take(browser, Scene::Dropped, "h1").await;
    browser.drop_there(drag).await;
    browser.until("document.querySelectorAll('.fate .hops .reached').length === 5").await;
    browser.until("document.querySelector('.fate img[src^=\"/thumbnails/\"]')?.naturalWidth === 256").await;
    camera.take(browser, Scene::Arrived, "#drop").await;
    browser.click(".fate a[href^='/traces/']").await;
    browser.until("document.querySelectorAll('.waterfall > li').length > 5").await;
    camera.take(browser, Scene::Traced, ".card:has(.waterfall)").await;

    // One click breaks the consumer; the next photo waits.
    browser.visit(console).await;
    browser.click("[hx-post='/consumer/break']").await;
    browser.until("document.querySelector('[hx-post=\"/consumer/mend\"]') !== null").await;
    camera.take(browser, Scene::Broken, "h1").await;
    browser.click(&format!("[hx-post='/clock?rate={CLOCK_RATE}']")).await;
    browser.until("document.querySelector('[hx-post=\"/clock?rate=1\"]') !== null").await;
    camera.take(browser, Scene::Hurried, "h1").await;
    browser.click("#consumer a[href='/upload']").await;
    browser.until("document.getElementById('uploader')?.dataset.state === 'in'").await;
    browser.choose("#files", &[photo("hubble.jpg")]).await;
    // The page still shows the first one below.
    browser.until("document.querySelector('.fate')?.querySelectorAll('.hops .reached').length === 2").await;
    camera.take(browser, Scene::Waiting, "h1").await;
    waiting_is_stuck(console, browser).await;

    // The alarm rings, says why, and its runbook stands beside it.
    browser.visit(&format!("{console}/alarms")).await;
    let row = format!("document.getElementById('alarm-{ALARM}')");
    let reason = browser
        .until(&format!("{row}.querySelector('.badge.bad') && {row}.querySelector('p').textContent"))
        .await;
    assert!(reason.as_str().unwrap().contains("GreaterThanThreshold 300"), "{reason}");
    camera.take(browser, Scene::Ringing, "h1").await;
    browser.click(&format!("#alarm-{ALARM} a[href$='#doc-mitigation']")).await;
    browser.until("document.getElementById('doc-mitigation') !== null").await;

    // The runbook's own command mends it.
    browser.until(RUN_MITIGATION).await;
    let output = browser.until("document.querySelector('.ran pre')?.textContent").await;
    assert!(matches!(output.as_str(), Some("Enabled" | "Enabling")), "{output}");
    browser.until("document.querySelector('.ran .note')?.textContent.startsWith('Exit status 0')").await;
    camera.take(browser, Scene::Mended, "#doc-mitigation").await;
    // The first badge is the state's; those of its history come below.
    browser.until("document.querySelector('#alarm .badge')?.textContent === 'OK'").await;

    // The photo that waited is done, and all is well.
    browser.visit(&format!("{console}/images?status=DONE")).await;
    browser.until("document.querySelectorAll('.tile').length === 2").await;
    browser.visit(&format!("{console}/upload")).await;
    browser.until("document.querySelectorAll('.fate .hops .reached').length === 10").await;
    camera.take(browser, Scene::Done, "#drop").await;
    browser.visit(&format!("{console}/alarms")).await;
    browser.until("document.querySelector('#alarms .found').textContent.startsWith('None of')").await;
    camera.take(browser, Scene::Well, "h1").await;
    let rang = stack
        .observer
        .look(|seen| seen.alarms.history().any(|change| change.alarm == ALARM && change.to == State::Alarm));
    assert!(rang, "the alarm that was seen is in the history");
    began.elapsed()
}

/// Home states how long an upload waits, once that is for long, and does not have it that nothing is stuck.
async fn waiting_is_stuck(console: &str, browser: &mut Browser) {
    browser.visit(console).await;
    let has = |text: &str| format!("document.querySelector('main')?.innerText.includes('{text}')");
    browser.until(&has("1 message waits in the queue, the oldest for")).await;
    assert_eq!(browser.evaluate(&has("Nothing is stuck")).await.unwrap(), false);
}

/// Home's own button mends as the runbook does, by what Lambda says.
async fn by_the_button(stack: &Stack, browser: &mut Browser) {
    browser.visit(&stack.info.console).await;
    for (does, undoes, is_off) in [("break", "mend", true), ("mend", "break", false)] {
        // Presses again after two seconds: what the page has just changed follows its new address a moment later.
        let pressed = format!(
            "document.querySelector('[hx-post=\"/consumer/{undoes}\"]') !== null || (Date.now() - (window.pressed ?? 0) > 2000 \
             && (window.pressed = Date.now(), document.querySelector('[hx-post=\"/consumer/{does}\"]')?.click()), false)"
        );
        browser.until(&pressed).await;
        assert_eq!(Consumer::find(&stack.info).await.unwrap().is_off(), is_off, "after {does}");
    }
}

/// Presses the button beside the first command below the heading, once it is there.
const RUN_MITIGATION: &str = "((heading) => { \
    for (let it = heading; it; it = it.nextElementSibling) { \
      const button = it.querySelector('[hx-post]'); if (button) { button.click(); return true; } \
    } return false; })(document.getElementById('doc-mitigation'))";

/// A photo of the repository, by its path.
fn photo(name: &str) -> String {
    root().join("ops/local/photos").join(name).to_str().unwrap().to_owned()
}
