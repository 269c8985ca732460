//! The port to S3 and CloudWatch, and its AWS adapter.

use std::{error::Error as StdError, future::Future, time::SystemTime};

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
use telemetry_aws_sdk::CallSpans;

use crate::usage::{Page, Usage};

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

/// The two things this function asks of AWS.
pub trait Buckets: Sync {
    /// Reads one page of a listing.
    fn list_page(
        &self,
        bucket: &str,
        from: Option<String>,
    ) -> impl Future<Output = Result<Page, AwsError>> + Send;

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
    async fn list_page(&self, bucket: &str, from: Option<String>) -> Result<Page, AwsError> {
        let listing = self.s3.list_objects_v2().bucket(bucket).set_continuation_token(from);
        // A key may hold characters that XML cannot, such as U+0001: one object would make its page unreadable.
        let listing = listing.encoding_type(EncodingType::Url).send().await?;
        let sizes = listing.contents().iter().filter_map(aws_sdk_s3::types::Object::size);
        Ok(Page {
            objects: listing.contents().len() as u64,
            bytes: sizes.map(|size| u64::try_from(size).unwrap_or_default()).sum(),
            next: listing.next_continuation_token,
        })
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
