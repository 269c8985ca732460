//! A stack with its console, as `ops up` makes it.

use std::path::PathBuf;

use local_stack::stack::{Options, Stack, StateError, UpError};

/// Stacks of this kind that may run at the same time.
const SIDE_BY_SIDE: u32 = 8;

/// The repository.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// A stack under the first name that no other process uses.
pub(crate) async fn up() -> Stack {
    up_as(&Options::default()).await
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
