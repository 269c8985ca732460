//! Retries: waits that grow and are random, so that clients which were refused together do not come back together.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::error::FlowError;

/// The first wait is between half of this and this; each further one is up to three times as long.
const FIRST: Duration = Duration::from_millis(400);
/// The longest wait between two tries.
const LONGEST: Duration = Duration::from_secs(6);
/// How often what may pass by itself is tried again: of uploads of which a tenth of all calls fails, one in ten million
/// is given up.
const RETRIES: usize = 6;
/// How long a client goes on that is refused for its rate: others are served meanwhile, and its turn comes.
const THROTTLED: Duration = Duration::from_mins(2);

/// Tries until it goes well, or until what went wrong will not pass; `refused` gets each error that is retried.
///
/// # Errors
///
/// The last error.
pub(crate) async fn patiently<T, F: Future<Output = Result<T, FlowError>>>(
    // No asynchronous closure: of those the compiler does not know that their futures can be sent to other threads.
    attempt: impl Fn() -> F,
    refused: impl Fn(&FlowError),
) -> Result<T, FlowError> {
    let begun = Instant::now();
    let mut failures = 0;
    let mut most = FIRST;
    loop {
        let error = match attempt().await {
            Err(error) if error.is_transient() => error,
            done => return done,
        };
        failures += usize::from(!error.is_throttled());
        if failures > RETRIES || begun.elapsed() >= THROTTLED {
            return Err(error);
        }
        refused(&error);
        sleep(jittered(most)).await;
        most = (most * 3).min(LONGEST);
    }
}

/// Between half of the longest wait and the whole of it.
fn jittered(most: Duration) -> Duration {
    let random = getrandom::u32().unwrap_or_default();
    most.mul_f64(0.5 + 0.5 * f64::from(random) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use http::StatusCode;

    use super::*;

    async fn tries(status: StatusCode, good_after: Duration) -> (usize, bool) {
        let (tried, begun) = (Cell::new(0), Instant::now());
        let attempt = || async {
            tried.set(tried.get() + 1);
            if begun.elapsed() >= good_after {
                return Ok(());
            }
            Err(FlowError::Refused { what: "it", status, reason: String::new() })
        };
        let went_well = patiently(attempt, |_| ()).await.is_ok();
        (tried.get(), went_well)
    }

    #[tokio::test(start_paused = true)]
    async fn what_passes_by_itself_is_tried_again_and_nothing_else_is() {
        assert_eq!(tries(StatusCode::SERVICE_UNAVAILABLE, Duration::MAX).await, (1 + RETRIES, false));
        assert_eq!(tries(StatusCode::FORBIDDEN, Duration::MAX).await, (1, false));
    }

    #[tokio::test(start_paused = true)]
    async fn client_that_is_refused_for_the_rate_goes_on_until_its_turn_comes() {
        let (tried, went_well) = tries(StatusCode::TOO_MANY_REQUESTS, Duration::from_secs(100)).await;
        assert!(went_well, "its turn came after 100 s");
        assert!((15..40).contains(&tried), "{tried} tries in 100 s");
        let (_, went_well) = tries(StatusCode::TOO_MANY_REQUESTS, Duration::MAX).await;
        assert!(!went_well, "it does not wait for ever");
    }

    #[test]
    fn waits_differ_between_clients() {
        let waits: Vec<Duration> = (0..20).map(|_| jittered(LONGEST)).collect();
        assert!(waits.iter().all(|wait| (LONGEST / 2..=LONGEST).contains(wait)), "{waits:?}");
        assert!(waits.windows(2).any(|pair| pair[0] != pair[1]));
    }
}
