//! Holder of a lease: the side of the process that has rules put into force on a running stack.

use bytes::{Bytes, BytesMut};
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::leases::{Ended, Order, Standing};
use crate::stack::StackInfo;

/// Rules in force on a running stack; dropping it ends them, and so does the end of the process.
#[derive(Debug)]
pub struct HeldLease {
    client: Client<HttpConnector, Full<Bytes>>,
    url: String,
    key: String,
    standing: watch::Receiver<Standing>,
    reading: JoinHandle<()>,
}

/// No lease, or none any more.
#[derive(Debug, thiserror::Error)]
pub enum LeaseError {
    /// The address or the key is malformed.
    #[error("the stack's console has a malformed address")]
    Malformed(#[from] http::Error),
    /// The order is no JSON.
    #[error("the rules cannot be written as JSON")]
    Order(#[source] serde_json::Error),
    /// Nobody answers.
    #[error("the stack's console does not answer; is `ops up` still running?")]
    Unreachable(#[source] hyper_util::client::legacy::Error),
    /// The connection ended.
    #[error("the stack's console broke off; is `ops up` still running?")]
    BrokeOff(#[source] hyper::Error),
    /// The console refused.
    #[error("the stack's console answered {status} to the rules: {reason}")]
    Refused {
        /// The HTTP status.
        status: StatusCode,
        /// What it said.
        reason: String,
    },
    /// The console's answer is not understood.
    #[error("the stack's console answered something unknown; is it of another version?")]
    Answer(#[source] serde_json::Error),
    /// The stack ended the lease, as it does when it goes down.
    #[error("the stack ended the lease")]
    Over,
}

impl HeldLease {
    /// Puts the rules of an order into force.
    ///
    /// # Errors
    ///
    /// When the stack does not answer or refuses.
    pub async fn open(info: &StackInfo, order: &Order) -> Result<Self, LeaseError> {
        let client = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build_http();
        let (url, key) = (format!("{}/api/faults", info.console), info.console_key());
        let order = serde_json::to_vec(order).map_err(LeaseError::Order)?;
        let answer = send(&client, Method::POST, &url, &key, order).await?;
        let mut lines = Lines { body: answer.into_body(), read: BytesMut::new() };
        let first = lines.next().await?.ok_or(LeaseError::Over)?;
        let (sender, standing) = watch::channel(first);
        let reading = tokio::spawn(async move {
            while let Ok(Some(next)) = lines.next().await {
                sender.send_replace(next);
            }
        });
        Ok(Self { client, url, key, standing, reading })
    }

    /// How the lease stands.
    #[must_use]
    pub fn standing(&self) -> Standing {
        self.standing.borrow().clone()
    }

    /// Waits until a condition holds for the lease.
    ///
    /// # Errors
    ///
    /// When the lease ends before that.
    pub async fn until(&self, condition: impl FnMut(&Standing) -> bool) -> Result<Standing, LeaseError> {
        let mut standing = self.standing.clone();
        standing.wait_for(condition).await.map(|found| found.clone()).map_err(|_| LeaseError::Over)
    }

    /// Ends the lease; returns once everything is undone, unless `undo` is false because it was done already.
    ///
    /// # Errors
    ///
    /// When the stack does not answer.
    pub async fn end(self, undo: bool) -> Result<Ended, LeaseError> {
        let url = format!("{}/{}?undo={undo}", self.url, self.standing().lease);
        let answer = send(&self.client, Method::DELETE, &url, &self.key, Vec::new()).await?;
        let body = answer.into_body().collect().await.map_err(LeaseError::BrokeOff)?.to_bytes();
        serde_json::from_slice(&body).map_err(LeaseError::Answer)
    }
}

impl Drop for HeldLease {
    fn drop(&mut self) {
        self.reading.abort();
    }
}

async fn send(
    client: &Client<HttpConnector, Full<Bytes>>,
    method: Method,
    url: &str,
    key: &str,
    body: Vec<u8>,
) -> Result<Response<Incoming>, LeaseError> {
    let request = Request::builder().method(method).uri(url);
    let request = request.header(header::AUTHORIZATION, format!("Bearer {key}"));
    let request = request.body(Full::from(body))?;
    let answer = client.request(request).await.map_err(LeaseError::Unreachable)?;
    let status = answer.status();
    if status.is_success() {
        return Ok(answer);
    }
    let body = answer.into_body().collect().await.map_err(LeaseError::BrokeOff)?.to_bytes();
    Err(LeaseError::Refused { status, reason: String::from_utf8_lossy(&body).into_owned() })
}

/// The answer's lines.
struct Lines {
    body: Incoming,
    read: BytesMut,
}

impl Lines {
    async fn next(&mut self) -> Result<Option<Standing>, LeaseError> {
        loop {
            if let Some(end) = self.read.iter().position(|byte| *byte == b'\n') {
                let line = self.read.split_to(end + 1);
                return serde_json::from_slice(&line).map(Some).map_err(LeaseError::Answer);
            }
            let Some(frame) = self.body.frame().await else { return Ok(None) };
            let frame = frame.map_err(LeaseError::BrokeOff)?;
            self.read.extend_from_slice(frame.data_ref().map_or(&[], |data| data));
        }
    }
}
