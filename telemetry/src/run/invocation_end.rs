//! The end of an invocation and the shutdown of the environment, with the metrics that each emits once.

use std::time::{Duration, Instant};

use opentelemetry::trace::Status;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::{
    init::Telemetry,
    metrics::{Counter, Emf, Event, Size, Timer},
};

/// The longest that the end of the environment waits for a collector; Lambda kills the process after 500 ms.
const LAST_FLUSH: Duration = Duration::from_millis(300);

/// Emits the metrics of an invocation when it is dropped; a drop before [`InvocationEnd::answered`] marks the span as
/// failed.
pub(super) struct InvocationEnd {
    telemetry: Telemetry,
    span: Span,
    init_duration: Duration,
    answered: bool,
}

impl InvocationEnd {
    pub(super) fn new(telemetry: Telemetry, span: Span, init_duration: Duration) -> Self {
        Self { telemetry, span, init_duration, answered: false }
    }

    /// The span of the invocation.
    pub(super) const fn span(&self) -> &Span {
        &self.span
    }

    /// Lambda has accepted the response or the error.
    pub(super) fn answered(mut self) {
        self.answered = true;
    }
}

impl Drop for InvocationEnd {
    fn drop(&mut self) {
        if !self.answered {
            self.span.set_status(Status::error("the environment ended during the invocation"));
        }
        self.span.in_scope(|| self.telemetry.emit_invocation_metrics(Some(self.init_duration)));
        self.telemetry.inner.writer.flush();
    }
}

impl Telemetry {
    /// Emits what was measured since the last call; the cold start only once.
    pub(super) fn emit_invocation_metrics(&self, init_duration: Option<Duration>) {
        // Rendering may lose values, which these metrics must count.
        self.inner.writer.render_deferred();
        let ended = InvocationMetrics {
            cold: init_duration.filter(|_| self.take_cold()),
            peak_memory: self.inner.peak_memory.bytes(),
            lost: self.inner.writer.take_lost(),
            reason: self.inner.writer.take_reason(),
        };
        self.inner.writer.batch(|| {
            self.flush_metrics();
            self.emit(&ended);
        });
    }

    /// Flushes what is left before the environment ends.
    pub(super) async fn shut_down(&self) {
        self.flush_until(Instant::now() + LAST_FLUSH).await;
        let left = self.inner.buffer.take(usize::MAX).len() as u64;
        self.inner.writer.count_lost(left + self.inner.buffer.take_dropped());
        tracing::info!("The environment ends");
        if self.inner.writer.lost() > 0 {
            self.emit_invocation_metrics(None);
        }
    }
}

/// The metrics that each invocation emits once.
struct InvocationMetrics {
    cold: Option<Duration>,
    peak_memory: Option<u64>,
    lost: u64,
    reason: Option<String>,
}

impl Event for InvocationMetrics {
    fn log(&self) {
        if self.lost > 0 {
            tracing::warn!(lost = self.lost, reason = self.reason, "Telemetry was lost");
        }
    }

    fn measure(&self, emf: &mut Emf) {
        if let Some(init_duration) = self.cold {
            emf.count(Counter::ColdStarts, 1);
            emf.time(Timer::InitLatency, init_duration);
        }
        if let Some(bytes) = self.peak_memory {
            emf.size(Size::PeakMemory, bytes);
        }
        if self.lost > 0 {
            emf.count(Counter::TelemetryDropped, self.lost);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Metric;

    #[test]
    fn every_metric_that_the_catalogue_promises_of_each_service_is_emitted_as_declared() {
        let (telemetry, captured) = Telemetry::capture("svc");
        let cold = Some(Duration::from_millis(3));

        telemetry.scope(|| {
            telemetry.emit(&InvocationMetrics { cold, peak_memory: Some(1), lost: 1, reason: None });
        });

        assert_eq!(captured.catalogue_gaps(Metric::EVERY_SERVICE), [""; 0]);
    }

    #[test]
    fn what_the_recorder_holds_is_emitted_at_the_end_of_an_invocation() {
        let (telemetry, captured) = Telemetry::capture("svc");

        telemetry.scope(|| {
            metrics::counter!("steps").increment(2);
            InvocationEnd::new(telemetry.clone(), Span::none(), Duration::ZERO).answered();
            assert!((captured.sum("steps") - 2.0).abs() < f64::EPSILON);
        });
    }

    #[test]
    fn what_an_event_loses_when_it_is_written_after_the_answer_is_counted_in_its_invocation() {
        struct Clashing;
        impl Event for Clashing {
            fn log(&self) {}

            fn measure(&self, emf: &mut Emf) {
                emf.count(Counter::Duplicates, 1);
                emf.property(Counter::Duplicates.name(), 2);
            }
        }
        let (telemetry, captured) = Telemetry::capture("svc");

        telemetry.scope(|| {
            telemetry.inner.writer.start_buffering();
            telemetry.emit(&Clashing);
            assert_eq!(captured.text(), "", "lines are buffered until the answer");
            InvocationEnd::new(telemetry.clone(), Span::none(), Duration::ZERO).answered();
        });

        assert!((captured.sum("Duplicates") - 1.0).abs() < f64::EPSILON);
        assert!((captured.sum("TelemetryDropped") - 1.0).abs() < f64::EPSILON);
    }

    #[test]
    fn the_reason_of_a_loss_is_logged() {
        let (telemetry, captured) = Telemetry::capture("svc");

        telemetry.scope(|| {
            telemetry.inner.writer.count_lost_because(3, Some("the peer is gone".to_owned()));
            telemetry.emit_invocation_metrics(None);
        });

        let line = captured.logs().remove(0);
        assert_eq!((&line["lost"], &line["reason"]), (&3.into(), &"the peer is gone".into()));
        assert!((captured.sum("TelemetryDropped") - 3.0).abs() < f64::EPSILON);
    }
}
