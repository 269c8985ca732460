//! The events of this function: for each its log line and its metrics, declared once.

use std::time::Duration;

use telemetry::{Counter, Emf, Event, Timer};
use tracing::{error, info};

use crate::{error::ScanError, usage::Usage};

/// A bucket was listed to its end.
#[derive(Debug)]
pub struct BucketScanned<'a> {
    /// The bucket.
    pub bucket: &'a str,
    /// What it holds.
    pub usage: Usage,
    /// How long the listing took.
    pub elapsed: Duration,
}

/// A bucket was not listed to its end, so it has no total this time.
#[derive(Debug)]
pub struct ScanStopped<'a> {
    /// The bucket.
    pub bucket: &'a str,
    /// Why.
    pub error: &'a ScanError,
}

impl Event for BucketScanned<'_> {
    fn log(&self) {
        let Usage { objects, bytes, pages } = self.usage;
        info!(bucket = self.bucket, objects, bytes, pages, "Bucket scanned");
    }

    fn measure(&self, emf: &mut Emf) {
        emf.property("bucket", self.bucket);
        emf.count(Counter::ObjectsScanned, self.usage.objects);
        emf.time(Timer::ScanLatency, self.elapsed);
    }
}

impl Event for ScanStopped<'_> {
    fn log(&self) {
        error!(bucket = self.bucket, error = self.error as &dyn std::error::Error, "Bucket not scanned");
    }

    fn measure(&self, emf: &mut Emf) {
        emf.property("bucket", self.bucket);
        emf.count(Counter::ScanIncomplete, 1);
    }
}
