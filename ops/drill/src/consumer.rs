//! Consumer: the event source mapping by which the processor takes messages from its queue.

use aws_client::Aws;
use http::Method;
use local_stack::faults::leases::Action;
use local_stack::stack::StackInfo;
use serde_json::{Map, Value};

use crate::error::DrillError;
use crate::switch::{Function, Turn, get, lambda};

const MAPPINGS: &str = "/2015-03-31/event-source-mappings/";

/// The mapping as it stood when it was looked at.
#[derive(Clone, Debug)]
pub struct Consumer {
    id: String,
    mapping: Value,
}

impl Consumer {
    /// Looks at the mapping.
    ///
    /// # Errors
    ///
    /// When Lambda does not answer, or the processor has no mapping.
    pub async fn find(info: &StackInfo) -> Result<Self, DrillError> {
        let function = info.output(Function::Processor.output())?;
        let mut mappings = get(&info.aws(), &format!("{MAPPINGS}?FunctionName={function}")).await?;
        let mapping = mappings.pointer_mut("/EventSourceMappings/0").map(Value::take).unwrap_or_default();
        let id = mapping.get("UUID").and_then(Value::as_str).map(str::to_owned);
        let id =
            id.ok_or_else(|| DrillError::Switch("the processor has no event source mapping".to_owned()))?;
        Ok(Self { id, mapping })
    }

    /// Its state, as Lambda names it.
    #[must_use]
    pub fn state(&self) -> &str {
        self.mapping.get("State").and_then(Value::as_str).unwrap_or_default()
    }

    /// Whether somebody has switched it off.
    #[must_use]
    pub fn is_off(&self) -> bool {
        matches!(self.state(), "Disabled" | "Disabling")
    }

    /// Switches it on or off.
    ///
    /// # Errors
    ///
    /// When Lambda refuses.
    pub async fn switch(&self, aws: &Aws, on: bool) -> Result<(), DrillError> {
        Turn { there: vec![self.change("Enabled", &on.into())], back: Vec::new() }.take(aws).await
    }

    /// Another value of one member, and the one before.
    pub(crate) fn turn(&self, member: &str, value: &Value) -> Turn {
        // What is enabled is reported as a state; a drill begins on a stack that is well.
        let before = self.mapping.get(member).cloned().unwrap_or(true.into());
        Turn { there: vec![self.change(member, value)], back: vec![self.change(member, &before)] }
    }

    fn change(&self, member: &str, value: &Value) -> Action {
        let body: Map<String, Value> = [(member.to_owned(), value.clone())].into_iter().collect();
        lambda(&Method::PUT, &format!("{MAPPINGS}{}", self.id), body.into())
    }
}
