//! One call of the SDK and its client span.

use std::{
    sync::{
        OnceLock,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Instant,
};

use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_types::config_bag::{Storable, StoreReplace};
use opentelemetry::{Array, StringValue, Value, trace::Status};
use tracing::{Span, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::{deferred, metrics, outcome::Outcome};

/// The attributes of a call's span.
#[derive(Debug)]
pub struct Attributes<'a>(pub(crate) &'a Span);

impl Attributes<'_> {
    /// Adds a text, if there is one.
    pub fn text(&self, key: &'static str, value: Option<&str>) {
        if let Some(value) = value {
            self.0.set_attribute(key, value.to_owned());
        }
    }

    /// Adds a list of one text, if there is one.
    pub fn list(&self, key: &'static str, value: Option<&str>) {
        if let Some(value) = value {
            let list = vec![StringValue::from(value.to_owned())];
            self.0.set_attribute(key, Value::Array(Array::String(list)));
        }
    }

    pub(crate) fn number(&self, key: &'static str, value: i64) {
        self.0.set_attribute(key, value);
    }
}

/// A call in progress, stored in the SDK's own state of the call.
#[derive(Debug)]
pub(crate) struct Call {
    span: Span,
    /// Whether the parent is set, so that the trace may be propagated.
    has_parent: bool,
    /// The index of its operation among those that the caller registered.
    pub(crate) operation: Option<usize>,
    server: OnceLock<()>,
    ended: AtomicBool,
    /// Service and operation, such as `S3.GetObject`.
    name: String,
    began: Instant,
    attempts: AtomicU32,
    throttled: AtomicU32,
}

impl Storable for Call {
    type Storer = StoreReplace<Self>;
}

impl Call {
    pub(crate) fn begin(metadata: &Metadata, operation: Option<usize>) -> Self {
        let name = format!("{}.{}", metadata.service(), metadata.name());
        let deferred = deferred::defer(|| span(&name, metadata, Parent::Deferred));
        let has_parent = deferred.is_none();
        let span = deferred.unwrap_or_else(|| span(&name, metadata, Parent::Current));
        Self {
            span,
            has_parent,
            operation,
            server: OnceLock::new(),
            ended: AtomicBool::new(false),
            name,
            began: Instant::now(),
            attempts: AtomicU32::new(0),
            throttled: AtomicU32::new(0),
        }
    }

    pub(crate) fn attributes(&self) -> Attributes<'_> {
        Attributes(&self.span)
    }

    /// Counts an attempt and records the server of the first; the query of `uri` is not recorded.
    pub(crate) fn sent_to(&self, uri: &str) {
        self.attempts.fetch_add(1, Ordering::Relaxed);
        self.server.get_or_init(|| {
            let Ok(uri) = uri.parse::<http::Uri>() else { return };
            let default = if uri.scheme_str() == Some("http") { 80 } else { 443 };
            self.attributes().text("server.address", uri.host());
            self.attributes().number("server.port", uri.port_u16().unwrap_or(default).into());
        });
    }

    /// Counts an attempt that the service throttled.
    pub(crate) fn throttled(&self) {
        self.throttled.fetch_add(1, Ordering::Relaxed);
    }

    /// The `X-Amzn-Trace-Id` to send instead of the `given` one.
    pub(crate) fn header(&self, given: Option<&str>) -> Option<String> {
        let known = self.has_parent.then_some(&self.span)?;
        telemetry::context::xray_header_instead(known, given.unwrap_or_default())
    }

    /// Records the outcome of the call and ends its span.
    pub(crate) fn end(&self, outcome: &Outcome<'_>) {
        self.ended.store(true, Ordering::Relaxed);
        self.measure();
        outcome.record(&self.attributes());
        if self.retries() > 0 {
            self.attributes().number("http.request.resend_count", self.retries().into());
        }
        if let Some(error) = outcome.failure() {
            self.fail(error);
        }
        // A deferred span outlives the call; its end is its last exit.
        self.span.in_scope(|| ());
    }

    fn retries(&self) -> u32 {
        self.attempts.load(Ordering::Relaxed).saturating_sub(1)
    }

    fn measure(&self) {
        metrics::record(&metrics::CallFigures {
            operation: &self.name,
            elapsed: self.began.elapsed(),
            retries: self.retries(),
            throttles: self.throttled.load(Ordering::Relaxed),
        });
    }

    fn fail(&self, error: &str) {
        self.attributes().text("error.type", Some(error));
        self.span.set_status(Status::error(error.to_owned()));
    }
}

impl Drop for Call {
    /// The caller has dropped the future of the call.
    fn drop(&mut self) {
        if !self.ended.load(Ordering::Relaxed) {
            self.measure();
            self.fail("cancelled");
        }
    }
}

#[derive(Clone, Copy)]
enum Parent {
    Current,
    Deferred,
}

fn span(name: &str, metadata: &Metadata, parent: Parent) -> Span {
    // The span has only the fields that are known now; later ones are set as attributes.
    let (service, method) = (metadata.service(), metadata.name());
    macro_rules! call {
        ($($parent:tt)*) => {
            info_span!(
                $($parent)*
                "aws_call",
                otel.name = name,
                otel.kind = "client",
                rpc.system = "aws-api",
                rpc.service = service,
                rpc.method = method,
            )
        };
    }
    match parent {
        Parent::Current => call!(),
        Parent::Deferred => call!(parent: None,),
    }
}
