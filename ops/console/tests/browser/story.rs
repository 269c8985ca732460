//! The story, filmed where it is to be recorded; how long it may take is the benchmark's to hold.

use chromium::Browser;
use drill::consumer::Consumer;
use local_stack::stack::Stack;

use crate::recording::Camera;
use crate::scenes::play;
use crate::stack::up;

#[tokio::test]
#[ignore = "needs Chromium"]
async fn somebody_new_breaks_the_consumer_sees_the_alarm_ring_and_mends_it_by_the_runbook_or_by_the_button() {
    let stack = up().await;
    let mut browser = Browser::open().await;
    let mut camera = Camera::before(&mut browser).await;
    let film =
        async |browser: &mut Browser, scene, selector: &str| camera.take(browser, scene, selector).await;
    let took = play(&stack, &mut browser, film).await;
    camera.finish(took);
    by_the_button(&stack, &mut browser).await;
    assert_eq!(browser.errors(), [] as [String; 0]);
    stack.down().await.unwrap();
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
