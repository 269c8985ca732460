//! Troubles of the metrics function.

use http::StatusCode;
use local_stack::faults::{InjectedFault, Rule};

use crate::runbooks::reader::Reader;
use crate::switches::{invoke, schedule, throttle};

const METRICS: &str = "S3MetricsFunctionName";

/// S3 refuses the lists that the function asks for.
pub(in crate::runbooks) async fn bucket_cannot_be_listed(reader: &mut Reader) {
    let harness = reader.harness;
    let issued = super::uploaded(harness).await;
    super::done(harness, &issued).await;
    let refused = InjectedFault::Refuse { status: StatusCode::FORBIDDEN, code: "AccessDenied".into() };
    let rule = Rule::next("s3", "ListObjectsV2", "", refused);
    let strike = harness.faults.strike(Rule { times: usize::MAX, ..rule });
    invoke(harness, METRICS).await;
    assert!(strike.count() > 0, "the function lists by another call");
    drop(strike);
}

/// Nothing starts the function, and it might not run; the runbook mends both.
pub(in crate::runbooks) async fn schedule_is_off(reader: &mut Reader) {
    let harness = reader.harness;
    invoke(harness, METRICS).await;
    schedule(harness, "DisableRule").await;
    throttle(harness, METRICS).await;
}
