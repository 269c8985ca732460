//! The interceptor of the AWS SDK.

use std::{
    error::Error as StdError,
    fmt::{self, Debug},
    sync::Arc,
};

use aws_runtime::invocation_id::InvocationIdInterceptor;
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{
            DisableInterceptor, Intercept,
            context::{
                BeforeSerializationInterceptorContextRef, BeforeTransmitInterceptorContextMut, Error,
                FinalizerInterceptorContextRef, Input,
            },
            dyn_dispatch_hint,
        },
        orchestrator::{Metadata, OrchestratorError},
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::{config_bag::ConfigBag, error::metadata::ProvideErrorMetadata};
use aws_types::region::Region;

use crate::{
    call::{Attributes, Call},
    outcome::{Outcome, is_throttling},
};

const TRACE_HEADER: &str = "x-amzn-trace-id";

/// An interceptor that makes a span of each call of its clients, and counts and times the calls.
#[derive(Clone, Default)]
pub struct CallSpans {
    operations: Vec<Operation>,
    answers: Vec<&'static str>,
}

/// Whether an input is of this operation; adds the attributes of the call, if there is one.
type Describe = dyn Fn(&Input, Option<&Attributes<'_>>) -> bool + Send + Sync;

/// A registered operation.
#[derive(Clone)]
struct Operation {
    describe: Arc<Describe>,
    /// The service's error code, if the error is of this operation.
    code: fn(&Error) -> Option<&str>,
}

impl Debug for CallSpans {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallSpans")
            .field("operations", &self.operations.len())
            .field("answers", &self.answers)
            .finish()
    }
}

impl CallSpans {
    /// Registers an operation: `describe` adds attributes from its input `I`, and errors `E` are recorded by code.
    ///
    /// Whatever is read here leaves the function: names of things, never bodies or credentials.
    #[must_use]
    pub fn operation<I, E>(mut self, describe: impl Fn(&I, &Attributes<'_>) + Send + Sync + 'static) -> Self
    where
        I: Debug + Send + Sync + 'static,
        E: StdError + ProvideErrorMetadata + Send + Sync + 'static,
    {
        let describe = move |input: &Input, call: Option<&Attributes<'_>>| {
            let input = input.downcast_ref::<I>();
            if let (Some(input), Some(call)) = (input, call) {
                describe(input, call);
            }
            input.is_some()
        };
        self.operations.push(Operation { describe: Arc::new(describe), code: code::<E> });
        self
    }

    /// Treats errors of this code as expected: such a call has not failed.
    #[must_use]
    pub fn answer(mut self, code: &'static str) -> Self {
        self.answers.push(code);
        self
    }

    /// The service's code of `error`, if it is one of a registered operation.
    fn code<'a>(&self, call: &Call, error: Option<&'a CallError>) -> Option<&'a str> {
        let known = call.operation.and_then(|index| self.operations.get(index))?;
        (known.code)(error?.as_operation_error()?)
    }
}

type CallError = OrchestratorError<Error>;

fn error<'a>(context: &'a FinalizerInterceptorContextRef<'_>) -> Option<&'a CallError> {
    context.output_or_error().and_then(Result::err)
}

#[dyn_dispatch_hint]
impl Intercept for CallSpans {
    fn name(&self) -> &'static str {
        "CallSpans"
    }

    fn read_before_serialization(
        &self,
        context: &BeforeSerializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if is_presigning(cfg) {
            return Ok(());
        }
        let Some(metadata) = cfg.load::<Metadata>() else { return Ok(()) };
        let input = context.input();
        let operation = self.operations.iter().position(|known| (known.describe)(input, None));
        let call = Call::begin(metadata, operation);
        call.attributes().text("cloud.region", cfg.load::<Region>().map(AsRef::as_ref));
        if let Some(known) = operation.and_then(|index| self.operations.get(index)) {
            (known.describe)(input, Some(&call.attributes()));
        }
        cfg.interceptor_state().store_put(call);
        Ok(())
    }

    /// After signing: the SDK's own interceptor has put Lambda's header there before, unless there was one,
    /// and signatures leave this header out.
    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(call) = cfg.load::<Call>() else { return Ok(()) };
        call.sent_to(context.request().uri());
        if let Some(header) = call.header(context.request().headers().get(TRACE_HEADER)) {
            context.request_mut().headers_mut().try_insert(TRACE_HEADER, header)?;
        }
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(call) = cfg.load::<Call>() else { return Ok(()) };
        let status = context.response().map(|response| response.status().as_u16());
        if is_throttling(self.code(call, error(context)), status) {
            call.throttled();
        }
        Ok(())
    }

    fn read_after_execution(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(call) = cfg.load::<Call>() else { return Ok(()) };
        let error = error(context);
        let code = self.code(call, error);
        let outcome = Outcome {
            response: context.response(),
            error,
            code,
            expected: code.is_some_and(|code| self.answers.contains(&code)),
        };
        call.end(&outcome);
        // Closes the span now; a body that is still to be read is no part of the call.
        cfg.interceptor_state().unset::<Call>();
        Ok(())
    }
}

fn code<E: StdError + ProvideErrorMetadata + Send + Sync + 'static>(error: &Error) -> Option<&str> {
    error.downcast_ref::<E>()?.code()
}

/// Whether the request is only to be signed: the SDK leaves its invocation id out of such alone.
fn is_presigning(cfg: &ConfigBag) -> bool {
    cfg.load::<DisableInterceptor<InvocationIdInterceptor>>().is_some()
}
