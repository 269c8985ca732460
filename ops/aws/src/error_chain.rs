//! Causes of an error, for people.

use std::error::Error;
use std::iter;

/// An error and its causes, in order.
pub fn causes<'a>(error: &'a (dyn Error + 'a)) -> impl Iterator<Item = &'a (dyn Error + 'a)> {
    iter::successors(Some(error), |&error| error.source())
}

/// An error and its causes in one line.
#[must_use]
pub fn chain(error: &dyn Error) -> String {
    causes(error).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_follow_their_error() {
        let inner = std::io::Error::other("inner");
        let outer = std::io::Error::other(std::io::Error::other(inner));
        assert!(chain(&outer).ends_with("inner"), "{}", chain(&outer));
    }
}
