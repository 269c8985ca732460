//! One call and its span.

use std::sync::{
    OnceLock,
    atomic::{AtomicBool, Ordering},
};

use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_types::config_bag::{Storable, StoreReplace};
use opentelemetry::{Array, StringValue, Value, trace::Status};
use tracing::{Span, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::{outcome::Outcome, undecided};

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

/// A call that is being made; kept among the SDK's own state of the call.
#[derive(Debug)]
pub(crate) struct Call {
    span: Span,
    /// Whether the trace is known, so that it may be handed on.
    decided: bool,
    /// Which of the operations that the caller named it is.
    pub(crate) operation: Option<usize>,
    server: OnceLock<()>,
    ended: AtomicBool,
}

impl Storable for Call {
    type Storer = StoreReplace<Self>;
}

impl Call {
    pub(crate) fn begin(metadata: &Metadata, operation: Option<usize>) -> Self {
        let held = undecided::hold(|| span(metadata, Parent::Undecided));
        let decided = held.is_none();
        let span = held.unwrap_or_else(|| span(metadata, Parent::Current));
        Self { span, decided, operation, server: OnceLock::new(), ended: AtomicBool::new(false) }
    }

    pub(crate) fn attributes(&self) -> Attributes<'_> {
        Attributes(&self.span)
    }

    /// Notes whom the first attempt turns to; the query of `uri` is not looked at.
    pub(crate) fn sent_to(&self, uri: &str) {
        self.server.get_or_init(|| {
            let Ok(uri) = uri.parse::<http::Uri>() else { return };
            let default = if uri.scheme_str() == Some("http") { 80 } else { 443 };
            self.attributes().text("server.address", uri.host());
            self.attributes().number("server.port", uri.port_u16().unwrap_or(default).into());
        });
    }

    /// The `X-Amzn-Trace-Id` to send instead of the `given` one.
    pub(crate) fn header(&self, given: Option<&str>) -> Option<String> {
        let known = self.decided.then_some(&self.span)?;
        telemetry::context::xray_header_instead(known, given.unwrap_or_default())
    }

    /// Tells how the call ended, and ends its span.
    pub(crate) fn end(&self, outcome: &Outcome<'_>) {
        self.ended.store(true, Ordering::Relaxed);
        outcome.tell(&self.attributes());
        if let Some(error) = outcome.failure() {
            self.fail(error);
        }
        // The span may outlive the call, in wait for its parent; it ends where it was last left.
        self.span.in_scope(|| ());
    }

    fn fail(&self, error: &str) {
        self.attributes().text("error.type", Some(error));
        self.span.set_status(Status::error(error.to_owned()));
    }
}

impl Drop for Call {
    /// Whoever made the call has given up waiting.
    fn drop(&mut self) {
        if !self.ended.load(Ordering::Relaxed) {
            self.fail("cancelled");
        }
    }
}

#[derive(Clone, Copy)]
enum Parent {
    Current,
    Undecided,
}

fn span(metadata: &Metadata, parent: Parent) -> Span {
    // Fields are those that need no parent to be known; the rest is set as it comes.
    let (service, method) = (metadata.service(), metadata.name());
    let name = format!("{service}.{method}");
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
        Parent::Undecided => call!(parent: None,),
    }
}
