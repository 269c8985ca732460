//! Traces by X-Ray's API, on the local stack as on AWS.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_client::{Aws, AwsError};
use http::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use trace_model::{IMAGE_ID, Trace, xray};
use uuid::Uuid;

/// The longest range of time that X-Ray searches, in seconds.
const DAY: f64 = 86_400.0;
/// A trace may begin this much before its image's id was drawn, in seconds; clocks differ a little.
const EARLIER: f64 = 300.0;
/// How many pages of known traces are looked at for names like an unknown one.
const MAX_PAGES: usize = 10;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Summaries {
    trace_summaries: Vec<Summary>,
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Summary {
    id: String,
    #[serde(default)]
    start_time: f64,
    #[serde(default)]
    annotations: serde_json::Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Traces {
    traces: Vec<Segments>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Segments {
    segments: Vec<Segment>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Segment {
    document: String,
}

/// What is known of the traces of the last day: their ids in hex digits, and those of their images.
#[derive(Debug, Default)]
pub struct Known {
    /// Trace ids.
    pub traces: Vec<String>,
    /// Image ids.
    pub images: Vec<String>,
}

/// The trace of this id, 32 hex digits; `None` if X-Ray has none.
///
/// # Errors
///
/// When X-Ray refuses, or a segment is no JSON.
pub async fn by_id(aws: &Aws, trace_id: &str) -> Result<Option<Trace>, AwsError> {
    let ids = json!({"TraceIds": [xray::trace_id(&trace_id.to_ascii_lowercase())]});
    let answer: Traces = call(aws, "/Traces", &ids).await?;
    let documents = answer.traces.into_iter().flat_map(|trace| trace.segments).map(|segment| {
        serde_json::from_str(&segment.document).map_err(|source| AwsError::Answer {
            call: "xray BatchGetTraces".to_owned(),
            source: source.into(),
        })
    });
    Ok(xray::read::trace(documents.collect::<Result<_, _>>()?))
}

/// The trace that an image's life began in; a redelivery may have begun another one.
///
/// # Errors
///
/// When X-Ray refuses.
pub async fn by_image(aws: &Aws, image_id: &str) -> Result<Option<Trace>, AwsError> {
    let quoted = image_id.replace('\\', "\\\\").replace('"', "\\\"");
    let expression = format!("annotation[{IMAGE_ID}] = \"{quoted}\"");
    let from = drawn_at(image_id).map_or_else(|| now() - DAY, |drawn| drawn - EARLIER);
    let range = json!({"StartTime": from, "EndTime": from + DAY, "FilterExpression": expression});
    let answer: Summaries = call(aws, "/TraceSummaries", &range).await?;
    let first = answer.trace_summaries.into_iter().min_by(|a, b| a.start_time.total_cmp(&b.start_time));
    match first.and_then(|summary| xray::hex_trace_id(&summary.id)) {
        Some(trace_id) => by_id(aws, &trace_id).await,
        None => Ok(None),
    }
}

/// The traces of the last day.
///
/// # Errors
///
/// When X-Ray refuses.
pub async fn known(aws: &Aws) -> Result<Known, AwsError> {
    let mut known = Known::default();
    let mut range = json!({"StartTime": now() - DAY, "EndTime": now()});
    for _ in 0..MAX_PAGES {
        let page: Summaries = call(aws, "/TraceSummaries", &range).await?;
        for summary in page.trace_summaries {
            known.traces.extend(xray::hex_trace_id(&summary.id));
            let images = summary.annotations.get(IMAGE_ID).and_then(Value::as_array).into_iter().flatten();
            let images = images.filter_map(|it| it.get("AnnotationValue")?.get("StringValue")?.as_str());
            known.images.extend(images.map(str::to_owned));
        }
        let (Some(next), Some(fields)) = (page.next_token, range.as_object_mut()) else { break };
        fields.insert("NextToken".to_owned(), next.into());
    }
    Ok(known)
}

async fn call<T: DeserializeOwned>(aws: &Aws, path: &str, body: &Value) -> Result<T, AwsError> {
    let headers = [("content-type", "application/json")];
    let answer = aws.rest("xray", Method::POST, path, body.to_string().into_bytes(), &headers).await?;
    serde_json::from_slice(answer.body())
        .map_err(|source| AwsError::Answer { call: format!("xray {path}"), source: source.into() })
}

/// When an image's id was drawn, in seconds since 1970; `None` for an id that holds no time.
fn drawn_at(image_id: &str) -> Option<f64> {
    let (seconds, nanos) = Uuid::parse_str(image_id).ok()?.get_timestamp()?.to_unix();
    Some(Duration::new(seconds, nanos).as_secs_f64())
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}
