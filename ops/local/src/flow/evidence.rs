//! Evidence of the local stack: its console reports news, traces and mail as they come.

use http::{Method, StatusCode};
use pipeline_client::FlowError;
use pipeline_client::evidence::{Evidence, PROCESSED};
use pipeline_client::inbox::Mail;
use pipeline_client::stack::Pipeline;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::stack::StackInfo;
use aws_client::http::Http;
use trace_model::Trace;

/// The console answers such a question when there is news, or after this time.
const NEWS_WAIT_MS: u32 = 500;

/// Looks for what the pipeline left behind of one stack.
#[derive(Debug)]
pub(super) struct ConsoleEvidence<'a> {
    stack: &'a StackInfo,
    http: Http,
    seen: AtomicU64,
}

#[derive(Deserialize)]
struct Revision {
    revision: u64,
}

#[derive(Deserialize)]
struct Traces {
    traces: Vec<Trace>,
}

#[derive(Deserialize)]
struct Mails {
    mail: Vec<Mail>,
}

impl<'a> ConsoleEvidence<'a> {
    pub(super) fn of(stack: &'a StackInfo) -> Self {
        Self { stack, http: Http::new(), seen: AtomicU64::new(0) }
    }

    async fn ask<T: DeserializeOwned>(&self, path: &str) -> Result<T, FlowError> {
        let what = "the console";
        let url = format!("{}{path}", self.stack.console);
        let answer = self.http.send(Method::GET, &url, &[], "").await?;
        if answer.status() != StatusCode::OK {
            return Err(FlowError::refused(what, &answer));
        }
        serde_json::from_slice(answer.body()).map_err(|source| FlowError::Answer { what, source })
    }
}

impl Evidence for ConsoleEvidence<'_> {
    fn pipeline(&self) -> &dyn Pipeline {
        self.stack
    }

    async fn news(&self) -> Result<(), FlowError> {
        let after = self.seen.load(Ordering::Relaxed);
        let path = format!("/api/revision?after={after}&wait_ms={NEWS_WAIT_MS}");
        let Revision { revision } = self.ask(&path).await?;
        self.seen.store(revision, Ordering::Relaxed);
        Ok(())
    }

    async fn trace(&self, image_id: &str) -> Result<Trace, FlowError> {
        let wait_ms = FlowError::PATIENCE.as_millis();
        let path =
            format!("/api/traces?image_id={image_id}&spans=issue_upload_url,{PROCESSED}&wait_ms={wait_ms}");
        let found: Traces = self.ask(&path).await?;
        let whole = found.traces.into_iter().find(|trace| trace.span(PROCESSED).is_some());
        whole.ok_or(FlowError::TooSlow { what: "the trace of the processing" })
    }

    async fn mail(&self, image_id: &str) -> Result<Vec<Mail>, FlowError> {
        let wait_ms = FlowError::PATIENCE.as_millis();
        let found: Mails = self.ask(&format!("/api/mail?image_id={image_id}&wait_ms={wait_ms}")).await?;
        if found.mail.is_empty() {
            return Err(FlowError::TooSlow { what: "the notification" });
        }
        Ok(found.mail)
    }

    async fn mail_now(&self, image_id: &str) -> Result<Vec<Mail>, FlowError> {
        let found: Mails = self.ask(&format!("/api/mail?image_id={image_id}")).await?;
        Ok(found.mail)
    }
}
