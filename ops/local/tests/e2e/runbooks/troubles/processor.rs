//! Troubles of the processor.

use std::time::Duration;

use http::StatusCode;
use image::ImageFormat;
use local_stack::faults::{InjectedFault, Rule, Strike};
use local_stack::flow::{TraceHeaders, UploadUrl, put};

use super::{done, uploaded};
use crate::faults::failed_attempt;
use crate::harness::Harness;
use crate::picture::picture;
use crate::runbooks::reader::Reader;
use crate::uploader::{plain_url, somebody};

/// An upload that one call about strikes.
async fn struck(
    harness: &Harness,
    service: &'static str,
    operation: &'static str,
    fault: InjectedFault,
) -> (UploadUrl, Strike) {
    let issued = plain_url(harness, &somebody(harness).await).await;
    let subject = match service {
        "s3" => format!("processed/{}", issued.image_id),
        _ => issued.image_id.clone(),
    };
    let strike = harness.faults.strike(Rule::next(service, operation, &subject, fault));
    put(&issued, picture(ImageFormat::Jpeg), &TraceHeaders::default()).await.unwrap();
    (issued, strike)
}

/// The processor dies on an image, once.
pub(in crate::runbooks) async fn image_kills_it(reader: &mut Reader) {
    let harness = reader.harness;
    let (issued, _strike) = struck(harness, "s3", "PutObject", InjectedFault::KillBefore).await;
    done(harness, &issued).await;
    reader.until("Verify").await;
    reader.wait_minutes(6);
}

/// Storing a thumbnail takes a little more than the ten seconds of the runbook, once: of the 13.5 s that an attempt has,
/// the rest is left.
pub(in crate::runbooks) async fn image_takes_long(reader: &mut Reader) {
    let harness = reader.harness;
    let (issued, _strike) =
        struck(harness, "s3", "PutObject", InjectedFault::Delay(Duration::from_millis(10_200))).await;
    done(harness, &issued).await;
    reader.set("IMAGE_ID", &issued.image_id).await;
    reader.until("Verify").await;
    reader.wait_minutes(6);
}

/// The table refuses each of some images once, so that promises to users are at stake.
pub(in crate::runbooks) async fn images_fail_once(reader: &mut Reader) {
    let harness = reader.harness;
    let mut strikes = Vec::new();
    for _ in 0..3 {
        let refused =
            InjectedFault::Refuse { status: StatusCode::BAD_REQUEST, code: "AccessDeniedException".into() };
        let (issued, strike) = struck(harness, "dynamodb", "PutItem", refused).await;
        failed_attempt(harness, &issued.image_id).await;
        done(harness, &issued).await;
        strikes.push(strike);
    }
    // So many that the alarms stay on however many images other runbooks have sent, whenever they are evaluated.
    for name in ["ProcessingFaults", "ImagesReceived"] {
        let many = [
            ("Namespace", "ImagePipeline"),
            ("MetricData.member.1.MetricName", name),
            ("MetricData.member.1.Dimensions.member.1.Name", "service"),
            ("MetricData.member.1.Dimensions.member.1.Value", "image-processor-lambda"),
            ("MetricData.member.1.Value", "10000"),
            ("MetricData.member.1.Unit", "Count"),
        ];
        harness.aws.query("monitoring", "2010-08-01", "PutMetricData", &many).await.unwrap();
    }
    // Now, and not only when the minute is over.
    for alarm in ["slo-processing-1h", "slo-processing-6h"] {
        let rings = [("AlarmName", alarm), ("StateValue", "ALARM"), ("StateReason", "the test of a runbook")];
        harness.aws.query("monitoring", "2010-08-01", "SetAlarmState", &rings).await.unwrap();
    }
    reader.until("Verify").await;
    reader.wait_minutes(6);
}

/// Nothing is wrong with an upload whose trace somebody looks for.
pub(in crate::runbooks) async fn upload_is_looked_for(reader: &mut Reader) {
    let harness = reader.harness;
    let issued = uploaded(harness).await;
    let trace = harness.settled(&issued.image_id).await.text("traceId").to_owned();
    reader.set("IMAGE_ID", &issued.image_id).await;
    reader.set("XRAY_TRACE_ID", &format!("1-{}-{}", &trace[..8], &trace[8..])).await;
}
