//! Drills that are begun on their page: one that runs to its end, and one that is stopped while its alarm rings.

use chromium::Browser;
use cloudwatch_model::{State, Timestamp};
use local_stack::observe::Seen;
use local_stack::stack::{Options, Stack};
use serde_json::{Value, json};

use crate::stack::up_as;
use crate::steps::until;

/// A minute of alarms is a second.
const CLOCK_RATE: u32 = 60;
/// The quickest drill that rings, and its alarm.
const SHORT: (&str, &str) = ("poison", "dlq-not-empty");
/// A drill that waits a quarter of an hour between its two alarms, and them.
const LONG: (&str, [&str; 2]) = ("listing-denied", ["s3-metrics-failing", "s3-metrics-heartbeat"]);

const RUNS: &str = "document.querySelector('#drill .badge.busy')?.textContent === 'RUNNING'";
const STEPS: &str =
    "[...document.querySelectorAll('#drill .happened li > :last-child')].map((it) => it.textContent)";

#[tokio::test]
#[ignore = "needs Chromium"]
async fn a_drill_of_the_page_goes_from_fault_to_mail_to_green_and_one_that_is_stopped_leaves_nothing_behind()
{
    // Retries would take a minute of the day.
    let parameters = [("RetryBaseSeconds".to_owned(), "0".to_owned())].into();
    let stack = up_as(&Options { clock_rate: CLOCK_RATE, parameters, ..Options::default() }).await;
    let mut browser = Browser::open().await;
    to_its_end(&stack, &mut browser).await;
    stopped(&stack, &mut browser).await;
    assert_eq!(browser.errors(), [] as [String; 0]);
    stack.down().await.unwrap();
}

async fn to_its_end(stack: &Stack, browser: &mut Browser) {
    let (drill, alarm) = SHORT;
    begin(stack, browser, drill).await;
    // Its steps come while it runs, on the page that was opened before.
    browser.until(&format!("{RUNS} && {STEPS}.length > 3")).await;
    let end = "((it) => it?.closest('.drill').innerText)(document.querySelector('#drill .badge.good, #drill .badge.bad'))";
    let end = browser.until(end).await;
    assert!(end.as_str().unwrap().contains("It went as its file states."), "{end}");
    let steps = browser.until(STEPS).await;
    let mut steps_left = steps.as_array().unwrap().iter().map(|step| step.as_str().unwrap());
    for expected in [
        "waits until the stack is well",
        "makes the fault",
        "sends the traffic",
        &format!("{alarm} rings, "),
        "drops the dead letters",
        "waits until every alarm is OK",
        "looks for the mails",
    ] {
        assert!(steps_left.any(|step| step.starts_with(expected)), "{expected} in {steps}");
    }
    assert_eq!(browser.until("document.querySelector('#drill td')?.textContent").await, alarm);

    // The other pages say the same.
    browser.visit(&format!("{}/alarms/{alarm}", stack.info.console)).await;
    let changes = "[...document.querySelectorAll('[aria-label=\"Changes of its state\"] td:nth-child(2)')].map((it) => it.textContent)";
    let changes = browser.until(changes).await;
    assert_eq!((&changes[0], &changes[1]), (&json!("ALARM → OK"), &json!("OK → ALARM")));
    browser.visit(&format!("{}/mail", stack.info.console)).await;
    for state in ["ALARM", "OK"] {
        let subject = format!("{state}: \"{alarm}\" in ");
        browser
            .until(&format!(
                "[...document.querySelectorAll('.inbox .row-name')].some((it) => it.textContent.startsWith({}))",
                json!(subject)
            ))
            .await;
    }
    browser.visit(&format!("{}/messages", stack.info.console)).await;
    browser
        .until(
            "document.querySelector('#messages-by-cause .empty-title')?.textContent === 'No dead letters.'",
        )
        .await;
}

async fn stopped(stack: &Stack, browser: &mut Browser) {
    let ((drill, [alarm, next]), before) = (LONG, users(stack).await);
    let page = browser.tab();
    let alarms = browser.open_tab().await;
    browser.visit(&format!("{}/alarms", stack.info.console)).await;
    browser.turn_to(&page);
    begin(stack, browser, drill).await;
    browser.until(&format!("{STEPS}.some((step) => step.startsWith('{alarm} rings, '))")).await;
    browser.turn_to(&alarms);
    browser.until(&format!("document.querySelector('#alarm-{alarm} .badge.bad')")).await;
    assert!(users(stack).await > before, "the drill has a user of its own");

    browser.turn_to(&page);
    browser.click("#drill [hx-post='/drills/stop']").await;
    browser.until("document.querySelector('#drill .badge.idle')?.textContent === 'STOPPED'").await;
    let at = stack.observer.clock().now();
    assert_eq!(browser.evaluate(RUNS).await.unwrap(), false);

    // Nobody is left before the drill itself would have seen to that, buckets are listed again, and the alarm ends.
    until(stack, "the end of the drill's user", async || users(stack).await == before).await;
    let rang = |alarm: &str| {
        stack.observer.look(|seen| seen.alarms.history().any(|it| it.alarm == alarm && it.to == State::Alarm))
    };
    assert!(rang(alarm) && !rang(next), "it ended by itself");
    until(stack, "a whole scan after the stop", async || stack.observer.look(scanned) > Some(at)).await;
    browser.turn_to(&alarms);
    browser.until(&format!("document.querySelector('#alarm-{alarm} .badge.good')")).await;
    browser.until("document.querySelector('#alarms .found').textContent.startsWith('None of')").await;
    assert_eq!(stack.observer.look(|seen| seen.alarms.state(alarm)), Some(State::Ok));
}

async fn begin(stack: &Stack, browser: &mut Browser, drill: &str) {
    browser.visit(&format!("{}/drills", stack.info.console)).await;
    browser.click(&format!("[hx-post='/drills/begin?name={drill}']")).await;
    browser
        .until(&format!("{RUNS} && document.querySelector('#drill h2').textContent === 'Drill {drill}'"))
        .await;
}

/// When a bucket was last measured, by the metrics' clock.
fn scanned(seen: &Seen) -> Option<Timestamp> {
    let sizes = seen.metrics.metrics().filter(|metric| metric.name() == "BucketSizeBytes");
    sizes.filter_map(|metric| Some(seen.metrics.span(metric)?.1)).max()
}

/// How many users the pool has.
async fn users(stack: &Stack) -> usize {
    let pool = json!({"UserPoolId": stack.info.output("UserPoolId").unwrap()});
    let target = "AWSCognitoIdentityProviderService.ListUsers";
    let answer = stack.info.aws().json("cognito-idp", target, pool).await.unwrap();
    answer.get("Users").and_then(Value::as_array).map_or(0, Vec::len)
}
