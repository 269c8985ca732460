//! Reports an invocation that is about to time out, before Lambda kills the process.

use std::{
    future::Future,
    pin::Pin,
    time::{Duration, SystemTime},
};

use opentelemetry::trace::{Status, TraceContextExt};
use tracing::Span;

use crate::init::Telemetry;

/// How long before the deadline the report begins: the time of a flush and of what the flush leaves.
const MARGIN: Duration = Duration::from_millis(200);
/// The status description of spans that are ended early.
const OUT_OF_TIME: &str = "ended early, because the invocation was running out of time";

/// The time from `now` to the report in an invocation that ends by `deadline`; half of it where little is left.
fn time_to_warning(deadline: SystemTime, now: SystemTime) -> Duration {
    let left = deadline.duration_since(now).unwrap_or_default();
    left.saturating_sub(MARGIN).max(left / 2)
}

impl Telemetry {
    /// Waits for `work` inside `span`, which must end by `deadline`; reports a timeout shortly before it.
    pub(super) async fn watch_deadline<F: Future>(
        &self,
        mut work: Pin<&mut F>,
        span: &Span,
        deadline: SystemTime,
    ) -> F::Output {
        let warning = async {
            // Setting a timer takes longer than making a span. A handler that never waits has answered by then.
            tokio::task::yield_now().await;
            tokio::time::sleep(time_to_warning(deadline, SystemTime::now())).await;
        };
        tokio::select! {
            biased;
            output = &mut work => output,
            () = warning => {
                // Boxed, because it is rare and the future of every invocation would have room for it.
                let report = Box::pin(self.report_timeout(span, deadline));
                tokio::join!(work, report).0
            }
        }
    }

    /// Emits the metrics of an invocation that will probably time out, and ends its open spans as failed, with
    /// the attributes that they have by now.
    ///
    /// A span can be exported only once. If the invocation ends in time after all, its spans keep this end.
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
        self.flush(deadline).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::flush::deadline;

    #[test]
    fn a_timeout_is_reported_200_ms_before_the_deadline_or_half_way_of_a_short_invocation() {
        let now = deadline(1_000_000);
        let warning_of = |left_ms: u64| time_to_warning(deadline(1_000_000 + left_ms), now);

        assert_eq!(warning_of(30_000), Duration::from_millis(29_800));
        assert_eq!(warning_of(300), Duration::from_millis(150));
        assert_eq!(time_to_warning(deadline(0), now), Duration::ZERO);
    }
}
