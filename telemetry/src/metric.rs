//! The closed catalogue of metrics; dashboards and alarms may name nothing else.
//!
//! The kind of a metric is its type, so a duration can never be emitted as a count.

/// The CloudWatch namespace of every metric of the catalogue.
pub const NAMESPACE: &str = "ImagePipeline";

macro_rules! catalogue {
    ($(#[$doc:meta])* $name:ident, $unit:literal, $( $(#[doc = $line:literal])+ $variant:ident ),+ $(,)?) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $( $(#[doc = $line])+ $variant ),+ }

        impl $name {
            /// Every variant; catalogue tests walk it.
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
        }
    };
}

catalogue!(
    /// Things counted. Unit: `Count`.
    Counter, "Count",
    /// Upload URLs handed out.
    UploadUrlsIssued,
    /// Requests for a URL that were refused; see the dimension `Reason`.
    UploadUrlRejections,
    /// Object versions that reached the processor for the first time.
    UploadsSeen,
    /// S3 records received by the processor, redeliveries included.
    ImagesReceived,
    /// Images whose thumbnail, item and notification exist.
    ImagesProcessed,
    /// Images refused for good because of what the user sent; see the dimension `Reason`.
    ImagesRejected,
    /// Attempts that failed for our or AWS's reasons and will be retried; see the dimension `Stage`.
    ProcessingFaults,
    /// Messages received more than once.
    Redeliveries,
    /// Records whose effect existed already: nothing was done.
    Duplicates,
    /// Messages that are no S3 notification, on their way to the dead-letter queue.
    MalformedMessages,
    /// Width times height of decoded images.
    DecodedPixels,
    /// Objects listed by a complete scan of a bucket.
    ObjectsScanned,
    /// Scans that could not finish, so that no total was published.
    ScanIncomplete,
    /// First invocations of an execution environment.
    ColdStarts,
    /// Spans, metrics or log lines that were lost.
    TelemetryDropped,
);

catalogue!(
    /// Things timed. Unit: `Milliseconds`.
    Timer, "Milliseconds",
    /// From a request for a URL to its answer.
    UploadUrlLatency,
    /// From a message's receipt to its verdict, in one attempt.
    ProcessingLatency,
    /// One step of processing; see the dimension `Stage`.
    StageLatency,
    /// From the URL's issue to the end of the upload: the user's side.
    UrlToUploadLatency,
    /// From the end of the upload to the message's receipt.
    QueueWait,
    /// From the end of the upload to DONE: the side that the SLO promises.
    UploadToDoneLatency,
    /// One scan of one bucket.
    ScanLatency,
    /// From the start of the program to its first request for work.
    InitLatency,
);

catalogue!(
    /// Things measured in bytes. Unit: `Bytes`.
    Size, "Bytes",
    /// Size of an uploaded image.
    OriginalBytes,
    /// Size of a thumbnail.
    ThumbnailBytes,
    /// Most memory the process has held so far.
    PeakMemory,
);

/// A dimension beside `service`; its values come from closed sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dimension {
    /// Why something was refused.
    Reason,
    /// Which step of the work.
    Stage,
}

impl Dimension {
    /// The name as CloudWatch shows it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reason => "Reason",
            Self::Stage => "Stage",
        }
    }
}
