//! The catalogue of metrics as enums; dashboards and alarms may name no other metric.
//!
//! The kind of a metric is its type, so a duration can never be emitted as a count.

/// The CloudWatch namespace of every metric of the catalogue.
pub const NAMESPACE: &str = "ImagePipeline";

/// A kind of metric: an enum whose variants each have a meaning, a source and at most one dimension beside
/// `service`.
macro_rules! catalogue {
    (
        $(#[$doc:meta])* $name:ident, $unit:literal,
        $( $(#[doc = $line:literal])+ $variant:ident $(by $dimension:ident)? from $source:literal ),+ $(,)?
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $( $(#[doc = $line])+ $variant ),+ }

        impl $name {
            /// Every variant.
            pub const ALL: &[Self] = &[$(Self::$variant),+];
            /// The unit as CloudWatch spells it.
            pub const UNIT: &str = $unit;

            /// The name as CloudWatch shows it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => stringify!($variant)),+ }
            }

            /// What the metric means.
            #[must_use]
            pub const fn help(self) -> &'static str {
                match self { $(Self::$variant => concat!($($line),+)),+ }
            }

            /// The dimension that the metric is also published under, beside its total.
            #[must_use]
            pub const fn dimension(self) -> Option<Dimension> {
                match self { $(Self::$variant => catalogue!(@ $($dimension)?)),+ }
            }

            /// The crate that emits it: a function, [`Metric::EVERY_SERVICE`] or [`Metric::EVERY_CALLER`].
            #[must_use]
            pub const fn source(self) -> &'static str {
                match self { $(Self::$variant => $source),+ }
            }
        }
    };
    (@) => { None };
    (@ $dimension:ident) => { Some(Dimension::$dimension) };
}

catalogue!(
    /// Things counted. Unit: `Count`.
    Counter, "Count",
    /// Upload URLs handed out.
    UploadUrlsIssued from "generate-upload-url",
    /// Requests for a URL that were refused.
    UploadUrlRejections by Reason from "generate-upload-url",
    /// Questions how an upload ended that were answered.
    ImageStatusesRead from "image-status-lambda",
    /// Such questions that were refused.
    ImageStatusRejections by Reason from "image-status-lambda",
    /// Uploads received by the processor for the first time; redeliveries and redriven messages are not counted again.
    UploadsSeen from "image-processor-lambda",
    /// S3 records received by the processor, redeliveries included.
    ImagesReceived from "image-processor-lambda",
    /// Images whose thumbnail, item and notification exist.
    ImagesProcessed from "image-processor-lambda",
    /// Images refused for good because of what the user sent.
    ImagesRejected by Reason from "image-processor-lambda",
    /// Attempts that failed for our or AWS's reasons; retried, or after the last receive in the dead-letter queue.
    ProcessingFaults by Stage from "image-processor-lambda",
    /// Messages received more than once.
    Redeliveries from "image-processor-lambda",
    /// Records whose effect existed already: nothing was done.
    Duplicates from "image-processor-lambda",
    /// Records given back to the queue because another attempt had the image in work.
    ImagesBusy from "image-processor-lambda",
    /// Records of S3 that are no upload of a user, such as a folder or a removed object, and images to be done again whose object is gone: nothing was done.
    RecordsSkipped by Reason from "image-processor-lambda",
    /// Messages that are no S3 notification, on their way to the dead-letter queue.
    MalformedMessages from "image-processor-lambda",
    /// Width times height of decoded images.
    DecodedPixels from "image-processor-lambda",
    /// Objects listed by a complete scan of a bucket.
    ObjectsScanned from "s3-metrics-lambda",
    /// Scans that could not finish, so that no total was published.
    ScanIncomplete from "s3-metrics-lambda",
    /// First invocations of an execution environment.
    ColdStarts from "telemetry",
    /// Calls of AWS's services, each once however often it was sent.
    AwsCalls by Operation from "telemetry-aws-sdk",
    /// How often such calls were sent again.
    AwsRetries by Operation from "telemetry-aws-sdk",
    /// Attempts of such calls that the service refused because there were too many.
    AwsThrottles by Operation from "telemetry-aws-sdk",
    /// Spans, metric values, fields or lines that were lost.
    TelemetryDropped from "telemetry",
);

catalogue!(
    /// Things timed. Unit: `Milliseconds`.
    Timer, "Milliseconds",
    /// From a request for a URL to its answer.
    UploadUrlLatency from "generate-upload-url",
    /// From a question how an upload ended to its answer.
    ImageStatusLatency from "image-status-lambda",
    /// From a message's receipt to its verdict, in one attempt.
    ProcessingLatency from "image-processor-lambda",
    /// One step of processing.
    StageLatency by Stage from "image-processor-lambda",
    /// From the URL's issue to the end of the upload: the user's side.
    UrlToUploadLatency from "image-processor-lambda",
    /// From the end of the upload to the message's receipt.
    QueueWait from "image-processor-lambda",
    /// From the end of the upload to DONE: the side that the SLO promises.
    UploadToDoneLatency from "image-processor-lambda",
    /// One scan of one bucket.
    ScanLatency from "s3-metrics-lambda",
    /// From the start of the program to its first request for work.
    InitLatency from "telemetry",
    /// One call of an AWS service, with its retries and the pauses between them, but not the body of its response.
    AwsCallLatency by Operation from "telemetry-aws-sdk",
);

catalogue!(
    /// Things measured in bytes. Unit: `Bytes`.
    Size, "Bytes",
    /// Size of an uploaded image.
    OriginalBytes from "image-processor-lambda",
    /// Size of a thumbnail.
    ThumbnailBytes from "image-processor-lambda",
    /// Most memory the process has held so far.
    PeakMemory from "telemetry",
);

/// A dimension beside `service`; its values come from closed sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dimension {
    /// Which operation of which AWS service, such as `S3.GetObject`.
    Operation,
    /// Why something was refused.
    Reason,
    /// Which step of the work.
    Stage,
}

impl Dimension {
    /// Every dimension.
    pub const ALL: &[Self] = &[Self::Operation, Self::Reason, Self::Stage];

    /// The name as CloudWatch shows it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Operation => "Operation",
            Self::Reason => "Reason",
            Self::Stage => "Stage",
        }
    }
}

/// One metric of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Metric {
    /// The name as CloudWatch shows it.
    pub name: &'static str,
    /// The unit as CloudWatch spells it.
    pub unit: &'static str,
    /// The dimension beside `service` under which it is published too.
    pub dimension: Option<Dimension>,
    /// The crate that emits it: a function, [`Metric::EVERY_SERVICE`] or [`Metric::EVERY_CALLER`].
    pub source: &'static str,
    /// What it means.
    pub help: &'static str,
}

macro_rules! all {
    ($kind:ident) => {
        $kind::ALL.iter().map(|it| Metric {
            name: it.name(),
            unit: $kind::UNIT,
            dimension: it.dimension(),
            source: it.source(),
            help: it.help().trim(),
        })
    };
}

impl Metric {
    /// The source of the metrics that this crate emits for each service.
    pub const EVERY_SERVICE: &str = "telemetry";
    /// The source of the metrics that the interceptor of the AWS SDK emits for each service that sends calls.
    pub const EVERY_CALLER: &str = "telemetry-aws-sdk";

    /// The metric of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::all().find(|metric| metric.name == name)
    }

    /// Whether `module`, a path of Rust, is in the crate that emits it.
    pub(crate) fn is_from(&self, module: &str) -> bool {
        let name = module.split("::").next().unwrap_or_default();
        self.source.bytes().map(|byte| if byte == b'-' { b'_' } else { byte }).eq(name.bytes())
    }

    /// Each metric of the catalogue, once.
    pub fn all() -> impl Iterator<Item = Self> {
        all!(Counter).chain(all!(Timer)).chain(all!(Size))
    }
}
