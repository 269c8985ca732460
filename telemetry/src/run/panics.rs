//! The panic hook, which logs a panic as one JSON line without secrets, and the catching of panics.

use std::{
    any::Any,
    future::{Future, poll_fn},
    panic::{self, AssertUnwindSafe, PanicHookInfo, catch_unwind},
    pin::pin,
    task::Poll,
};

use crate::logs::redact::redact;

/// Replaces the default hook, which prints the unredacted panic to stderr. The hook only logs the message and the
/// place of the panic; its catcher decides what follows.
pub(crate) fn log_panics() {
    panic::set_hook(Box::new(log_panic));
}

fn log_panic(panic: &PanicHookInfo<'_>) {
    let location = panic.location().map(ToString::to_string);
    let thread = std::thread::current();
    tracing::error!(
        panic.message = message(panic.payload()),
        panic.location = location,
        thread = thread.name(),
        "Panicked"
    );
}

/// Runs `work`; returns the message of its panic as an error.
pub(crate) async fn caught<T, Fut: Future<Output = T>>(work: impl FnOnce() -> Fut) -> Result<T, String> {
    let mut work = pin!(catch_unwind(AssertUnwindSafe(work)).map_err(|panic| message(&*panic))?);
    poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))) {
        Ok(Poll::Ready(result)) => Poll::Ready(Ok(result)),
        Ok(Poll::Pending) => Poll::Pending,
        Err(panic) => Poll::Ready(Err(message(&*panic))),
    })
    .await
}

/// The message of a panic, redacted.
pub(crate) fn message(panic: &(dyn Any + Send)) -> String {
    let text =
        panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    redact(text.unwrap_or("a panic without a message")).into_owned()
}
