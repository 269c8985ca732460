//! The shell: a tick in, the totals of all buckets out.

use std::time::{Duration, Instant, SystemTime};

use futures_util::future::join_all;
use lambda_runtime::{Context, LambdaEvent};
use serde_json::{Value, json};
use telemetry::Telemetry;
use tracing::{Instrument, Span, info_span};

use crate::{
    config::Config,
    error::PublishError,
    events::{BucketScanned, ScanStopped},
    lanes::{Lanes, PARALLELISM},
    store::{Buckets, Total},
    usage,
};

/// Everything a run needs.
#[derive(Clone, Debug)]
pub struct App<S> {
    /// Configuration from the environment.
    pub config: Config,
    /// Where the buckets are.
    pub store: S,
    /// Where events are emitted.
    pub telemetry: Telemetry,
}

/// Scans all buckets side by side and publishes the totals of those that were listed to their end.
///
/// A bucket that was not is a `ScanIncomplete` and no error: a bucket too large for the timeout stays so, and Lambda
/// would scan it twice more and notify the failure destination at every tick of the schedule.
///
/// # Errors
///
/// Fails when CloudWatch took no total.
pub async fn handle(app: &App<impl Buckets>, event: LambdaEvent<Value>) -> Result<Value, PublishError> {
    let result = report(app, &event.context).await;
    if let Err(error) = &result {
        telemetry::fail(&Span::current(), error);
        tracing::error!(error = error as &dyn std::error::Error, "Totals not reported");
    }
    result
}

async fn report(app: &App<impl Buckets>, context: &Context) -> Result<Value, PublishError> {
    let lanes = Lanes::new(PARALLELISM);
    let scans = app.config.buckets.iter().map(|bucket| {
        let span = info_span!("scan_bucket", aws.s3.bucket = bucket);
        scan(app, bucket, &lanes, context).instrument(span)
    });
    let totals: Vec<Total> = join_all(scans).await.into_iter().flatten().collect();
    if !totals.is_empty() {
        let span = info_span!("publish_totals");
        let published = app.store.publish(&totals).instrument(span.clone()).await;
        published.map_err(PublishError).inspect_err(|error| telemetry::fail(&span, error))?;
    }
    let incomplete = app.config.buckets.len() - totals.len();
    if incomplete > 0 {
        return Ok(json!({ "buckets": totals.len(), "incomplete": incomplete }));
    }
    Ok(json!({ "buckets": totals.len() }))
}

async fn scan(app: &App<impl Buckets>, bucket: &str, lanes: &Lanes, context: &Context) -> Option<Total> {
    let started = Instant::now();
    match usage::scan(&app.store, bucket, lanes, || time_left(context, SystemTime::now())).await {
        Ok(usage) => {
            app.telemetry.emit(&BucketScanned { bucket, usage, elapsed: started.elapsed() });
            Some(Total { bucket: bucket.to_owned(), usage, at: SystemTime::now() })
        }
        Err(error) => {
            telemetry::fail(&Span::current(), &error);
            app.telemetry.emit(&ScanStopped { bucket, error: &error });
            None
        }
    }
}

/// What is left of the invocation at `now`.
fn time_left(context: &Context, now: SystemTime) -> Duration {
    let deadline = SystemTime::UNIX_EPOCH + Duration::from_millis(context.deadline);
    deadline.duration_since(now).unwrap_or_default()
}
