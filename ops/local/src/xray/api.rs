//! Requests of X-Ray's API and their answers.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use trace_model::xray::nesting::nest;
use trace_model::xray::{Document, hex_trace_id};

use super::filter::{Filter, FilterError};
use super::put;
use super::summary::summary;
use super::view::{View, text};
use crate::observe::traces::TraceStore;

/// Traces of one request of `BatchGetTraces`.
const MAX_TRACE_IDS: usize = 5;
/// Documents of one request of `PutTraceSegments`.
const MAX_DOCUMENTS: usize = 50;
/// The longest range of time of `GetTraceSummaries`, in seconds.
const MAX_RANGE_SECONDS: f64 = 86_400.0;
/// Summaries of one answer; X-Ray does not document how many.
const PAGE: usize = 100;

/// A request that is not answered; each has a status and a name on the wire.
#[derive(Debug, PartialEq, thiserror::Error)]
pub(crate) enum ApiError {
    /// Something else than the API takes.
    #[error("{0}")]
    Invalid(String),
    /// A filter expression that is not understood.
    #[error(transparent)]
    Filter(#[from] FilterError),
    /// A path that is none of these operations'.
    #[error("X-Ray's {0} is not answered by the local stack")]
    Operation(String),
}

impl ApiError {
    /// The HTTP status and the error's name.
    pub(crate) fn code(&self) -> (u16, &'static str) {
        match self {
            Self::Invalid(_) | Self::Filter(_) => (400, "InvalidRequestException"),
            Self::Operation(_) => (404, "UnknownOperationException"),
        }
    }
}

/// A request that is understood.
pub(crate) enum Request {
    /// Brings documents.
    Put(Put),
    /// Asks for traces.
    Query(Query),
}

/// `PutTraceSegments`.
pub(crate) struct Put(PutTraceSegments);

/// `GetTraceSummaries` and `BatchGetTraces`.
pub(crate) enum Query {
    /// By time and filter expression.
    Summaries(GetTraceSummaries),
    /// By id.
    Traces(BatchGetTraces),
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutTraceSegments {
    trace_segment_documents: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct BatchGetTraces {
    trace_ids: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetTraceSummaries {
    start_time: f64,
    end_time: f64,
    #[serde(default)]
    time_range_type: TimeRangeType,
    filter_expression: Option<String>,
    next_token: Option<String>,
}

/// Which of its times decides whether a trace is in the range.
#[derive(Clone, Copy, Default, Deserialize)]
enum TimeRangeType {
    #[default]
    TraceId,
    Event,
    Service,
}

impl Request {
    /// Reads a request; its path names the operation.
    pub(crate) fn parse(path: &str, body: &[u8]) -> Result<Self, ApiError> {
        Ok(match path {
            "/TraceSegments" => Self::Put(Put(parsed(body)?)),
            "/TraceSummaries" => Self::Query(Query::Summaries(parsed(body)?)),
            "/Traces" => Self::Query(Query::Traces(parsed(body)?)),
            _ => return Err(ApiError::Operation(path.trim_start_matches('/').to_owned())),
        })
    }
}

impl Put {
    /// Keeps the documents that are valid, and answers the others.
    pub(crate) fn keep(&self, store: &mut TraceStore) -> Result<Value, ApiError> {
        put_trace_segments(&self.0, store)
    }
}

impl Query {
    /// Answers from what is kept.
    pub(crate) fn answer(&self, store: &TraceStore) -> Result<Value, ApiError> {
        match self {
            Self::Summaries(request) => get_trace_summaries(request, store),
            Self::Traces(request) => batch_get_traces(request, store),
        }
    }
}

fn parsed<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    serde_json::from_slice(body)
        .map_err(|error| ApiError::Invalid(format!("The request is not valid: {error}.")))
}

fn put_trace_segments(request: &PutTraceSegments, store: &mut TraceStore) -> Result<Value, ApiError> {
    let documents = &request.trace_segment_documents;
    if documents.is_empty() || documents.len() > MAX_DOCUMENTS {
        return Err(ApiError::Invalid(format!("1 to {MAX_DOCUMENTS} trace segment documents are expected.")));
    }
    let mut unprocessed = Vec::new();
    for document in documents {
        match put::read(document) {
            Ok((trace_id, documents)) => {
                for document in documents {
                    store.put_document(&trace_id, document);
                }
            }
            Err(refused) => unprocessed.push(refused.answer()),
        }
    }
    Ok(json!({ "UnprocessedTraceSegments": unprocessed }))
}

fn batch_get_traces(request: &BatchGetTraces, store: &TraceStore) -> Result<Value, ApiError> {
    let ids = &request.trace_ids;
    if ids.is_empty() || ids.len() > MAX_TRACE_IDS {
        return Err(ApiError::Invalid(format!("1 to {MAX_TRACE_IDS} trace ids are expected.")));
    }
    let (mut traces, mut unprocessed) = (Vec::new(), Vec::new());
    for id in ids {
        let hex = hex_trace_id(id).ok_or_else(|| {
            ApiError::Invalid(format!("{id} is not a trace id, such as 1-581cf771-a006649127e371903a2de979."))
        })?;
        match store.stored(&hex).and_then(View::of) {
            Some(view) => traces.push(trace(view)),
            None => unprocessed.push(id),
        }
    }
    Ok(json!({"Traces": traces, "UnprocessedTraceIds": unprocessed}))
}

fn trace(view: View) -> Value {
    let duration = view.end() - view.start();
    let segment = |document: Document| {
        let id = text(&document, "id").unwrap_or_default().to_owned();
        json!({"Id": id, "Document": Value::Object(document).to_string()})
    };
    let segments: Vec<Value> = nest(view.documents).into_iter().map(segment).collect();
    json!({"Id": view.id, "Duration": duration, "LimitExceeded": false, "Segments": segments})
}

fn get_trace_summaries(request: &GetTraceSummaries, store: &TraceStore) -> Result<Value, ApiError> {
    let (from, to) = (request.start_time, request.end_time);
    if from.partial_cmp(&to) != Some(std::cmp::Ordering::Less) {
        return Err(ApiError::Invalid("StartTime must be before EndTime.".to_owned()));
    }
    if to - from > MAX_RANGE_SECONDS {
        return Err(ApiError::Invalid("Time range cannot be longer than 24 hours.".to_owned()));
    }
    let expression = request.filter_expression.as_deref().filter(|text| !text.trim().is_empty());
    let filter = expression.map(Filter::parse).transpose()?;
    let after = request.next_token.as_deref().map(token).transpose()?;

    let possible = store.all().filter(|stored| stored.may_be_within(from, to));
    let mut found: Vec<View> = possible.filter_map(View::of).collect();
    found.retain(|view| (from..=to).contains(&time(view, request.time_range_type)));
    let processed = found.len();
    // The newest first: what comes while somebody turns pages is on none that is still to come.
    let newer =
        |one: (f64, &str), other: (f64, &str)| other.0.total_cmp(&one.0).then_with(|| one.1.cmp(other.1));
    found.sort_by(|one, other| newer((one.start(), &one.id), (other.start(), &other.id)));
    found.retain(|view| {
        let is_ahead =
            after.as_ref().is_none_or(|(start, id)| newer((*start, id), (view.start(), &view.id)).is_lt());
        is_ahead && filter.as_ref().is_none_or(|filter| filter.matches(view))
    });
    let next = (found.len() > PAGE).then(|| found.get(PAGE - 1)).flatten();
    let next = next.map(|last| URL_SAFE_NO_PAD.encode(format!("{} {}", last.start(), last.id)));
    let summaries: Vec<Value> = found.iter().take(PAGE).map(summary).collect();
    let mut answer =
        json!({"TraceSummaries": summaries, "ApproximateTime": from, "TracesProcessedCount": processed});
    if let (Some(next), Some(fields)) = (next, answer.as_object_mut()) {
        fields.insert("NextToken".to_owned(), next.into());
    }
    Ok(answer)
}

/// By the begin, by the last news, or by the end of the last segment; here the latter two are the same. The begin counts in
/// whole seconds, as trace ids hold it: a range that ends now, as `date +%s` has it, takes what began in this second.
fn time(view: &View, kind: TimeRangeType) -> f64 {
    match kind {
        TimeRangeType::TraceId => view.start().floor(),
        TimeRangeType::Event | TimeRangeType::Service => view.end(),
    }
}

/// Where the page before ended.
fn token(text: &str) -> Result<(f64, String), ApiError> {
    let invalid = || ApiError::Invalid("The NextToken is not valid.".to_owned());
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| invalid())?;
    let text = String::from_utf8(bytes).map_err(|_| invalid())?;
    let (start, id) = text.split_once(' ').ok_or_else(invalid)?;
    Ok((start.parse().map_err(|_| invalid())?, id.to_owned()))
}
