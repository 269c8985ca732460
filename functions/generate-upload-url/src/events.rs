//! The events of this function: for each its log line and its metrics, declared once.

use std::time::Duration;

use telemetry::{Counter, Dimension, Emf, Event, Timer};
use tracing::{error, info, warn};

use crate::error::Refusal;

/// An upload URL was handed out.
#[derive(Debug)]
pub struct UrlIssued<'a> {
    /// The image that the URL is for.
    pub image_id: &'a str,
    /// From request to answer.
    pub elapsed: Duration,
}

/// A request got no upload URL.
#[derive(Debug)]
pub struct UrlRefused<'a> {
    /// Why.
    pub refusal: &'a Refusal,
}

impl Event for UrlIssued<'_> {
    fn log(&self) {
        info!(image_id = self.image_id, "Upload URL issued");
    }

    fn measure(&self, emf: &mut Emf) {
        emf.property("image_id", self.image_id);
        emf.count(Counter::UploadUrlsIssued, 1);
        emf.time(Timer::UploadUrlLatency, self.elapsed);
    }
}

impl Event for UrlRefused<'_> {
    fn log(&self) {
        let reason = self.refusal.external().code;
        let error = self.refusal as &dyn std::error::Error;
        if matches!(self.refusal, Refusal::Signing(_)) {
            error!(reason, error, "Upload URL not issued");
        } else {
            warn!(reason, error, "Upload URL refused");
        }
    }

    fn measure(&self, emf: &mut Emf) {
        emf.count_by(Counter::UploadUrlRejections, 1, Dimension::Reason, self.refusal.external().code);
    }
}
