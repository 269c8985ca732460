//! What whoever watches a stack is promised: the story takes less than two minutes; with 10,000 images in the table pages are painted
//! in 300 ms, and show what happened within a second. Prints what it measured, and fails where a promise is not kept:
//! `cargo bench --workspace --bench console --profile dev`, which is what `cargo run` builds. Needs Chromium.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a benchmark prints what it measured, and whatever fails ends it"
)]

mod figures;
mod paints;
mod planted;
#[path = "../../tests/browser/scenes.rs"]
mod scenes;
#[path = "../../tests/browser/sign_up.rs"]
mod sign_up;
#[path = "../../tests/browser/stack.rs"]
mod stack;
mod updates;

use chromium::Browser;
use figures::Promises;

/// The longest that the story takes, in milliseconds.
const STORY: u128 = 120_000;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut promises = Promises::default();
    story(&mut promises).await;
    let stack = stack::up().await;
    planted::plant(&stack.info).await;
    let mut browser = Browser::open().await;
    paints::of_new_consoles(&stack, &mut browser).await;
    paints::of_pages(&stack.info.console, &mut browser, &mut promises).await;
    updates::of_images(&stack, &mut browser, &mut promises).await;
    updates::of_home(&stack, &mut browser, &mut promises).await;
    stack.down().await.unwrap();
    promises.end();
}

/// The story on a stack of its own: it goes by another clock, and begins where nothing has happened.
async fn story(promises: &mut Promises) {
    let stack = stack::up().await;
    let mut browser = Browser::open().await;
    let took = scenes::play(&stack, &mut browser, async |_, _, _| {}).await;
    promises.hold("the story", took.as_millis(), STORY);
    stack.down().await.unwrap();
}
