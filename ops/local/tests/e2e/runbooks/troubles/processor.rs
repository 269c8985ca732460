//! Trouble with processing images.

use std::time::Duration;

use http::StatusCode;
use image::ImageFormat;
use local_stack::faults::{Fault, Rule, Strike};
use local_stack::flow::{TraceHeaders, UploadUrl, put};

use super::{done, uploaded};
use crate::faults::failed_attempt;
use crate::picture::picture;
use crate::runbooks::rehearsal::Rehearsal;
use crate::stage::Stage;
use crate::uploader::{plain_url, somebody};

/// An upload that one call about strikes.
async fn struck(
    stage: &Stage,
    service: &'static str,
    operation: &'static str,
    fault: Fault,
) -> (UploadUrl, Strike) {
    let issued = plain_url(stage, &somebody(stage).await).await;
    let subject = match service {
        "s3" => format!("processed/{}", issued.image_id),
        _ => issued.image_id.clone(),
    };
    let strike = stage.faults.strike(Rule::next(service, operation, &subject, fault));
    put(&issued, picture(ImageFormat::Jpeg), &TraceHeaders::default()).await.unwrap();
    (issued, strike)
}

/// The processor dies on an image, once.
pub(in crate::runbooks) async fn image_kills_it(book: &mut Rehearsal) {
    let stage = book.stage;
    let (issued, _strike) = struck(stage, "s3", "PutObject", Fault::KillBefore).await;
    done(stage, &issued).await;
    book.until("Verify").await;
    book.wait_minutes(6);
}

/// Storing a thumbnail takes eleven seconds, once.
pub(in crate::runbooks) async fn image_takes_long(book: &mut Rehearsal) {
    let stage = book.stage;
    let (issued, _strike) = struck(stage, "s3", "PutObject", Fault::Delay(Duration::from_secs(11))).await;
    done(stage, &issued).await;
    book.set("IMAGE_ID", &issued.image_id).await;
    book.until("Verify").await;
    book.wait_minutes(6);
}

/// The table refuses each of some images once, so that promises to users are at stake.
pub(in crate::runbooks) async fn images_fail_once(book: &mut Rehearsal) {
    let stage = book.stage;
    let mut strikes = Vec::new();
    for _ in 0..3 {
        let refused = Fault::Refuse { status: StatusCode::BAD_REQUEST, code: "AccessDeniedException" };
        let (issued, strike) = struck(stage, "dynamodb", "PutItem", refused).await;
        failed_attempt(stage, &issued.image_id).await;
        done(stage, &issued).await;
        strikes.push(strike);
    }
    // The engine takes no alarm of metric math; these stand in for them.
    for alarm in ["slo-processing-1h", "slo-processing-6h"] {
        let plain = [
            ("AlarmName", alarm),
            ("Namespace", "ImagePipeline"),
            ("MetricName", "ProcessingFaults"),
            ("Statistic", "Sum"),
            ("Period", "3600"),
            ("EvaluationPeriods", "1"),
            ("Threshold", "0"),
            ("ComparisonOperator", "GreaterThanThreshold"),
            ("TreatMissingData", "breaching"),
        ];
        stage.aws.query("monitoring", "2010-08-01", "PutMetricAlarm", &plain).await.unwrap();
        let rings = [("AlarmName", alarm), ("StateValue", "ALARM"), ("StateReason", "a rehearsal")];
        stage.aws.query("monitoring", "2010-08-01", "SetAlarmState", &rings).await.unwrap();
    }
    book.until("Verify").await;
    let both = [("AlarmNames.member.1", "slo-processing-1h"), ("AlarmNames.member.2", "slo-processing-6h")];
    stage.aws.query("monitoring", "2010-08-01", "DeleteAlarms", &both).await.unwrap();
    book.wait_minutes(6);
}

/// Nothing is wrong with an upload whose trace somebody looks for.
pub(in crate::runbooks) async fn upload_is_looked_for(book: &mut Rehearsal) {
    let stage = book.stage;
    let issued = uploaded(stage).await;
    let trace = stage.settled(&issued.image_id).await.text("traceId").to_owned();
    book.set("IMAGE_ID", &issued.image_id).await;
    book.set("XRAY_TRACE_ID", &format!("1-{}-{}", &trace[..8], &trace[8..])).await;
    std::fs::write(book.session.here.join("photo.jpg"), picture(ImageFormat::Jpeg)).unwrap();
}
