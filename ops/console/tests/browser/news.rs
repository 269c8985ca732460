//! News reach a page that is open.

use chromium::Browser;
use local_stack::observe::mail::Mail;

use crate::stack::up;

#[tokio::test]
#[ignore = "needs Chromium"]
async fn home_counts_each_notification_while_it_is_open() {
    let stack = up().await;
    let mut browser = Browser::open().await;
    browser.visit(&stack.info.console).await;
    let shown = |sent: usize| {
        format!("document.querySelector('#wide-topic .hop-figure')?.textContent === '{sent} sent'")
    };
    browser.until(&shown(0)).await;
    for sent in 1..=3 {
        let mail = Mail { message_id: format!("news-{sent}"), ..Mail::default() };
        stack.observer.put(|seen| seen.mail.put(mail));
        browser.until(&shown(sent)).await;
    }
    assert_eq!(browser.errors(), [] as [String; 0]);
    stack.down().await.unwrap();
}
