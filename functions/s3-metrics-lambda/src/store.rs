//! The port to S3 and CloudWatch, and its AWS adapter.

use std::{error::Error as StdError, future::Future, str::Utf8Error, time::SystemTime};

use aws_config::BehaviorVersion;
use aws_sdk_cloudwatch::{
    operation::put_metric_data::{PutMetricDataError, PutMetricDataInput},
    primitives::DateTime,
    types::{Dimension, MetricDatum, StandardUnit},
};
use aws_sdk_s3::{
    operation::list_objects_v2::{ListObjectsV2Error, ListObjectsV2Input},
    types::EncodingType,
};
use percent_encoding::percent_decode_str;
use telemetry_aws_sdk::CallSpans;

use crate::usage::{Cursor, Object, Page, Usage};

/// The namespace that the totals are published in.
pub const NAMESPACE: &str = "CustomS3";

/// The total of one bucket, as of one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Total {
    /// The bucket.
    pub bucket: String,
    /// What it holds.
    pub usage: Usage,
    /// When its listing ended.
    pub at: SystemTime,
}

/// A failure of AWS, as its SDK reports it.
pub type AwsError = Box<dyn StdError + Send + Sync>;

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// S3 asks for fewer requests; the same one may succeed later.
    #[error("throttled")]
    Throttled(#[source] AwsError),
    /// Anything else.
    #[error(transparent)]
    Failed(#[from] AwsError),
}

/// The two things this function asks of AWS.
pub trait Buckets: Sync {
    /// Reads one page of a listing.
    fn list_page(&self, bucket: &str, from: &Cursor) -> impl Future<Output = Result<Page, ListError>> + Send;

    /// Publishes `BucketSizeBytes` and `NumberOfObjects` of all `totals` in one call.
    fn publish(&self, totals: &[Total]) -> impl Future<Output = Result<(), AwsError>> + Send;
}

/// The buckets of the account that the environment's credentials belong to.
#[derive(Clone, Debug)]
pub struct AwsBuckets {
    s3: aws_sdk_s3::Client,
    cloudwatch: aws_sdk_cloudwatch::Client,
}

impl AwsBuckets {
    /// Clients with the credentials of the environment.
    pub async fn load() -> Self {
        let sdk = aws_config::defaults(BehaviorVersion::latest()).load().await;
        let spans = spans();
        let s3 = aws_sdk_s3::config::Builder::from(&sdk).interceptor(spans.clone());
        let cloudwatch = aws_sdk_cloudwatch::config::Builder::from(&sdk).interceptor(spans);
        Self::new(
            aws_sdk_s3::Client::from_conf(s3.build()),
            aws_sdk_cloudwatch::Client::from_conf(cloudwatch.build()),
        )
    }

    /// The buckets and metrics that these clients reach.
    #[must_use]
    pub fn new(s3: aws_sdk_s3::Client, cloudwatch: aws_sdk_cloudwatch::Client) -> Self {
        Self { s3, cloudwatch }
    }
}

fn spans() -> CallSpans {
    CallSpans::default()
        .operation::<ListObjectsV2Input, ListObjectsV2Error>(|input, call| {
            call.text("aws.s3.bucket", input.bucket());
        })
        .operation::<PutMetricDataInput, PutMetricDataError>(|_, _| {})
}

impl Buckets for AwsBuckets {
    async fn list_page(&self, bucket: &str, from: &Cursor) -> Result<Page, ListError> {
        let request = self.s3.list_objects_v2().bucket(bucket);
        let request = match from {
            Cursor::Start => request,
            Cursor::After(key) => request.start_after(key),
            Cursor::Token(token) => request.continuation_token(token),
        };
        // A key may hold characters that XML cannot, such as U+0001: one object would make its page unreadable.
        let listing = request.encoding_type(EncodingType::Url).send().await.map_err(|error| {
            let status = error.raw_response().map(|response| response.status().as_u16());
            let is_throttled = matches!(status, Some(429 | 503));
            let error = AwsError::from(error);
            if is_throttled { ListError::Throttled(error) } else { ListError::Failed(error) }
        })?;
        let objects = listing.contents().iter().map(|object| {
            let key = decoded(object.key().unwrap_or_default())?;
            let bytes = object.size().and_then(|size| u64::try_from(size).ok()).unwrap_or_default();
            Ok(Object { key, bytes })
        });
        let objects = objects.collect::<Result<_, Utf8Error>>().map_err(AwsError::from)?;
        Ok(Page { objects, next: listing.next_continuation_token })
    }

    async fn publish(&self, totals: &[Total]) -> Result<(), AwsError> {
        let data = totals.iter().flat_map(|total| {
            [
                datum(total, "BucketSizeBytes", StandardUnit::Bytes, total.usage.bytes),
                datum(total, "NumberOfObjects", StandardUnit::Count, total.usage.objects),
            ]
        });
        let request = self.cloudwatch.put_metric_data().namespace(NAMESPACE);
        request.set_metric_data(Some(data.collect())).send().await?;
        Ok(())
    }
}

/// The key that S3 has encoded for a URL, with a plus for a space.
fn decoded(key: &str) -> Result<String, Utf8Error> {
    let key = key.replace('+', " ");
    Ok(percent_decode_str(&key).decode_utf8()?.into_owned())
}

#[expect(clippy::cast_precision_loss, reason = "CloudWatch stores doubles; exact up to 8 PiB")]
fn datum(total: &Total, name: &str, unit: StandardUnit, value: u64) -> MetricDatum {
    let dimension = Dimension::builder().name("BucketName").value(&total.bucket).build();
    MetricDatum::builder()
        .metric_name(name)
        .dimensions(dimension)
        .timestamp(DateTime::from(total.at))
        .unit(unit)
        .value(value as f64)
        .build()
}
