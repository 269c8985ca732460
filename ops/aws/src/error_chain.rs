//! An error with its causes, for a line that people read.

/// An error and its causes in one line.
#[must_use]
pub fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
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
