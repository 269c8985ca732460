//! A stack with its console, as `ops up` makes it.

use std::path::PathBuf;
use std::time::Duration;

use local_stack::flow::{TraceHeaders, put, request_url};
use local_stack::stack::{Options, Stack, StackInfo, StateError, UpError};
use local_stack::user::Tokens;
use tokio::time::timeout;

/// Stacks of this kind that may run at the same time.
const SIDE_BY_SIDE: u32 = 8;
/// Longest wait for anything; a machine whose processors are busy with something else needs part of it.
const PATIENCE: Duration = Duration::from_mins(2);
/// How often a condition is looked at when the observer has no news.
const GLANCE: Duration = Duration::from_millis(500);

/// The repository.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// A stack under the first name that no other process uses.
pub(crate) async fn up() -> Stack {
    up_as(&Options::default()).await
}

/// The same, whose clock of metrics and alarms goes `clock_rate` times as fast as the day.
pub(crate) async fn up_with(clock_rate: u32) -> Stack {
    up_as(&Options { clock_rate, ..Options::default() }).await
}

/// The same, with a clock and parameters of the test's own.
pub(crate) async fn up_as(wanted: &Options) -> Stack {
    for number in 1..=SIDE_BY_SIDE {
        let options = Options {
            name: format!("console-{number}"),
            engine_port: 0,
            console_port: 0,
            root: root(),
            cargo: env!("CARGO").into(),
            pages: pipeline_console::pages,
            ..wanted.clone()
        };
        match Stack::up(options, &()).await {
            Err(UpError::State(StateError::Running(_))) => {}
            stack => return stack.unwrap_or_else(|error| panic!("{error}: {error:?}")),
        }
    }
    panic!("{SIDE_BY_SIDE} stacks of this kind are running already");
}

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
