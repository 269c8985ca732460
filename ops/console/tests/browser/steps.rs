//! What a test does and waits for on a stack without a page.

use std::time::Duration;

use local_stack::flow::{TraceHeaders, put, request_url};
use local_stack::stack::{Stack, StackInfo};
use local_stack::user::Tokens;
use tokio::time::timeout;

/// Longest wait for anything; a machine whose processors are busy with something else needs part of it.
const PATIENCE: Duration = Duration::from_mins(2);
/// How often a condition is looked at when the observer has no news.
const GLANCE: Duration = Duration::from_millis(500);

/// Waits until a condition holds, looking again whenever something was seen of the stack.
pub(crate) async fn until(stack: &Stack, what: &str, condition: impl AsyncFn() -> bool) {
    let met = async {
        let mut seen = 0;
        while !condition().await {
            seen = stack.observer.revision_after(seen, GLANCE).await;
        }
    };
    timeout(PATIENCE, met).await.unwrap_or_else(|_| panic!("{what} did not come"));
}

/// Uploads a file that no page sends; answers the image's id.
pub(crate) async fn send(info: &StackInfo, tokens: &Tokens, content: Vec<u8>) -> String {
    let issued = request_url(info, tokens, &TraceHeaders::default()).await.unwrap();
    put(&issued, content, &TraceHeaders::default()).await.unwrap();
    issued.image_id
}
