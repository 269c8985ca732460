//! CloudWatch's API, by its JSON protocol: the alarms and dashboards of a stack, and the statistics of metrics.
//!
//! - `alarms` alarms as they are deployed, read by the model that evaluates those of the local stack
//! - `data` statistics by `GetMetricData`, for that model

pub(crate) mod alarms;
pub(crate) mod data;

use aws_client::{Aws, AwsError};
use cloudwatch_model::alarm::AlarmError;
use cloudwatch_model::dashboard::DashboardError;
use contract::time::rfc3339_millis;
use serde_json::Value;

/// Why CloudWatch's answer is no use.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CloudWatchError {
    /// A call was refused or not answered.
    #[error(transparent)]
    Aws(#[from] AwsError),
    /// An alarm that is not evaluated here.
    #[error("an alarm is not understood")]
    Alarm(#[from] AlarmError),
    /// A dashboard that is not drawn here.
    #[error("the dashboard is not understood")]
    Dashboard(#[from] DashboardError),
    /// A dashboard whose body is no JSON.
    #[error("the body of the dashboard is no JSON")]
    Body(#[from] serde_json::Error),
}

/// Calls an operation.
pub(crate) async fn call(aws: &Aws, operation: &str, body: Value) -> Result<Value, AwsError> {
    aws.json("monitoring", &format!("GraniteServiceVersion20100801.{operation}"), body).await
}

/// A member that is a list; an absent one is empty.
pub(crate) fn list<'a>(answer: &'a Value, name: &str) -> &'a [Value] {
    answer.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A member that is a text; an absent one is empty.
pub(crate) fn text<'a>(answer: &'a Value, name: &str) -> &'a str {
    answer.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// A member that is a time, in RFC 3339: AWS's JSON has seconds since 1970.
pub(crate) fn time(answer: &Value, name: &str) -> String {
    match answer.get(name) {
        Some(Value::Number(seconds)) => {
            let millis = seconds.as_f64().unwrap_or_default() * 1000.0;
            #[expect(clippy::cast_possible_truncation, reason = "a time of this era")]
            let millis = millis as i64;
            rfc3339_millis(millis)
        }
        Some(Value::String(text)) => text.clone(),
        _ => String::new(),
    }
}
