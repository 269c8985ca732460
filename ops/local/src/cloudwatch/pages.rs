//! Pages of lists: a token names where the page before ended, so that what comes meanwhile shifts nothing.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::ApiError;
use super::values::Whole;
use super::wire::Output;

/// The token that holds a place.
pub(super) fn token(place: &impl Serialize) -> Output {
    let text = serde_json::to_string(place).unwrap_or_default();
    URL_SAFE_NO_PAD.encode(text).into()
}

/// The place that a token holds.
pub(super) fn place<T: DeserializeOwned>(token: Option<&str>) -> Result<Option<T>, ApiError> {
    let read = |token| {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        serde_json::from_slice(&bytes).ok()
    };
    token.map(|token| read(token).ok_or(ApiError::NextToken)).transpose()
}

/// How many items a page has: `MaxRecords`, 50 without it.
pub(super) fn size(max_records: Option<Whole>) -> Result<usize, ApiError> {
    match max_records {
        None => Ok(50),
        Some(Whole(count @ 1..=100)) => Ok(count as usize),
        Some(Whole(count)) => {
            Err(ApiError::Validation(format!("MaxRecords is {count}, and 1 to 100 are allowed.")))
        }
    }
}
