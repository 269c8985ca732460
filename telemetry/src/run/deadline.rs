//! An invocation that is about to run out of time is told before Lambda kills the process.

use std::{
    future::Future,
    pin::Pin,
    time::{Duration, SystemTime},
};

use opentelemetry::trace::{Status, TraceContextExt};
use tracing::Span;

use crate::{init::Telemetry, run::flush::bound};

/// How long before the deadline the guard acts: what a flush may take, and what it leaves.
const MARGIN: Duration = Duration::from_millis(200);
/// The reason that spans cut short carry.
const OUT_OF_TIME: &str = "told before its end, because the invocation was running out of time";

/// When to act in an invocation that ends by `deadline`; one with little time from the start is given half.
fn time_to_warning(deadline: SystemTime, now: SystemTime) -> Duration {
    let left = deadline.duration_since(now).unwrap_or_default();
    left.saturating_sub(MARGIN).max(left / 2)
}

impl Telemetry {
    /// Waits for `work` inside `span`, which ought to end by `deadline`; when it probably will not, tells what
    /// there is to tell.
    pub(super) async fn watch_deadline<F: Future>(
        &self,
        mut work: Pin<&mut F>,
        span: &Span,
        deadline: SystemTime,
    ) -> F::Output {
        let warning = async {
            // To set a timer takes longer than to make a span. The answer of a handler that never waits is on its
            // way by then.
            tokio::task::yield_now().await;
            tokio::time::sleep(time_to_warning(deadline, SystemTime::now())).await;
        };
        tokio::select! {
            biased;
            output = &mut work => output,
            () = warning => {
                // In a box of its own, because it is rare and every invocation would carry room for it.
                let report = Box::pin(self.report_timeout(span, deadline));
                tokio::join!(work, report).0
            }
        }
    }

    /// Tells what can be told of an invocation that will probably not end: its metrics, and its open spans
    /// with what they hold by now, marked as failed.
    ///
    /// A span can be told only once. Should the invocation end in time after all, its spans keep this end.
    async fn report_timeout(&self, span: &Span, deadline: SystemTime) {
        let left = deadline.duration_since(SystemTime::now()).unwrap_or_default();
        span.in_scope(|| {
            let left_ms = u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
            tracing::warn!(left_ms, "The invocation is running out of time");
            self.emit_invocation_metrics(Some(self.inner.started.elapsed()));
        });
        self.inner.writer.flush();
        for id in self.inner.open_spans.ids() {
            if let Some(context) = tracing_opentelemetry::get_otel_context(&id, &self.inner.dispatch) {
                context.span().set_status(Status::error(OUT_OF_TIME));
                context.span().end();
            }
        }
        self.flush(bound(deadline, SystemTime::now())).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::flush::deadline;

    #[test]
    fn the_guard_acts_200_ms_before_the_deadline_or_half_way_of_a_short_invocation() {
        let now = deadline(1_000_000);
        let warning_of = |left_ms: u64| time_to_warning(deadline(1_000_000 + left_ms), now);

        assert_eq!(warning_of(30_000), Duration::from_millis(29_800));
        assert_eq!(warning_of(300), Duration::from_millis(150));
        assert_eq!(time_to_warning(deadline(0), now), Duration::ZERO);
    }
}
