//! Troubles of the services that the functions use.

use cloudwatch_model::{Datapoint, Dimensions, Distribution, MetricId, Resolution, Unit};
use http::StatusCode;
use local_stack::faults::{InjectedFault, Rule};
use local_stack::flow::{TraceHeaders, put};

use super::{done, uploaded};
use crate::faults::failed_attempt;
use crate::picture::picture;
use crate::runbooks::reader::Reader;
use crate::uploader::{plain_url, somebody};

/// A bucket need not be full for its size to be asked.
pub(in crate::runbooks) async fn bucket_holds_something(reader: &mut Reader) {
    let issued = uploaded(reader.harness).await;
    done(reader.harness, &issued).await;
}

/// The table refuses what the function writes, once.
pub(in crate::runbooks) async fn table_refuses(reader: &mut Reader) {
    let harness = reader.harness;
    let issued = plain_url(harness, &somebody(harness).await).await;
    let refused =
        InjectedFault::Refuse { status: StatusCode::BAD_REQUEST, code: "AccessDeniedException".into() };
    let _strike = harness.faults.strike(Rule::next("dynamodb", "PutItem", &issued.image_id, refused));
    put(&issued, picture(image::ImageFormat::Jpeg), &TraceHeaders::default()).await.unwrap();
    failed_attempt(harness, &issued.image_id).await;
    done(harness, &issued).await;
    reader.until("Verify").await;
    reader.wait_minutes(6);
}

/// SNS has counted failures; the engine makes none. Nobody but AWS publishes below AWS/.
pub(in crate::runbooks) async fn topic_has_failed(reader: &mut Reader) {
    let harness = reader.harness;
    let topic = harness.output("TopicArn").rsplit(':').next().unwrap();
    let failures = Datapoint {
        metric: MetricId::new(
            "AWS/SNS",
            "NumberOfNotificationsFailed",
            Dimensions::new([("TopicName", topic)]).unwrap(),
        )
        .unwrap(),
        timestamp: harness.observer.clock().now(),
        unit: Unit::Count,
        values: Distribution::of_values(&[2.0]).unwrap(),
        resolution: Resolution::Standard,
    };
    let metric = failures.metric.clone();
    harness.observer.put(|seen| seen.metrics.put(failures));
    harness.seen("the failures", "nothing", |seen| seen.metrics.span(&metric)).await;
}
