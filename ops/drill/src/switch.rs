//! Switches: what an operator could turn off by mistake, each with how it is turned back.

use std::collections::BTreeMap;

use aws_client::{Aws, AwsError};
use http::Method;
use local_stack::faults::leases::Action;
use local_stack::stack::StackInfo;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::consumer::Consumer;
use crate::error::DrillError;

/// One switch.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum Switch {
    /// Nothing takes messages from the processing queue.
    ConsumerOff,
    /// The processor takes this many messages at once.
    Consumer {
        /// How many; one, so that what kills the processor kills it for one image.
        batch_size: u32,
    },
    /// Nothing starts the metrics function.
    ScheduleOff,
    /// A function may not run.
    NoConcurrency(Function),
    /// A function is deployed with other variables; its processes are replaced.
    Environment {
        /// Which function.
        function: Function,
        /// The variables that differ.
        variables: BTreeMap<String, String>,
    },
    /// The processing queue has other attributes.
    Queue {
        /// How long a message stays hidden from others than who received it.
        visibility_timeout_seconds: Option<u32>,
        /// How often a message is tried.
        max_receive_count: Option<u32>,
    },
}

/// A function of the pipeline.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Function {
    /// Issues upload URLs.
    Signer,
    /// Makes thumbnails.
    Processor,
    /// Measures the buckets.
    Metrics,
}

impl Function {
    pub(crate) const fn output(self) -> &'static str {
        match self {
            Self::Signer => "GenerateUploadUrlFunctionName",
            Self::Processor => "ImageProcessorFunctionName",
            Self::Metrics => "S3MetricsFunctionName",
        }
    }
}

/// How a switch is turned, and back.
#[derive(Debug, Default)]
pub(crate) struct Turn {
    pub(crate) there: Vec<Action>,
    pub(crate) back: Vec<Action>,
}

impl Turn {
    /// The turns of several switches; they are turned back in reverse.
    pub(crate) async fn of(switches: &[Switch], info: &StackInfo) -> Result<Self, DrillError> {
        let mut all = Self::default();
        for switch in switches {
            let Self { there, mut back } = switch.turn(info).await?;
            all.there.extend(there);
            back.append(&mut all.back);
            all.back = back;
        }
        Ok(all)
    }

    /// Turns the switches.
    pub(crate) async fn take(&self, aws: &Aws) -> Result<(), DrillError> {
        for action in &self.there {
            if let Some(problem) = action.clone().run(aws).await.into_iter().next() {
                return Err(DrillError::Switch(problem));
            }
        }
        Ok(())
    }
}

impl Switch {
    /// Finds out how it stands, and with that how it is turned back.
    pub(crate) async fn turn(&self, info: &StackInfo) -> Result<Turn, DrillError> {
        let aws = info.aws();
        match self {
            Self::ConsumerOff => Ok(Consumer::find(info).await?.turn("Enabled", &false.into())),
            Self::Consumer { batch_size } => {
                Ok(Consumer::find(info).await?.turn("BatchSize", &(*batch_size).into()))
            }
            Self::ScheduleOff => schedules(&aws).await,
            Self::NoConcurrency(function) => concurrency(&aws, info.output(function.output())?).await,
            Self::Environment { function, variables } => {
                environment(&aws, info.output(function.output())?, variables).await
            }
            Self::Queue { visibility_timeout_seconds, max_receive_count } => {
                queue(&aws, info.output("QueueUrl")?, *visibility_timeout_seconds, *max_receive_count).await
            }
        }
    }
}

/// A call of Lambda's API.
pub(crate) fn lambda(method: &Method, path: &str, body: Value) -> Action {
    Action::Rest { service: "lambda".into(), method: method.to_string(), path: path.to_owned(), body }
}

pub(crate) async fn get(aws: &Aws, path: &str) -> Result<Value, DrillError> {
    let answer = aws.rest("lambda", Method::GET, path, Vec::new(), &[]).await?;
    serde_json::from_slice(answer.body()).map_err(DrillError::Answer)
}

async fn schedules(aws: &Aws) -> Result<Turn, DrillError> {
    let list = aws.json("events", "AWSEvents.ListRules", json!({})).await?;
    let rules = list.get("Rules").and_then(Value::as_array).into_iter().flatten();
    let is_on = |rule: &&Value| rule.get("State").is_none_or(|state| state == "ENABLED");
    let names: Vec<&Value> = rules.filter(is_on).filter_map(|rule| rule.get("Name")).collect();
    let all = |operation: &str| {
        let call = |name: &&Value| Action::Json {
            service: "events".into(),
            target: format!("AWSEvents.{operation}"),
            body: json!({ "Name": name }),
        };
        names.iter().map(call).collect()
    };
    Ok(Turn { there: all("DisableRule"), back: all("EnableRule") })
}

async fn concurrency(aws: &Aws, function: &str) -> Result<Turn, DrillError> {
    let path = format!("/2017-10-31/functions/{function}/concurrency");
    let found = match get(aws, &format!("/2019-09-30/functions/{function}/concurrency")).await {
        Err(DrillError::Aws(AwsError::Refused { status: 404, .. })) => Value::Null,
        found => found?,
    };
    let reserve =
        |count: &Value| lambda(&Method::PUT, &path, json!({ "ReservedConcurrentExecutions": count }));
    let back = match found.get("ReservedConcurrentExecutions") {
        Some(count) if count.is_number() => reserve(count),
        _ => lambda(&Method::DELETE, &path, Value::Null),
    };
    Ok(Turn { there: vec![reserve(&0.into())], back: vec![back] })
}

async fn environment(
    aws: &Aws,
    function: &str,
    variables: &BTreeMap<String, String>,
) -> Result<Turn, DrillError> {
    let path = format!("/2015-03-31/functions/{function}/configuration");
    let found = get(aws, &path).await?;
    let before = found.pointer("/Environment/Variables").and_then(Value::as_object);
    let before = before.cloned().unwrap_or_default();
    let mut changed = before.clone();
    changed.extend(variables.iter().map(|(name, value)| (name.clone(), json!(value))));
    let deploy = |variables: Map<String, Value>| {
        lambda(&Method::PUT, &path, json!({"Environment": {"Variables": variables}}))
    };
    Ok(Turn { there: vec![deploy(changed)], back: vec![deploy(before)] })
}

async fn queue(
    aws: &Aws,
    url: &str,
    visibility: Option<u32>,
    receives: Option<u32>,
) -> Result<Turn, DrillError> {
    let look = json!({"QueueUrl": url, "AttributeNames": ["VisibilityTimeout", "RedrivePolicy"]});
    let found = aws.json("sqs", "AmazonSQS.GetQueueAttributes", look).await?;
    let before = found.get("Attributes").and_then(Value::as_object).cloned().unwrap_or_default();
    let mut changed = before.clone();
    if let Some(seconds) = visibility {
        changed.insert("VisibilityTimeout".into(), seconds.to_string().into());
    }
    if let Some(count) = receives {
        let policy = before.get("RedrivePolicy").and_then(Value::as_str).unwrap_or("{}");
        let mut policy: Map<String, Value> = serde_json::from_str(policy).map_err(DrillError::Answer)?;
        policy.insert("maxReceiveCount".into(), count.into());
        changed.insert("RedrivePolicy".into(), Value::Object(policy).to_string().into());
    }
    let set = |attributes: Map<String, Value>| Action::Json {
        service: "sqs".into(),
        target: "AmazonSQS.SetQueueAttributes".into(),
        body: json!({"QueueUrl": url, "Attributes": attributes}),
    };
    Ok(Turn { there: vec![set(changed)], back: vec![set(before)] })
}
