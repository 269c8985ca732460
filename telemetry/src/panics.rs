//! Panics are told like everything else: one JSON line, without secrets.

use std::panic::{self, PanicHookInfo};

use crate::run::message;

/// Replaces the hook that prints a panic as it is to stderr. Whoever catches the panic decides what becomes of
/// it; this only tells that there was one, and where.
pub(crate) fn tell_panics() {
    panic::set_hook(Box::new(tell));
}

fn tell(panic: &PanicHookInfo<'_>) {
    let location = panic.location().map(ToString::to_string);
    let thread = std::thread::current();
    tracing::error!(
        panic.message = message(panic.payload()),
        panic.location = location,
        thread = thread.name(),
        "Panicked"
    );
}
