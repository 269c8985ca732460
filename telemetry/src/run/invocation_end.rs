//! The end of an invocation and of the environment: what is measured once.

use std::time::{Duration, Instant};

use opentelemetry::trace::Status;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::{
    Telemetry,
    metrics::{Counter, Emf, Event, Size, Timer},
};

/// The longest that the end of the environment waits for a collector; Lambda kills the process after 500 ms.
const LAST_FLUSH: Duration = Duration::from_millis(300);

/// Tells the end of an invocation, however it ends: a drop without [`Ending::answered`] is a failure.
pub(super) struct Ending {
    telemetry: Telemetry,
    span: Span,
    initialised: Duration,
    answered: bool,
}

impl Ending {
    pub(super) fn new(telemetry: Telemetry, span: Span, initialised: Duration) -> Self {
        Self { telemetry, span, initialised, answered: false }
    }

    /// The span of the invocation.
    pub(super) const fn span(&self) -> &Span {
        &self.span
    }

    /// Lambda has the answer, or the word that there is none.
    pub(super) fn answered(mut self) {
        self.answered = true;
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        if !self.answered {
            self.span.set_status(Status::error("the environment ended during the invocation"));
        }
        self.span.in_scope(|| self.telemetry.tell_measures(Some(self.initialised)));
        self.telemetry.inner.sink.release();
    }
}

impl Telemetry {
    /// Tells what was measured since the last call; of the environment's start only once.
    pub(super) fn tell_measures(&self, initialised: Option<Duration>) {
        // What was told before may lose something as it is written.
        self.inner.sink.settle();
        let ended = InvocationEnded {
            cold: initialised.filter(|_| self.take_cold()),
            peak_memory: self.inner.peak_memory.bytes(),
            lost: self.inner.sink.take_lost(),
            reason: self.inner.sink.take_reason(),
        };
        self.inner.sink.together(|| {
            self.tell_facade();
            self.emit(&ended);
        });
    }

    /// Sends what is left before the environment ends.
    pub(super) async fn tell_the_end(&self) {
        self.flush_until(Instant::now() + LAST_FLUSH).await;
        let left = self.inner.buffer.take(usize::MAX).len() as u64;
        self.inner.sink.lose(left + self.inner.buffer.take_dropped());
        tracing::info!("The environment ends");
        if self.inner.sink.lost() > 0 {
            self.tell_measures(None);
        }
    }
}

/// What is measured once per invocation.
struct InvocationEnded {
    cold: Option<Duration>,
    peak_memory: Option<u64>,
    lost: u64,
    reason: Option<String>,
}

impl Event for InvocationEnded {
    fn log(&self) {
        if self.lost > 0 {
            tracing::warn!(lost = self.lost, reason = self.reason, "Telemetry was lost");
        }
    }

    fn measure(&self, emf: &mut Emf) {
        if let Some(initialised) = self.cold {
            emf.count(Counter::ColdStarts, 1);
            emf.time(Timer::InitLatency, initialised);
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
    fn every_metric_that_the_catalogue_promises_of_each_service_is_told_as_declared() {
        let (telemetry, captured) = Telemetry::capture("svc");
        let cold = Some(Duration::from_millis(3));

        telemetry.scope(|| {
            telemetry.emit(&InvocationEnded { cold, peak_memory: Some(1), lost: 1, reason: None });
        });

        assert_eq!(captured.catalogue_gaps(Metric::EVERY_SERVICE), [""; 0]);
    }

    #[test]
    fn what_the_facade_holds_is_told_at_the_end_of_an_invocation() {
        let (telemetry, captured) = Telemetry::capture("svc");

        telemetry.scope(|| {
            metrics::counter!("steps").increment(2);
            Ending::new(telemetry.clone(), Span::none(), Duration::ZERO).answered();
            assert!((captured.sum("steps") - 2.0).abs() < f64::EPSILON);
        });
    }

    #[test]
    fn what_an_event_loses_that_is_written_after_the_answer_is_told_with_its_invocation() {
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
            telemetry.inner.sink.hold();
            telemetry.emit(&Clashing);
            assert_eq!(captured.text(), "", "somebody waits for the answer");
            Ending::new(telemetry.clone(), Span::none(), Duration::ZERO).answered();
        });

        assert!((captured.sum("Duplicates") - 1.0).abs() < f64::EPSILON);
        assert!((captured.sum("TelemetryDropped") - 1.0).abs() < f64::EPSILON);
    }

    #[test]
    fn why_something_was_lost_stands_in_the_log() {
        let (telemetry, captured) = Telemetry::capture("svc");

        telemetry.scope(|| {
            telemetry.inner.sink.lose_because(3, Some("the peer is gone".to_owned()));
            telemetry.tell_measures(None);
        });

        let line = captured.logs().remove(0);
        assert_eq!((&line["lost"], &line["reason"]), (&3.into(), &"the peer is gone".into()));
        assert!((captured.sum("TelemetryDropped") - 3.0).abs() < f64::EPSILON);
    }
}
