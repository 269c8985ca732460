//! The steps of the work: span names, values of the dimension `Stage`, and how long each took.

use std::time::{Duration, Instant};

use tracing::{Instrument, Span, info_span};

/// A step of processing one image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Reading the message, and everything outside the other steps.
    Receive,
    /// Claiming the image in the table.
    Claim,
    /// Waiting for another attempt at the same image to end.
    Wait,
    /// Reading the original.
    Download,
    /// From bytes to pixels.
    Decode,
    /// From many pixels to few.
    Resize,
    /// From pixels to JPEG.
    Encode,
    /// Writing the thumbnail.
    Upload,
    /// Recording the result.
    Persist,
    /// Publishing the notification.
    Notify,
    /// Recording that the notification was published.
    Settle,
}

impl Stage {
    /// Every stage, in order.
    pub const ALL: [Self; 11] = [
        Self::Receive,
        Self::Claim,
        Self::Wait,
        Self::Download,
        Self::Decode,
        Self::Resize,
        Self::Encode,
        Self::Upload,
        Self::Persist,
        Self::Notify,
        Self::Settle,
    ];

    /// The span's name and the dimension's value.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Receive => "receive",
            Self::Claim => "claim",
            Self::Wait => "wait",
            Self::Download => "download",
            Self::Decode => "decode",
            Self::Resize => "resize",
            Self::Encode => "encode",
            Self::Upload => "upload",
            Self::Persist => "persist",
            Self::Notify => "notify",
            Self::Settle => "settle",
        }
    }

    /// A span for this step, below the current one.
    #[must_use]
    pub fn span(self) -> Span {
        info_span!("stage", otel.name = self.name())
    }
}

/// How long each step took, in the order of their ends.
#[derive(Clone, Debug, Default)]
pub struct Timings(Vec<(Stage, Duration)>);

impl Timings {
    /// Runs `work` as `stage`: in a span of its own, timed, marked as failed where it fails.
    ///
    /// # Errors
    ///
    /// Fails as `work` does.
    pub async fn run<T, E: std::error::Error + 'static>(
        &mut self,
        stage: Stage,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let (span, started) = (stage.span(), Instant::now());
        let result = work.instrument(span.clone()).await;
        self.add(stage, started.elapsed());
        result.inspect_err(|error| telemetry::fail(&span, error))
    }

    /// Notes that `stage` took `elapsed`.
    pub fn add(&mut self, stage: Stage, elapsed: Duration) {
        self.0.push((stage, elapsed));
    }

    /// What was noted.
    pub fn iter(&self) -> impl Iterator<Item = (Stage, Duration)> {
        self.0.iter().copied()
    }
}
