//! The W3C header `traceparent`.

use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId};

use crate::trace::context::remote::remote;

/// Parses a W3C `traceparent`; `None` when it is malformed.
#[must_use]
pub fn parse_traceparent(header: &str) -> Option<SpanContext> {
    let mut parts = header.split('-');
    let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let known = version == "00" && parts.next().is_none();
    let future = is_lower_hex(version, 2) && version != "00" && version != "ff";
    let well_formed = is_lower_hex(trace, 32) && is_lower_hex(span, 16) && is_lower_hex(flags, 2);
    if !(known || future) || !well_formed {
        return None;
    }
    // Of the flags only "sampled" has a counterpart in X-Ray; others would come out as `Sampled=?`.
    let flags = TraceFlags::new(u8::from_str_radix(flags, 16).ok()?) & TraceFlags::SAMPLED;
    remote(TraceId::from_hex(trace).ok()?, SpanId::from_hex(span).ok()?, flags)
}

/// The `traceparent` that continues `context`.
pub(super) fn format(context: &SpanContext) -> String {
    let sampled = u8::from(context.is_sampled());
    format!("00-{}-{}-{sampled:02x}", context.trace_id(), context.span_id())
}

fn is_lower_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "5bef4de7ad49b0e87f6ef6c87fc2e700";
    const SPAN: &str = "9a9197af755a6419";

    #[test]
    fn a_traceparent_is_read_and_only_the_sampled_flag_is_kept() {
        for (flags, sampled) in [("00", 0), ("01", 1), ("02", 0), ("03", 1), ("fe", 0), ("ff", 1)] {
            let context = parse_traceparent(&format!("00-{TRACE}-{SPAN}-{flags}")).unwrap();

            assert_eq!(context.trace_id().to_string(), TRACE);
            assert_eq!(context.span_id().to_string(), SPAN);
            assert_eq!(context.trace_flags(), TraceFlags::new(sampled), "{flags}");
            assert!(context.is_remote());
        }
    }

    #[test]
    fn a_malformed_traceparent_is_no_trace() {
        let zero_trace = format!("00-{}-{SPAN}-01", "0".repeat(32));
        let zero_span = format!("00-{TRACE}-{}-01", "0".repeat(16));
        let upper = format!("00-{}-{SPAN}-01", TRACE.to_uppercase());
        let forbidden = format!("ff-{TRACE}-{SPAN}-01");
        let trailing = format!("00-{TRACE}-{SPAN}-01-x");
        let signed = format!("00-+{}-{SPAN}-01", &TRACE[1..]);
        for header in
            ["", "-", "00-1-2-3", "ü", &zero_trace, &zero_span, &upper, &forbidden, &trailing, &signed]
        {
            assert_eq!(parse_traceparent(header), None, "{header}");
        }
    }

    #[test]
    fn a_future_version_of_traceparent_is_read_as_far_as_known() {
        assert!(parse_traceparent(&format!("01-{TRACE}-{SPAN}-01-more")).is_some());
    }
}
