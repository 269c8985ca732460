//! Adapts a function's handler for the Lambda runtime: it catches panics, and its errors are redacted.

use std::{fmt::Debug, future::Future, marker::PhantomData, pin::Pin};

use lambda_runtime::{Diagnostic, LambdaEvent};
use opentelemetry::trace::Status;
use serde::Deserialize;
use serde_json::value::RawValue;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::{
    logs::redact::{JsonError, redact},
    run::panics::caught,
};

/// A function's handler that logs its failures and marks the span of the invocation.
#[derive(Debug)]
pub(super) struct Handler<E, H> {
    serve: H,
    event: PhantomData<fn(E)>,
}

impl<E, H, R, Fut, Err> Handler<E, H>
where
    E: for<'de> Deserialize<'de>,
    H: Fn(LambdaEvent<E>) -> Fut,
    Fut: Future<Output = Result<R, Err>>,
    Err: Into<Diagnostic> + Debug,
{
    pub(super) const fn new(handler: H) -> Self {
        Self { serve: handler, event: PhantomData }
    }

    /// Serves one event. Parses it here, because the runtime would log serde's message, which quotes the event.
    ///
    /// Boxed, because each layer that holds a future has room for it twice.
    pub(super) fn serve(
        &self,
        event: LambdaEvent<Box<RawValue>>,
    ) -> Pin<Box<impl Future<Output = Result<R, Diagnostic>>>> {
        Box::pin(async {
            let result = self.answer(event).await;
            if let Err(failure) = &result {
                let reason = format!("{}: {}", failure.error_type, failure.error_message);
                tracing::error!(
                    error_type = failure.error_type,
                    error = failure.error_message,
                    "The invocation failed"
                );
                Span::current().set_status(Status::error(reason));
            }
            result
        })
    }

    async fn answer(&self, event: LambdaEvent<Box<RawValue>>) -> Result<R, Diagnostic> {
        let LambdaEvent { payload, context } = event;
        let payload = serde_json::from_str(payload.get()).map_err(|error| Diagnostic {
            error_type: "InvalidEvent".to_owned(),
            error_message: format!("the event is not understood: {}", JsonError::from(error)),
        })?;
        match caught(|| (self.serve)(LambdaEvent { payload, context })).await {
            Ok(result) => result.map_err(|error| clean(error.into())),
            Err(panic) => Err(Diagnostic { error_type: "Panic".to_owned(), error_message: panic }),
        }
    }
}

fn clean(failure: Diagnostic) -> Diagnostic {
    Diagnostic { error_message: redact(&failure.error_message).into_owned(), ..failure }
}
