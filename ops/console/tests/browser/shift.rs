//! Layout shifts of pages that are open while something happens: what somebody reads or is about to press stays where it is.

use chromium::Browser;
use local_stack::stack::Stack;
use local_stack::user::{Tokens, sign_in};
use pipeline_client::queue::Queue;
use serde_json::json;

use crate::pages::open;
use crate::sign_up::sign_up;
use crate::stack::{root, up};
use crate::steps::{send, until};

/// Collects what moved by a pixel or more, but for what did right after something was pressed.
const WATCH: &str = "(window.shifts = [], new PerformanceObserver((list) => { for (const shift of list.getEntries()) for (const \
                     {node, previousRect: from, currentRect: to} of shift.hadRecentInput ? [] : shift.sources) \
                     if (Math.hypot(from.x - to.x, from.y - to.y) >= 1) window.shifts.push(`${shift.value.toFixed(4)} \
                     ${node?.className || node?.parentNode?.className || node?.nodeName} ${from.x},${from.y} to ${to.x},${to.y}`); \
                     }).observe({type: 'layout-shift'}), true)";

/// Collects rows that jump when their part is made anew: of a table's, the browser reports none.
const WATCH_ROWS: &str = "((rows) => { let before; \
    document.body.addEventListener('htmx:beforeSwap', () => { before = rows(); }); \
    document.body.addEventListener('htmx:afterSwap', () => { for (const [id, top] of rows()) \
      if (before.has(id) && Math.abs(before.get(id) - top) >= 1) window.shifts.push(`${id} from ${before.get(id)} to ${top}`); }); \
    return true; })(() => new Map([...document.querySelectorAll('main :is(li, tr)[id]')].map((it) => [it.id, it.getBoundingClientRect().top])))";

/// A part of the page was made anew since it was marked.
const REMADE: &str =
    "document.querySelector('#drawing, #image, #trace') && !document.querySelector('[data-before]')";
/// Marks what is made anew as a whole.
const MARK: &str = "(document.querySelectorAll('#drawing, #image, #trace').forEach((it) => { it.dataset.before = '1'; }), true)";

/// Pages, what happens while each is open, and what is there once it shows that; `IMAGE` and `TRACE` are those of an upload that is
/// done. Alarms are last: their mail is no upload's.
const PAGES: [(&str, Event, &str); 12] = [
    ("/", Event::Photo, "document.querySelector('.tile[href*=\"ID\"] .good')"),
    ("/images", Event::Photo, "document.querySelector('.tile[href*=\"ID\"] img')?.naturalWidth === 256"),
    ("/traces", Event::Photo, "document.querySelector('a[href*=\"ID\"]')"),
    ("/mail", Event::Photo, "document.body.innerHTML.includes('ID')"),
    ("/dashboards", Event::Photo, REMADE),
    (
        "/messages",
        Event::DeadLetter,
        "document.querySelectorAll('#queues .facts strong')[1].textContent === '3'",
    ),
    // Once a line is open there, newer ones wait.
    (
        "/logs",
        Event::NoPhoto,
        "document.querySelector('#waiting-lines').checkVisibility() || document.querySelector('#logs').textContent.includes('ID')",
    ),
    ("/images/IMAGE", Event::Photo, REMADE),
    ("/traces/TRACE", Event::Photo, REMADE),
    (
        "/upload",
        Event::Chosen,
        "document.querySelectorAll('.verdict .good').length === 2 && [...document.images].every((it) => it.complete)",
    ),
    ("/alarms", Event::Alarm("queue-backlog"), "document.querySelector('#alarm-queue-backlog .badge.bad')"),
    (
        "/alarms/processor-slow",
        Event::Alarm("processor-slow"),
        "document.querySelector('#alarm .badge')?.textContent === 'ALARM'",
    ),
];
/// Pages where something has happened before: one that held nothing has nothing that could move.
const PRIMED: [&str; 5] = ["/images", "/images", "/images", "/logs", "/logs"];
/// Why an alarm rings, about as long as the pipeline's own are.
const REASON: &str = "3 of 3 breach GreaterThanThreshold 300 (312.5, 345.25 × 2, 360.125); 3 of 3 make an alarm, as the test has it";

/// What happens on the stack.
#[derive(Clone, Copy)]
enum Event {
    /// An upload becomes a thumbnail.
    Photo,
    /// An upload is refused, of which the processor writes a line.
    NoPhoto,
    /// A message is given up; an upload brings the metrics that show it.
    DeadLetter,
    /// A photo is chosen on the page.
    Chosen,
    /// The alarm of this name rings.
    Alarm(&'static str),
}

impl Event {
    /// Has it happen; answers the image's id, if it is about one.
    async fn happen(self, stack: &Stack, tokens: &Tokens, browser: &mut Browser) -> String {
        let path = root().join("ops/local/photos/raccoon.jpg");
        let photo = || std::fs::read(&path).unwrap();
        match self {
            Self::Photo => send(&stack.info, tokens, photo()).await,
            Self::NoPhoto => send(&stack.info, tokens, b"no photo".to_vec()).await,
            Self::DeadLetter => {
                let (aws, url) = (stack.info.aws(), stack.info.output("DeadLetterQueueUrl").unwrap());
                Queue { aws: &aws, url }.send_new("no notification", json!({})).await.unwrap();
                send(&stack.info, tokens, photo()).await
            }
            Self::Chosen => {
                browser.choose("#files", &[path.to_str().unwrap().to_owned()]).await;
                String::new()
            }
            Self::Alarm(name) => {
                let ring = [("AlarmName", name), ("StateValue", "ALARM"), ("StateReason", REASON)];
                stack.info.aws().query("monitoring", "2010-08-01", "SetAlarmState", &ring).await.unwrap();
                String::new()
            }
        }
    }
}

/// The newest time on the page goes on, and two frames later every shift is known.
const SETTLED: &str = "(!document.querySelector('main time') || document.querySelector('main time').textContent.endsWith(' s ago')) \
                       && new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))";

/// Opens what can be opened to be read; answers when that is drawn.
const READ: &str = "(document.querySelector('#messages-by-cause details:not([open]), #logs details:not([open])')?.querySelector('summary').click(), \
                    new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true)))))";
/// What is open to be read, but for how long ago something was.
const OPENED: &str = "JSON.stringify([...document.querySelectorAll('main details[open]')].map((it) => { \
    const copy = it.cloneNode(true); copy.querySelectorAll('time').forEach((time) => time.remove()); return copy.textContent; }))";

#[tokio::test]
#[ignore = "needs Chromium"]
async fn nothing_on_a_page_moves_when_something_arrives_while_it_is_open() {
    let stack = up().await;
    let tokens = sign_in(&stack.info, &stack.info.user).await.unwrap();
    let mut browser = Browser::open().await;
    for primed in PRIMED {
        let (page, event, shown) = PAGES.into_iter().find(|(page, ..)| *page == primed).unwrap();
        let id = event.happen(&stack, &tokens, &mut browser).await;
        browser.visit(&format!("{}{page}", stack.info.console)).await;
        browser.until(&shown.replace("ID", &id)).await;
    }
    for _ in 0..2 {
        Event::DeadLetter.happen(&stack, &tokens, &mut browser).await;
    }
    browser.visit(&format!("{}/upload", stack.info.console)).await;
    sign_up(&mut browser, "shift@example.com").await;
    Event::Chosen.happen(&stack, &tokens, &mut browser).await;
    browser.until("document.querySelector('.verdict .good')").await;
    let mut moved = Vec::new();
    for (page, event, shown) in PAGES {
        let path = path(page, &stack, &tokens, &mut browser).await;
        if matches!(event, Event::Alarm(_)) {
            evaluation(&stack).await;
        }
        open(&mut browser, &format!("{}{path}", stack.info.console)).await;
        if page == "/messages" {
            browser.click("[hx-post='/messages/look']").await;
            browser.until("document.querySelector('.group-of')").await;
        }
        if page == "/upload" {
            browser.until("document.querySelector('.verdict .good') && [...document.images].every((it) => it.complete)").await;
        }
        browser.until(MARK).await;
        browser.until(READ).await;
        let opened = browser.until(OPENED).await;
        browser.until(WATCH).await;
        browser.until(WATCH_ROWS).await;
        let id = event.happen(&stack, &tokens, &mut browser).await;
        browser.until(&shown.replace("ID", &id)).await;
        browser.until(SETTLED).await;
        let shifts = browser.until("window.shifts").await;
        if shifts != json!([]) {
            moved.push(format!("{page}: {shifts}"));
        }
        assert_eq!(browser.until(OPENED).await, opened, "{page}: what is open to be read");
    }
    assert!(moved.is_empty(), "{}", moved.join("\n"));
    stack.down().await.unwrap();
}

/// Waits until the alarms have been evaluated, which puts an end to what is set: the next time is a minute away.
async fn evaluation(stack: &Stack) {
    let evaluated = || stack.observer.look(|seen| seen.alarms.evaluated());
    let before = evaluated();
    until(stack, "the next evaluation", async || evaluated() != before).await;
}

/// Where a page is, once what it is about is there and has ended.
async fn path(page: &str, stack: &Stack, tokens: &Tokens, browser: &mut Browser) -> String {
    if !page.contains("IMAGE") && !page.contains("TRACE") {
        return page.to_owned();
    }
    let id = Event::Photo.happen(stack, tokens, browser).await;
    until(stack, "the upload's mail", async || !stack.observer.mail(Some(&id)).is_empty()).await;
    let trace = stack.observer.trace_of_image(&id).unwrap().trace_id;
    page.replace("IMAGE", &id).replace("TRACE", &trace)
}
