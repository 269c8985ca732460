//! Retries: waits that grow and are random, so that clients which were refused together do not come back together.

use std::time::Duration;

use aws_client::AwsError;
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

/// The first wait before a call of an operator is repeated; each further one is twice as long.
const FIRST_WHILE_BUSY: Duration = Duration::from_millis(200);
/// After a wait of this length such a call is not repeated again.
const LONGEST_WHILE_BUSY: Duration = Duration::from_secs(10);

/// The waits between the tries of one thing.
struct Waits {
    begun: Instant,
    most: Duration,
}

impl Waits {
    fn begin() -> Self {
        Self { begun: Instant::now(), most: FIRST }
    }

    /// Whether a client that is refused for its rate has waited for long enough.
    fn are_over(&self) -> bool {
        self.begun.elapsed() >= THROTTLED
    }

    async fn next(&mut self) {
        sleep(jittered(self.most)).await;
        self.most = (self.most * 3).min(LONGEST);
    }
}

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
    let mut waits = Waits::begin();
    let mut failures = 0;
    loop {
        let error = match attempt().await {
            Err(error) if error.is_transient() => error,
            done => return done,
        };
        failures += usize::from(!error.is_throttled());
        if failures > RETRIES || waits.are_over() {
            return Err(error);
        }
        refused(&error);
        waits.next().await;
    }
}

/// Tries until the answer is another one than that there are too many requests; the last answer.
///
/// Such a request had no effect, so this may repeat what must not be done twice.
pub(crate) async fn in_turn<T, F: Future<Output = T>>(
    attempt: impl Fn() -> F,
    is_throttled: impl Fn(&T) -> bool,
) -> T {
    let mut waits = Waits::begin();
    loop {
        let answer = attempt().await;
        if !is_throttled(&answer) || waits.are_over() {
            return answer;
        }
        waits.next().await;
    }
}

/// Makes a call, again after growing waits while the service is busy; it must be one that may be repeated.
///
/// # Errors
///
/// The last error.
pub(crate) async fn while_busy<T>(ask: impl AsyncFn() -> Result<T, AwsError>) -> Result<T, AwsError> {
    let mut wait = FIRST_WHILE_BUSY;
    loop {
        match ask().await {
            Err(error) if error.is_transient() && wait <= LONGEST_WHILE_BUSY => {
                sleep(wait).await;
                wait *= 2;
            }
            done => return done,
        }
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

    #[tokio::test(start_paused = true)]
    async fn whatever_is_refused_for_the_rate_alone_is_tried_until_its_turn_comes() {
        let tries = async |status: u16, good_after: Duration| {
            let (tried, begun) = (Cell::new(0), Instant::now());
            let attempt = || async {
                tried.set(tried.get() + 1);
                if begun.elapsed() >= good_after { 200 } else { status }
            };
            (in_turn(attempt, |status| *status == 429).await, tried.get())
        };
        assert_eq!(tries(429, Duration::from_secs(100)).await.0, 200, "its turn came after 100 s");
        assert_eq!(tries(429, Duration::MAX).await.0, 429, "it does not wait for ever");
        assert_eq!(tries(503, Duration::MAX).await, (503, 1));
    }

    #[test]
    fn waits_differ_between_clients() {
        let waits: Vec<Duration> = (0..20).map(|_| jittered(LONGEST)).collect();
        assert!(waits.iter().all(|wait| (LONGEST / 2..=LONGEST).contains(wait)), "{waits:?}");
        assert!(waits.windows(2).any(|pair| pair[0] != pair[1]));
    }
}
