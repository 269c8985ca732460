//! Updates: how long after something happened a page that is open shows it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chromium::Browser;
use local_stack::flow::{TraceHeaders, put, request_url};
use local_stack::observe::mail::Mail;
use local_stack::stack::{Stack, StackInfo};
use local_stack::user::sign_in;
use serde_json::json;
use tokio::time::sleep;

use crate::figures::{Promises, middle, whole};
use crate::stack::root;

const TIMES: usize = 11;
/// What people wait at most for a page to show what happened, in milliseconds.
const UPDATE: u128 = 1_000;
/// Between two looks for a notification.
const GLANCE: Duration = Duration::from_millis(50);

/// From a result in the table to the tile that is DONE.
pub(crate) async fn of_images(stack: &Stack, browser: &mut Browser, promises: &mut Promises) {
    let tokens = sign_in(&stack.info, &stack.info.user).await.unwrap();
    let photo = std::fs::read(root().join("ops/local/photos/raccoon.jpg")).unwrap();
    browser.visit(&format!("{}/images", stack.info.console)).await;
    let mut behind = Vec::new();
    for _ in 0..TIMES {
        let issued = request_url(&stack.info, &tokens, &TraceHeaders::default()).await.unwrap();
        put(&issued, photo.clone(), &TraceHeaders::default()).await.unwrap();
        let id = issued.image_id;
        // The page looks at itself every 50 ms.
        let shown = browser
            .until(&format!("document.querySelector('.tile[href*=\"{id}\"] .good') && Date.now()"))
            .await;
        behind.push(whole(&shown).saturating_sub(decided(&stack.info, &id).await));
        // Its notification is no part of the next measurement.
        while stack.observer.mail(Some(&id)).is_empty() {
            sleep(GLANCE).await;
        }
    }
    hold("an image that is DONE is shown as such", &mut behind, promises);
}

/// From a notification to Home's picture that counts it.
pub(crate) async fn of_home(stack: &Stack, browser: &mut Browser, promises: &mut Promises) {
    let mut behind = Vec::new();
    for number in 0..TIMES {
        browser.visit(&stack.info.console).await;
        browser.until(WATCH).await;
        let mail = Mail { message_id: format!("update-{number}"), ..Mail::default() };
        let sent = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
        stack.observer.put(|seen| seen.mail.put(mail));
        behind.push(whole(&browser.until("window.updatedAt").await).saturating_sub(sent));
    }
    hold("Home counts a notification", &mut behind, promises);
}

/// Notes when the picture shows another number of notifications.
const WATCH: &str = "(window.watching ||= (() => { \
    const sent = () => document.querySelector('#wide-topic .hop-figure').textContent, before = sent(); \
    new MutationObserver(() => { if (sent() !== before) window.updatedAt ||= Date.now(); }) \
      .observe(document.body, { subtree: true, childList: true, characterData: true }); \
    return true; })())";

/// Prints the median, and holds the longest.
fn hold(what: &str, behind: &mut [u128], promises: &mut Promises) {
    println!("{what} after {} ms in the median", middle(behind));
    promises.hold(&format!("{what}, at most"), behind[behind.len() - 1], UPDATE);
}

/// When an image's result was recorded, in milliseconds since 1970.
async fn decided(stack: &StackInfo, id: &str) -> u128 {
    let key = json!({"TableName": stack.output("MetadataTableName").unwrap(), "Key": {"imageId": {"S": id}}});
    let answer = stack.aws().json("dynamodb", "DynamoDB_20120810.GetItem", key).await.unwrap();
    let at = answer["Item"]["processedAt"]["S"].as_str().and_then(contract::time::unix_millis);
    u128::try_from(at.unwrap()).unwrap()
}
