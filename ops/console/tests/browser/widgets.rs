//! How widgets of text, alarms and log lines fill their boxes on the repository's dashboards, on a stack that has a few of each.

use aws_client::http::Http;
use chromium::Browser;
use cloudwatch_model::dashboard::Content;
use http::{Method, StatusCode};
use local_stack::observe::insights;
use local_stack::stack::{Options, Stack};
use local_stack::user::{Tokens, sign_in};
use serde::Deserialize;
use serde_json::json;

use crate::pages::open;
use crate::stack::{root, up_as};
use crate::steps::{send, until};

const UPLOADS: usize = 7;
/// What the widget of the slowest attempts is made of.
const ATTEMPTS: &str =
    "SOURCE '/aws/lambda/image-processor-lambda' | fields image_id | filter ispresent(ProcessingLatency)";

/// Of each widget: the height of its content, the height of the room that title and margins leave for it, and how far the content
/// reaches out of the frame, to the right or below.
const BOXES: &str = "[...document.querySelectorAll('#drawing g[clip-path]')].map((it) => { \
    const [panel, ...drawn] = [...it.children].map((part) => part.getBBox()); \
    const title = it.children[1].getAttribute('font-size') === '13' && it.children[1].getAttribute('font-weight') === 'bold'; \
    const content = title ? drawn.slice(1) : drawn; \
    const top = title ? drawn[0].y + drawn[0].height : panel.y + 8; \
    const [right, bottom] = [Math.max(...drawn.map((it) => it.x + it.width)), Math.max(...content.map((it) => it.y + it.height))]; \
    return { content: bottom - top, room: panel.y + panel.height - 8 - top, \
      out: Math.max(right - panel.x - panel.width, bottom - panel.y - panel.height) }; })";

/// How a widget fills its box, in pixels.
#[derive(Debug, Deserialize)]
struct Filled {
    content: f64,
    room: f64,
    out: f64,
}

#[tokio::test]
#[ignore = "needs Chromium"]
async fn no_widget_of_text_alarms_or_lines_is_half_empty_or_reaches_out_of_its_frame() {
    let parameters = [("StatusApi".to_owned(), "enabled".to_owned())].into();
    let stack = up_as(&Options { parameters, ..Options::default() }).await;
    let tokens = sign_in(&stack.info, &stack.info.user).await.unwrap();
    let photo = std::fs::read(root().join("ops/local/photos/raccoon.jpg")).unwrap();
    for _ in 0..UPLOADS {
        send(&stack.info, &tokens, photo.clone()).await;
    }
    send(&stack.info, &tokens, b"no photo".to_vec()).await;
    refused_by_the_api(&stack, &tokens).await;
    until(&stack, "a line of each attempt", async || {
        stack.observer.look(|seen| insights::answer(&seen.logs, ATTEMPTS).unwrap().rows.len()) >= UPLOADS
    })
    .await;

    let mut browser = Browser::open().await;
    let dashboards = stack.observer.look(|seen| seen.dashboards.clone());
    assert_eq!(dashboards.len(), 4);
    let mut wrong = Vec::new();
    for (name, deployed) in dashboards {
        open(&mut browser, &format!("{}/dashboards/{name}", stack.info.console)).await;
        browser.until("!document.getElementById('drawing').textContent.includes('No lines')").await;
        let boxes: Vec<Filled> = serde_json::from_value(browser.until(BOXES).await).unwrap();
        assert_eq!(boxes.len(), deployed.dashboard.widgets.len());
        for (widget, filled) in deployed.dashboard.widgets.iter().zip(boxes) {
            let is_metric = matches!(widget.content, Content::Metrics(_));
            if !is_metric && (filled.content * 2.0 < filled.room || filled.out > 0.0) {
                wrong.push(format!("{name}, at row {}: {filled:?}", widget.y));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    stack.down().await.unwrap();
}

/// A URL for a file that is no picture, and the status of an image that nobody has.
async fn refused_by_the_api(stack: &Stack, tokens: &Tokens) {
    let bearer = format!("Bearer {}", tokens.id_token);
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let output = |name| stack.info.output(name).unwrap();
    let url = output("GenerateUploadUrlEndpoint");
    let body = json!({"content_type": "text/plain"}).to_string();
    let answer = Http::new().send(Method::POST, url, &headers, body).await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let url = format!("{}/images/none", output("ApiUrl"));
    let answer = Http::new().send(Method::GET, &url, &headers, String::new()).await.unwrap();
    assert!(answer.status().is_client_error(), "{}", answer.status());
}
