//! The trigger of a function, in OpenTelemetry's `faas` conventions.

/// The name and trigger of a function's invocations.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The name of the span around each invocation.
    pub span: &'static str,
    /// What invokes the function.
    pub trigger: Trigger,
}

/// What invokes a function, as OpenTelemetry's `faas.trigger` spells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// A request that waits for the answer.
    Http,
    /// Messages of a queue.
    PubSub,
    /// A schedule.
    Timer,
}

impl Trigger {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::PubSub => "pubsub",
            Self::Timer => "timer",
        }
    }

    pub(super) const fn span_kind(self) -> &'static str {
        match self {
            Self::Http => "server",
            Self::PubSub => "consumer",
            Self::Timer => "internal",
        }
    }
}
