//! Sampling: the sampler of `OTEL_TRACES_SAMPLER` decides, never the flag of an untrusted header.

use opentelemetry::{
    Context,
    trace::{SpanKind, TraceId},
};
use opentelemetry_sdk::trace::{Sampler, SamplingDecision, ShouldSample};

/// Reads `OTEL_TRACES_SAMPLER` and its argument; unset means every trace is kept.
///
/// The `parentbased_` names mean the same as those without: the decision taken when the upload URL is
/// issued is in the signed `traceparent` and always holds.
///
/// # Errors
///
/// Returns the offending value when it names no sampler.
pub(crate) fn parse(name: Option<&str>, argument: Option<&str>) -> Result<Sampler, String> {
    let Some(name) = name.filter(|name| !name.is_empty()) else { return Ok(Sampler::AlwaysOn) };
    match name.strip_prefix("parentbased_").unwrap_or(name) {
        "always_on" => Ok(Sampler::AlwaysOn),
        "always_off" => Ok(Sampler::AlwaysOff),
        "traceidratio" => {
            let raw = argument.unwrap_or("1");
            let ratio = raw.parse().ok().filter(|ratio| (0.0..=1.0).contains(ratio));
            ratio.map(Sampler::TraceIdRatioBased).ok_or_else(|| raw.to_owned())
        }
        _ => Err(name.to_owned()),
    }
}

/// Whether `sampler` keeps the trace `id`.
pub(crate) fn keeps(sampler: &Sampler, id: TraceId) -> bool {
    let verdict = sampler.should_sample(None::<&Context>, id, "", &SpanKind::Internal, &[], &[]).decision;
    verdict == SamplingDecision::RecordAndSample
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_trace_is_kept_unless_configured_otherwise() {
        assert!(keeps(&parse(None, None).unwrap(), TraceId::from(7_u128)));
        assert!(!keeps(&parse(Some("always_off"), None).unwrap(), TraceId::from(7_u128)));
    }

    #[test]
    fn a_ratio_decides_alike_for_the_same_trace() {
        let half = parse(Some("parentbased_traceidratio"), Some("0.5")).unwrap();

        assert!(keeps(&half, TraceId::from(1_u128)));
        assert!(!keeps(&half, TraceId::from(u128::from(u64::MAX))));
    }

    #[test]
    fn an_unknown_sampler_or_ratio_is_named() {
        assert_eq!(parse(Some("xray"), None).unwrap_err(), "xray");
        assert_eq!(parse(Some("traceidratio"), Some("2")).unwrap_err(), "2");
    }
}
