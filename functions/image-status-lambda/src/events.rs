//! The events of this function: for each its log line and its metrics, declared once.

use std::time::Duration;

use telemetry::{Counter, Dimension, Emf, Event, Timer};
use tracing::{error, info, warn};

use crate::error::Refusal;

/// A status was answered.
#[derive(Debug)]
pub struct StatusRead<'a> {
    /// The image.
    pub image_id: &'a str,
    /// How far it is.
    pub status: &'static str,
    /// From request to answer.
    pub elapsed: Duration,
}

/// A request got no status.
#[derive(Debug)]
pub struct StatusRefused<'a> {
    /// Why.
    pub refusal: &'a Refusal,
}

impl Event for StatusRead<'_> {
    fn log(&self) {
        info!(image_id = self.image_id, status = self.status, "Image status read");
    }

    fn measure(&self, emf: &mut Emf) {
        emf.property("image_id", self.image_id);
        emf.count(Counter::ImageStatusesRead, 1);
        emf.time(Timer::ImageStatusLatency, self.elapsed);
    }
}

impl Event for StatusRefused<'_> {
    fn log(&self) {
        let reason = self.refusal.external().code;
        let error = self.refusal as &dyn std::error::Error;
        if self.refusal.is_fault() {
            error!(reason, error, "Image status not read");
        } else {
            warn!(reason, error, "Image status refused");
        }
    }

    fn measure(&self, emf: &mut Emf) {
        emf.count_by(Counter::ImageStatusRejections, 1, Dimension::Reason, self.refusal.external().code);
    }
}
