//! The story: from the first page to an incident that is over, without a terminal. Its test films it, and the benchmark holds how
//! long it takes.

use std::time::{Duration, Instant};

use chromium::Browser;
use cloudwatch_model::State;
use local_stack::stack::Stack;

use crate::sign_up::sign_up;
use crate::stack::root;

/// What the page makes the clock of alarms go by: those of this story look ten minutes back.
pub(crate) const CLOCK_RATE: u32 = 60;
/// What rings when nothing takes messages from the queue.
const ALARM: &str = "queue-backlog";

/// What is seen of the story.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scene {
    Started,
    Dropped,
    Arrived,
    Traced,
    Broken,
    Hurried,
    Waiting,
    Ringing,
    Mended,
    Done,
    Well,
}

/// Plays the story on a stack where nothing has happened; `show` gets each scene, and where on the page it begins. Answers how
/// long it took.
pub(crate) async fn play(
    stack: &Stack,
    browser: &mut Browser,
    mut show: impl AsyncFnMut(&mut Browser, Scene, &str),
) -> Duration {
    let began = Instant::now();
    let console = &stack.info.console;

    // A photo becomes a thumbnail, and its trace is open.
    browser.visit(console).await;
    browser.until("document.querySelector('[hx-post=\"/consumer/break\"]') !== null").await;
    show(browser, Scene::Started, "h1").await;
    browser.click("#menu a[href='/upload']").await;
    sign_up(browser, "new@example.com").await;
    let drag = browser.drag("#drop", &[photo("raccoon.jpg")]).await;
    browser.until("document.querySelector('#drop.over') !== null").await;
    show(browser, Scene::Dropped, "h1").await;
    browser.drop_there(drag).await;
    browser.until("document.querySelectorAll('.fate .hops .reached').length === 5").await;
    browser.until("document.querySelector('.fate img[src^=\"/thumbnails/\"]')?.naturalWidth === 256").await;
    show(browser, Scene::Arrived, "#drop").await;
    browser.click(".fate a[href^='/traces/']").await;
    browser.until("document.querySelectorAll('.waterfall > li').length > 5").await;
    show(browser, Scene::Traced, ".card:has(.waterfall)").await;

    // One click breaks the consumer; the next photo waits.
    browser.visit(console).await;
    browser.click("[hx-post='/consumer/break']").await;
    browser.until("document.querySelector('[hx-post=\"/consumer/mend\"]') !== null").await;
    show(browser, Scene::Broken, "h1").await;
    browser.click(&format!("[hx-post='/clock?rate={CLOCK_RATE}']")).await;
    browser.until("document.querySelector('[hx-post=\"/clock?rate=1\"]') !== null").await;
    show(browser, Scene::Hurried, "h1").await;
    browser.click("#consumer a[href='/upload']").await;
    browser.until("document.getElementById('uploader')?.dataset.state === 'in'").await;
    browser.choose("#files", &[photo("hubble.jpg")]).await;
    // The page still shows the first one below.
    browser.until("document.querySelector('.fate')?.querySelectorAll('.hops .reached').length === 2").await;
    show(browser, Scene::Waiting, "h1").await;
    waiting_is_stuck(console, browser).await;

    // The alarm rings, says why, and its runbook stands beside it.
    browser.visit(&format!("{console}/alarms")).await;
    let row = format!("document.getElementById('alarm-{ALARM}')");
    let reason = browser
        .until(&format!("{row}.querySelector('.badge.bad') && {row}.querySelector('p').textContent"))
        .await;
    assert!(reason.as_str().unwrap().contains("GreaterThanThreshold 300"), "{reason}");
    show(browser, Scene::Ringing, "h1").await;
    browser.click(&format!("#alarm-{ALARM} a[href$='#doc-mitigation']")).await;
    browser.until("document.getElementById('doc-mitigation') !== null").await;

    // The runbook's own command mends it.
    browser.until(RUN_MITIGATION).await;
    let output = browser.until("document.querySelector('.ran pre')?.textContent").await;
    assert!(matches!(output.as_str(), Some("Enabled" | "Enabling")), "{output}");
    browser.until("document.querySelector('.ran .note')?.textContent.startsWith('Exit status 0')").await;
    show(browser, Scene::Mended, "#doc-mitigation").await;
    // The first badge is the state's; those of its history come below.
    browser.until("document.querySelector('#alarm .badge')?.textContent === 'OK'").await;

    // The photo that waited is done, and all is well.
    browser.visit(&format!("{console}/images?status=DONE")).await;
    browser.until("document.querySelectorAll('.tile').length === 2").await;
    browser.visit(&format!("{console}/upload")).await;
    browser.until("document.querySelectorAll('.fate .hops .reached').length === 10").await;
    show(browser, Scene::Done, "#drop").await;
    browser.visit(&format!("{console}/alarms")).await;
    browser.until("document.querySelector('#alarms .found').textContent.startsWith('None of')").await;
    show(browser, Scene::Well, "h1").await;
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

/// Presses the button beside the first command below the heading, once it is there.
const RUN_MITIGATION: &str = "((heading) => { \
    for (let it = heading; it; it = it.nextElementSibling) { \
      const button = it.querySelector('[hx-post]'); if (button) { button.click(); return true; } \
    } return false; })(document.getElementById('doc-mitigation'))";

/// A photo of the repository, by its path.
fn photo(name: &str) -> String {
    root().join("ops/local/photos").join(name).to_str().unwrap().to_owned()
}
