//! Session of a user who stays signed in for as long as something goes on.

use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use super::{LoginError, Tokens, claims, enter};
use crate::stack::Pipeline;

/// The life of a token without a time of expiry.
const SHORT_LIFE: Duration = Duration::from_mins(5);

/// The user's tokens, renewed when half of their life is over: the other half is for who holds them.
#[derive(Debug)]
pub struct Session<'a> {
    stack: &'a dyn Pipeline,
    current: Mutex<Option<(Tokens, Instant)>>,
}

impl<'a> Session<'a> {
    /// Nobody is signed in before the first tokens are asked for.
    #[must_use]
    pub fn of(stack: &'a dyn Pipeline) -> Self {
        Self { stack, current: Mutex::const_new(None) }
    }

    /// Tokens that are good for a while; who asks while somebody signs in waits for those.
    ///
    /// # Errors
    ///
    /// When the sign-in fails.
    pub async fn tokens(&self) -> Result<Tokens, LoginError> {
        let mut current = self.current.lock().await;
        if let Some((tokens, until)) = &*current
            && Instant::now() < *until
        {
            return Ok(tokens.clone());
        }
        let asked = Instant::now();
        let tokens = enter(self.stack).await?;
        *current = Some((tokens.clone(), asked + life(&tokens.id_token) / 2));
        Ok(tokens)
    }

    /// Has the next question sign in anew, because these were refused; newer ones stay.
    pub async fn forget(&self, refused: &Tokens) {
        let mut current = self.current.lock().await;
        if current.as_ref().is_some_and(|(tokens, _)| tokens.id_token == refused.id_token) {
            *current = None;
        }
    }
}

/// From issue to expiry, by the token's claims; no clock of ours is compared with the issuer's.
fn life(token: &str) -> Duration {
    let claims = claims(token).unwrap_or_default();
    let seconds = |name: &str| claims.get(name)?.as_u64();
    let life = seconds("exp").zip(seconds("iat")).and_then(|(exp, iat)| exp.checked_sub(iat));
    life.map_or(SHORT_LIFE, Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    #[test]
    fn life_of_a_token_is_what_it_tells_and_short_when_it_does_not() {
        let token = |claims: &str| format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(claims));
        assert_eq!(life(&token(r#"{"iat":1700000000,"exp":1700003600}"#)), Duration::from_hours(1));
        for odd in ["{}", r#"{"iat":2,"exp":1}"#, r#"{"exp":1700003600}"#] {
            assert_eq!(life(&token(odd)), SHORT_LIFE, "{odd}");
        }
        assert_eq!(life("no token"), SHORT_LIFE);
    }
}
