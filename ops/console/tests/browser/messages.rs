//! Dead letters of a real stack on the Messages page: what they are, and how they leave.

use std::collections::BTreeMap;
use std::fs;

use aws_client::Aws;
use aws_client::http::Http;
use chromium::Browser;
use http::{Method, StatusCode};
use local_stack::faults::{InjectedFault, Rule};
use local_stack::stack::{Options, Stack};
use local_stack::user::sign_in;
use pipeline_client::evidence::read_item;
use pipeline_client::queue::Queue;
use serde_json::{Value, json};

use crate::stack::{root, up_as};
use crate::steps::{send, until};

const UPLOADS: usize = 3;
const POISON: &str = "poison, and no notification";

/// Each cause, and how many messages it has.
const CAUSES: &str = "((groups) => groups.length && groups)([...document.querySelectorAll('.group-of')].map((it) => \
                      `${it.querySelector('h3').textContent} ${it.querySelector('.badge').textContent}`))";
/// The ids of the messages that are listed.
const LISTED: &str = "[...document.querySelectorAll('#messages-by-cause details[id^=message-]')].map((it) => it.id.slice('message-'.length))";
/// Of the opened message: the image that it links to, whether it links to a trace, and all its text.
const OPENED: &str = "((it) => it?.open && [it.querySelector('a[href^=\"/images/\"]')?.textContent, \
                      !!it.querySelector('a[href^=\"/traces/\"]'), it.innerText])";
/// Notes each state of a move that the page shows.
const WATCH: &str = "(window.moves = [], new MutationObserver(() => { \
    const state = document.querySelector('#move [role=status] p')?.textContent; \
    if (state && state !== window.moves.at(-1)) window.moves.push(state); \
  }).observe(document.getElementById('move'), { subtree: true, childList: true, characterData: true }), true)";

#[tokio::test]
#[ignore = "needs Chromium"]
async fn dead_letters_are_read_whole_by_cause_and_leave_the_queue_only_after_a_dry_run_that_changes_nothing()
{
    let stack = up_as(&hasty()).await;
    let mut browser = Browser::open().await;
    let queues = Queues::of(&stack);
    let images = given_up(&stack, &queues).await;

    browser.visit(&format!("{}/messages", stack.info.console)).await;
    read_them(&mut browser, &images).await;
    let ids = browser.until(LISTED).await;
    without_proof_nothing_moves(&stack, &mut browser).await;

    // A dry run says what would happen, and nothing did.
    let plan = dry_run(&mut browser, "redrive", "unfinished").await;
    assert!(
        plan.contains("3 messages would go to") && plan.contains("Nothing was changed so far."),
        "{plan}"
    );
    browser
        .until("(document.querySelectorAll('.group-of').forEach((it) => { it.dataset.before = '1'; }), true)")
        .await;
    browser.click("[hx-post='/messages/look']").await;
    browser.until("document.querySelector('.group-of:not([data-before])')").await;
    assert_eq!(sorted(&browser.until(LISTED).await), sorted(&ids));
    assert_eq!(queues.hold().await, [0, UPLOADS + 1]);
    for image in &images {
        assert!(!read_item(&stack.info, image).await.unwrap().unwrap().has_ended(), "{image}");
    }
    assert_eq!(lines("ops-dlq-audit.jsonl", &ids), [] as [Value; 0]);

    // Then it happens, as far as the page says, and the images are done.
    assert_eq!(moved(&mut browser).await, ["0 of 3 redriven…", "3 of 3 redriven."]);
    // What has left is listed no longer, without a visit.
    browser.until("!document.querySelector('.group-of') && document.querySelector('#unread button')").await;
    until(&stack, "the end of the redrive", async || queues.hold().await == [0, 1]).await;
    browser.visit(&format!("{}/images?status=DONE", stack.info.console)).await;
    browser.until(&format!("document.querySelectorAll('.tile').length === {UPLOADS}")).await;
    let redriven = lines("ops-dlq-audit.jsonl", &ids);
    assert!(redriven.len() == UPLOADS && redriven.iter().all(|it| it["action"] == "redrive"), "{redriven:?}");

    // What nothing can process is dropped in the same two steps, and kept in a file.
    browser.visit(&format!("{}/messages", stack.info.console)).await;
    browser.click("[hx-post='/messages/look']").await;
    assert_eq!(browser.until(CAUSES).await, json!(["malformed 1"]));
    let plan = dry_run(&mut browser, "drop", "malformed").await;
    assert!(plan.contains("1 message would be written to") && plan.contains("Nothing was changed"), "{plan}");
    assert_eq!(queues.hold().await, [0, 1]);
    assert_eq!(lines("ops-dlq-evidence.jsonl", &ids), [] as [Value; 0]);
    assert_eq!(moved(&mut browser).await, ["0 of 1 dropped…", "1 of 1 dropped."]);
    assert_eq!(queues.hold().await, [0, 0]);
    let kept = lines("ops-dlq-evidence.jsonl", &ids);
    assert!(kept.len() == 1 && kept[0]["message"]["Body"] == POISON, "{kept:?}");
    browser
        .until(
            "document.querySelector('#messages-by-cause .empty-title')?.textContent === 'No dead letters.'",
        )
        .await;
    let errors = browser.errors();
    assert!(errors.len() == 2 && errors.iter().all(|it| it.contains("403")), "the refused ones: {errors:?}");
    stack.down().await.unwrap();
}

/// A stack that gives a message up after two receives, one right after the other.
fn hasty() -> Options {
    let parameters = [("RetryBaseSeconds", "0"), ("MaxReceiveCount", "2")];
    let parameters: BTreeMap<_, _> =
        parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    Options { parameters, ..Options::default() }
}

struct Queues {
    aws: Aws,
    waiting: String,
    dead: String,
}

impl Queues {
    fn of(stack: &Stack) -> Self {
        let output = |name| stack.info.output(name).unwrap().to_owned();
        Self { aws: stack.info.aws(), waiting: output("QueueUrl"), dead: output("DeadLetterQueueUrl") }
    }

    /// How many messages the queue and the dead-letter queue hold.
    async fn hold(&self) -> [usize; 2] {
        let mut counts = [0; 2];
        for (count, url) in counts.iter_mut().zip([&self.waiting, &self.dead]) {
            let attributes = Queue { aws: &self.aws, url }.attributes().await.unwrap();
            *count = usize::try_from(attributes.messages).unwrap();
        }
        counts
    }
}

/// Uploads that the processor gives up, since their thumbnails cannot be stored, and a message that it cannot read; the
/// bucket is mended then. Answers the images.
async fn given_up(stack: &Stack, queues: &Queues) -> Vec<String> {
    let refused = InjectedFault::Refuse { status: StatusCode::FORBIDDEN, code: "AccessDenied".into() };
    let rule = Rule::next("s3", "PutObject", "processed/", refused);
    let strike = stack.faults.strike(Rule { times: usize::MAX, ..rule });
    let tokens = sign_in(&stack.info, &stack.info.user).await.unwrap();
    let photo = fs::read(root().join("ops/local/photos/raccoon.jpg")).unwrap();
    let mut images = Vec::new();
    for _ in 0..UPLOADS {
        images.push(send(&stack.info, &tokens, photo.clone()).await);
    }
    let queue = Queue { aws: &queues.aws, url: &queues.waiting };
    queue.send_new(POISON, json!({})).await.unwrap();
    until(stack, "the dead letters", async || queues.hold().await == [0, UPLOADS + 1]).await;
    drop(strike);
    images
}

/// Reads the dead letters, and opens one of each cause.
async fn read_them(browser: &mut Browser, images: &[String]) {
    browser.click("[hx-post='/messages/look']").await;
    assert_eq!(browser.until(CAUSES).await, json!(["malformed 1", "unfinished 3"]));
    let message = |group: usize| format!(".group-of:nth-of-type({group}) details[id^=message-]");
    for group in [1, 2] {
        browser.click(&format!("{} > summary", message(group))).await;
        browser.click(&format!("{} details > summary", message(group))).await;
    }
    let opened = async |browser: &mut Browser, group| {
        browser.until(&format!("{OPENED}(document.querySelector('{}'))", message(group))).await
    };
    let poison = opened(browser, 1).await;
    assert!(poison[2].as_str().unwrap().contains(POISON), "{poison}");
    let upload = opened(browser, 2).await;
    let image = upload[0].as_str().unwrap();
    assert!(images.iter().any(|it| it == image) && upload[1] == true, "{upload}");
    let text = upload[2].as_str().unwrap();
    let whole = ["ObjectCreated:Put", "user-uploads/", &format!("/{image}.jpg"), "ApproximateReceiveCount"];
    assert!(whole.iter().all(|part| text.contains(part)), "{text}");
}

/// Neither a request without the page's token nor one of a page elsewhere, even with it, moves anything.
async fn without_proof_nothing_moves(stack: &Stack, browser: &mut Browser) {
    let path = "/messages/move?way=drop&cause=malformed&planned=1";
    let ask = |headers: &str| {
        format!("fetch('{path}', {{method: 'POST', headers: {headers}}}).then((it) => it.status)")
    };
    for headers in ["{}", "{'x-console-token': 'guess'}"] {
        assert_eq!(browser.evaluate(&ask(headers)).await.unwrap(), 403, "{headers}");
    }
    let token = "JSON.parse(document.body.getAttribute('hx-headers'))['x-console-token']";
    let token = browser.until(token).await;
    let elsewhere = [("x-console-token", token.as_str().unwrap()), ("origin", "http://127.0.0.1:1")];
    let url = format!("{}{path}", stack.info.console);
    let answer = Http::new().send(Method::POST, &url, &elsewhere, "").await.unwrap();
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    assert_eq!(Queues::of(stack).hold().await, [0, UPLOADS + 1]);
}

/// What the page says would be done.
async fn dry_run(browser: &mut Browser, way: &str, cause: &str) -> String {
    browser.click(&format!("[hx-post='/messages/plan?way={way}&cause={cause}']")).await;
    let shown = format!(
        "((move) => move.querySelector('h2')?.textContent === 'Dry run' && move.querySelector('.note').textContent === '{cause}' \
         && move.querySelector('.inset').textContent)(document.getElementById('move'))"
    );
    browser.until(&shown).await.as_str().unwrap().to_owned()
}

/// Does what the dry run said; answers the first state that the page shows of it, and the last.
async fn moved(browser: &mut Browser) -> [String; 2] {
    browser.until(WATCH).await;
    browser.click("#move [hx-post^='/messages/move?']").await;
    let states = browser.until("window.moves.at(-1)?.endsWith('.') && window.moves").await;
    let bar =
        browser.evaluate("(({value, max}) => value === max)(document.querySelector('#move progress'))").await;
    assert_eq!(bar.unwrap(), true, "the bar is full");
    let states = states.as_array().unwrap();
    [states.first(), states.last()].map(|state| state.unwrap().as_str().unwrap().to_owned())
}

fn sorted(ids: &Value) -> Vec<&str> {
    let mut ids: Vec<&str> = ids.as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
    ids.sort_unstable();
    ids
}

/// The lines of a file of the repository that are about these messages.
fn lines(file: &str, ids: &Value) -> Vec<Value> {
    let text = fs::read_to_string(root().join(file)).unwrap_or_default();
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let id = |line: &Value| match &line["message"]["MessageId"] {
        Value::Null => line["message_id"].clone(),
        id => id.clone(),
    };
    lines.filter(|line| ids.as_array().unwrap().contains(&id(line))).collect()
}
