//! Events: each is declared once and emitted as a log line and as metrics.

use std::time::SystemTime;

use tracing::Span;

use crate::{
    init::Telemetry,
    logs::{
        fields::Fields,
        json::{insert_request, insert_trace},
    },
    metrics::emf::Emf,
    trace::context::span_context,
};

/// Something that happened, emitted as a log line and as metrics.
pub trait Event {
    /// Writes the log line.
    fn log(&self);
    /// Adds the metrics.
    fn measure(&self, emf: &mut Emf);
}

impl Telemetry {
    /// Emits the log line and the metrics of `event`.
    pub fn emit(&self, event: &impl Event) {
        self.inner.writer.batch(|| {
            event.log();
            let mut emf = Emf::default();
            event.measure(&mut emf);
            self.write_metrics(emf);
        });
    }

    /// Emits what the macros of the `metrics` crate recorded since the last call.
    ///
    /// [`Telemetry::run`] calls it at the end of each invocation, [`Telemetry::scope`] and
    /// [`Telemetry::within`] at theirs; only a function with its own loop needs to.
    pub fn flush_metrics(&self) {
        self.inner.recorder.take().into_iter().for_each(|emf| self.write_metrics(emf));
    }

    /// Writes `emf` with the time of now, even if it is rendered later. Until then its span stays open; the span
    /// ends with its last exit all the same.
    fn write_metrics(&self, emf: Emf) {
        let (telemetry, span, now) = (self.clone(), Span::current(), SystemTime::now());
        self.inner.writer.write_deferred(emf.bytes(), move |out| telemetry.write_emf(&emf, &span, now, out));
    }

    fn write_emf(&self, emf: &Emf, span: &Span, at: SystemTime, out: &mut Vec<u8>) {
        let mut base = Fields::for_line();
        // A line without a level would count as INFO, and be dropped by a filter in Lambda above that.
        base.insert_own("level", &[b"INFO"]);
        base.insert_text("service", &self.inner.service_dimension);
        if let Some(context) = span_context(span) {
            insert_trace(&mut base, &context);
        }
        insert_request(&mut base, &self.inner.request_id);
        let rendered = emf.render(&base, at);
        for line in &rendered.lines {
            line.write(out);
            out.push(b'\n');
        }
        self.inner.writer.count_lost(rendered.lost);
    }
}
