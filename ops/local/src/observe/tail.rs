//! Tail of a log group: every line once, as the group grows.
//!
//! The local engine writes each invocation's lines to a stream of its own at once, and its
//! `FilterLogEvents` cuts at 10,000 lines without a token to go on with. So streams are listed by their
//! last event, and those that changed are read on from a token that stays valid as they grow.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::{Value, json};

use aws_client::{Aws, AwsError};

/// One line as the service stores it.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Event {
    pub(super) timestamp: i64,
    pub(super) message: String,
}

/// How far a group has been read.
#[derive(Debug)]
pub(super) struct Tail {
    group: String,
    streams: HashMap<String, Progress>,
}

#[derive(Debug)]
struct Progress {
    seen: Mark,
    token: Option<String>,
}

/// What changes when a stream grows; its size distinguishes lines of the same millisecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mark {
    last_event: i64,
    last_ingestion: i64,
    bytes: i64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Streams {
    log_streams: Vec<Stream>,
    next_token: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stream {
    log_stream_name: String,
    #[serde(default)]
    last_event_timestamp: Option<i64>,
    #[serde(default)]
    last_ingestion_time: Option<i64>,
    #[serde(default)]
    stored_bytes: i64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    events: Vec<Event>,
    next_forward_token: String,
}

impl Tail {
    pub(super) fn new(group: String) -> Self {
        Self { group, streams: HashMap::new() }
    }

    pub(super) fn group(&self) -> &str {
        &self.group
    }

    /// Passes each line written since the last call to `take`, stream by stream.
    ///
    /// Lines passed before a failure are not passed again.
    pub(super) async fn read(
        &mut self,
        aws: &Aws,
        mut take: impl FnMut(&str, Vec<Event>),
    ) -> Result<(), AwsError> {
        for (stream, mark) in self.changed(aws).await? {
            loop {
                let token = self.streams.get(&stream).and_then(|progress| progress.token.clone());
                let page = self.page(aws, &stream, token.as_deref()).await?;
                let end = page.events.is_empty();
                let progress = Progress { seen: Mark::NEVER, token: Some(page.next_forward_token) };
                self.streams.insert(stream.clone(), progress);
                if end {
                    break;
                }
                take(&stream, page.events);
            }
            // Only now: a stream whose reading failed midway counts as changed.
            if let Some(progress) = self.streams.get_mut(&stream) {
                progress.seen = mark;
            }
        }
        Ok(())
    }

    /// Streams that grew, oldest first; a group that does not exist yet has none.
    async fn changed(&self, aws: &Aws) -> Result<Vec<(String, Mark)>, AwsError> {
        let mut changed = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let page = match self.streams(aws, token.as_deref()).await {
                Err(error) if error.code() == Some("ResourceNotFoundException") => return Ok(changed),
                page => page?,
            };
            let before = changed.len();
            for stream in &page.log_streams {
                let Some(mark) = Mark::of(stream) else { continue };
                let known = self.streams.get(&stream.log_stream_name);
                if known.is_none_or(|progress| progress.seen != mark) {
                    changed.push((stream.log_stream_name.clone(), mark));
                }
            }
            // The list is ordered by the last event, so behind a page without news there is none.
            token = page.next_token.filter(|_| changed.len() > before);
            if token.is_none() {
                changed.reverse();
                return Ok(changed);
            }
        }
    }

    async fn streams(&self, aws: &Aws, token: Option<&str>) -> Result<Streams, AwsError> {
        let mut body = json!({
            "logGroupName": self.group, "orderBy": "LastEventTime", "descending": true, "limit": 50,
        });
        set_token(&mut body, token);
        call(aws, "Logs_20140328.DescribeLogStreams", body).await
    }

    async fn page(&self, aws: &Aws, stream: &str, token: Option<&str>) -> Result<Page, AwsError> {
        let mut body = json!({
            "logGroupName": self.group, "logStreamName": stream, "startFromHead": true,
        });
        set_token(&mut body, token);
        call(aws, "Logs_20140328.GetLogEvents", body).await
    }
}

impl Mark {
    /// A mark that no stream with events has.
    const NEVER: Self = Self { last_event: -1, last_ingestion: -1, bytes: -1 };

    /// `None` for a stream without events.
    fn of(stream: &Stream) -> Option<Self> {
        let last_event = stream.last_event_timestamp?;
        let last_ingestion = stream.last_ingestion_time.unwrap_or_default();
        Some(Self { last_event, last_ingestion, bytes: stream.stored_bytes })
    }
}

fn set_token(body: &mut Value, token: Option<&str>) {
    if let (Some(body), Some(token)) = (body.as_object_mut(), token) {
        body.insert("nextToken".to_owned(), token.into());
    }
}

async fn call<T: for<'de> Deserialize<'de>>(aws: &Aws, target: &str, body: Value) -> Result<T, AwsError> {
    let answer = aws.json("logs", target, body).await?;
    serde_json::from_value(answer)
        .map_err(|source| AwsError::Answer { call: target.to_owned(), source: Box::new(source) })
}
