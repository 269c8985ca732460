use std::time::SystemTime;

use tracing::Span;

use crate::{
    Emf, Telemetry,
    context::span_context,
    fields::Fields,
    log::{insert_request, insert_trace},
};

/// Something that happened, declared once and told twice: as a log line and as metrics.
pub trait Event {
    /// Writes the log line.
    fn log(&self);
    /// Adds the metrics.
    fn measure(&self, emf: &mut Emf);
}

impl Telemetry {
    /// Tells `event`: its log line and its metrics.
    pub fn emit(&self, event: &impl Event) {
        self.inner.sink.together(|| {
            event.log();
            let mut emf = Emf::default();
            event.measure(&mut emf);
            self.measure(&emf);
        });
    }

    /// Tells what the `metrics` facade collected since the last call.
    ///
    /// [`Telemetry::run`] does so at the end of each invocation, [`Telemetry::scope`] and
    /// [`Telemetry::within`] at theirs; only a function with a loop of its own calls this.
    pub fn tell_facade(&self) {
        self.inner.facade.take().iter().for_each(|emf| self.measure(emf));
    }

    fn measure(&self, emf: &Emf) {
        let mut base = Fields::default();
        // A line without a level would count as INFO, and be dropped by a filter in Lambda above that.
        base.insert_own("level", "INFO");
        base.insert("service", self.inner.service_dimension.as_str());
        if let Some(context) = span_context(&Span::current()) {
            insert_trace(&mut base, &context);
        }
        insert_request(&mut base, &self.inner.request_id);
        let (base, _) = base.finish();
        let rendered = emf.render(&base, SystemTime::now());
        for line in &rendered.lines {
            self.inner.sink.line(line);
        }
        self.inner.sink.lose(rendered.lost);
    }
}
