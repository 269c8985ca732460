//! Trouble with measuring the buckets.

use http::StatusCode;
use local_stack::faults::{Fault, Rule};

use crate::runbooks::rehearsal::Rehearsal;
use crate::switches::{invoke, schedule, throttle};

const METRICS: &str = "S3MetricsFunctionName";

/// S3 refuses the lists that the function asks for.
pub(in crate::runbooks) async fn bucket_cannot_be_listed(book: &mut Rehearsal) {
    let stage = book.stage;
    let issued = super::uploaded(stage).await;
    super::done(stage, &issued).await;
    let refused = Fault::Refuse { status: StatusCode::FORBIDDEN, code: "AccessDenied" };
    let rule = Rule::next("s3", "ListObjectsV2", "", refused);
    let strike = stage.faults.strike(Rule { times: usize::MAX, ..rule });
    invoke(stage, METRICS).await;
    assert!(strike.count() > 0, "the function lists by another call");
    drop(strike);
}

/// Nothing starts the function, and it might not run; the runbook mends both.
pub(in crate::runbooks) async fn schedule_is_off(book: &mut Rehearsal) {
    let stage = book.stage;
    invoke(stage, METRICS).await;
    schedule(stage, "DisableRule").await;
    throttle(stage, METRICS).await;
}
