//! Share of calls that fail, each in one of the ways in which calls fail on AWS.

use http::StatusCode;

use super::{InjectedFault, Rule};

/// The ways, and of ten failing calls how many fail so. Most are refused in a way that no SDK tries again, since what an SDK
/// tries again rarely reaches the function.
fn ways() -> [(InjectedFault, f64); 5] {
    let refuse = |status, code: &'static str| InjectedFault::Refuse { status, code: code.into() };
    [
        (refuse(StatusCode::FORBIDDEN, "AccessDeniedException"), 0.6),
        (refuse(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable"), 0.1),
        (InjectedFault::Drop, 0.1),
        (InjectedFault::Lose, 0.1),
        (InjectedFault::Truncate(0), 0.1),
    ]
}

impl Rule {
    /// Rules by which a share of the calls to a service fails, from 0 to 1; of those to all services, where none is named.
    #[must_use]
    pub fn failing(service: &'static str, share: f64) -> Vec<Self> {
        let mut spared = 1.0;
        let rule = |(fault, part)| {
            let own: f64 = share * part;
            // A rule meets only the calls that those before it spare.
            let probability = (own / spared).clamp(0.0, 1.0);
            spared -= own;
            Self { times: usize::MAX, probability, ..Self::next(service, "", "", fault) }
        };
        ways().into_iter().map(rule).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_of_a_share_strike_that_share_of_the_calls() {
        for share in [0.0, 0.1, 1.0] {
            let spared: f64 = Rule::failing("s3", share).iter().map(|rule| 1.0 - rule.probability).product();
            assert!((1.0 - spared - share).abs() < 1e-9, "{spared} spared at {share}");
        }
    }
}
