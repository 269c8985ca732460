//! Clock of metrics and alarms in the console's API: what it shows and how fast it goes, for everybody to see and for a
//! process that has the stack's key to change.

use std::ops::RangeInclusive;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::guard::{refusal, stranger};
use super::source::Source;
use crate::observe::{Clock, rfc3339};

/// How many times faster than the day the clock may go.
pub const RATES: RangeInclusive<u32> = 1..=600;

/// What the clock shows, and how fast it goes.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct ClockReading {
    /// Its time, by RFC 3339.
    pub now: String,
    /// How many times faster than the day it goes.
    pub rate: u32,
}

impl ClockReading {
    fn of(clock: &Clock) -> Self {
        Self { now: rfc3339(clock.now()), rate: clock.rate() }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    rate: u32,
}

pub(super) async fn show(State(source): State<Source>) -> Json<ClockReading> {
    Json(ClockReading::of(source.observer.clock()))
}

/// Changes its rate, unless somebody counts its minutes.
pub(super) async fn change(State(source): State<Source>, headers: HeaderMap, body: Bytes) -> Response {
    if let Some(refused) = stranger(&source, &headers) {
        return refused;
    }
    let Ok(Wanted { rate }) = serde_json::from_slice(&body) else {
        return refusal(StatusCode::BAD_REQUEST, "this is no rate of the clock");
    };
    if !RATES.contains(&rate) {
        let (least, most) = (RATES.start(), RATES.end());
        return refusal(StatusCode::BAD_REQUEST, &format!("the rate is between {least} and {most}"));
    }
    if source.is_broken() {
        return refusal(
            StatusCode::CONFLICT,
            "a drill or a load with faults counts its minutes; wait until it is over",
        );
    }
    source.observer.set_rate(rate);
    Json(ClockReading::of(source.observer.clock())).into_response()
}
