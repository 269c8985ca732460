//! X-Ray's header `X-Amzn-Trace-Id`, with a parser of our own: the library's takes `Sampled=?` for a flag
//! that its sampler then drops, and any short or signed number for an id.

use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId};

use crate::trace::context::remote::remote;

/// A parsed `X-Amzn-Trace-Id`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct XrayHeader {
    /// The trace.
    pub(crate) root: TraceId,
    /// The span to continue; a trace may have started without any span of it being named.
    parent: Option<SpanId>,
    /// Whether `Sampled=1`; missing, `0` and `?` all leave the decision to others.
    sampled: bool,
}

impl XrayHeader {
    /// Parses a header; `None` when `Root` or `Parent` is malformed.
    pub(crate) fn parse(header: &str) -> Option<Self> {
        let [mut root, mut parent, mut sampled] = [None; 3];
        for (name, value) in fields(header) {
            let field = match name {
                "Root" => &mut root,
                "Parent" => &mut parent,
                "Sampled" => &mut sampled,
                _ => continue,
            };
            // The first of a name counts.
            field.get_or_insert(value);
        }
        let parent = match parent {
            Some(parent) => Some(SpanId::from_bytes(hex(parent)?)).filter(|id| *id != SpanId::INVALID),
            None => None,
        };
        Some(Self { root: trace_id(root?)?, parent, sampled: sampled == Some("1") })
    }

    /// The span that the header names, if it names one.
    pub(crate) fn span(&self) -> Option<SpanContext> {
        let flags = if self.sampled { TraceFlags::SAMPLED } else { TraceFlags::default() };
        remote(self.root, self.parent?, flags)
    }
}

/// The header that continues `context`.
pub(super) fn format(context: &SpanContext) -> String {
    let sampled = u8::from(context.is_sampled());
    let trace = context.trace_id().to_string();
    let (time, rest) = trace.split_at_checked(8).unwrap_or_default();
    format!("Root=1-{time}-{rest};Parent={};Sampled={sampled}", context.span_id())
}

/// The chain of functions that led to this invocation, by which Lambda finds and stops loops.
pub(super) fn lineage(header: &str) -> Option<&str> {
    let lineage = fields(header).find(|(name, _)| *name == "Lineage").map(|(_, value)| value);
    lineage.filter(|lineage| !lineage.is_empty())
}

/// Names with their values.
fn fields(header: &str) -> impl Iterator<Item = (&str, &str)> {
    header.split(';').filter_map(|part| part.trim().split_once('='))
}

fn trace_id(root: &str) -> Option<TraceId> {
    let (time, rest) = root.strip_prefix("1-")?.split_once('-')?;
    let (time, rest): ([u8; 4], [u8; 12]) = (hex(time)?, hex(rest)?);
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(time.into_iter().chain(rest)).for_each(|(to, from)| *to = from);
    Some(TraceId::from_bytes(bytes)).filter(|id| *id != TraceId::INVALID)
}

/// Exactly `N` bytes in hexadecimal digits.
pub(super) fn hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    if digits.len() != 2 * N {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|it| u8::try_from(it).ok());
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let [high, low] = pair else { return None };
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str = "1-5bef4de7-ad49b0e87f6ef6c87fc2e700";
    const TRACE: &str = "5bef4de7ad49b0e87f6ef6c87fc2e700";
    const SPAN: &str = "9a9197af755a6419";

    #[test]
    fn a_header_names_a_span_whatever_its_sampling_flag() {
        for (rest, sampled) in [
            ("", false),
            (";Sampled=0", false),
            (";Sampled=?", false),
            (";Sampled=", false),
            (";Sampled=1", true),
            (";Sampled=1;Sampled=0", true),
            ("; Sampled=1 ;Lineage=a:1|b:2;Self=1-x;=;;Ünknown", true),
        ] {
            let header = format!("Root={ROOT};Parent={SPAN}{rest}");
            let context = XrayHeader::parse(&header).unwrap().span().unwrap();

            assert_eq!(context.trace_id().to_string(), TRACE, "{header}");
            assert_eq!(context.span_id().to_string(), SPAN, "{header}");
            assert_eq!(context.is_sampled(), sampled, "{header}");
            assert!(context.is_remote());
        }
    }

    #[test]
    fn a_header_with_a_root_alone_names_a_trace_and_no_span() {
        for header in [
            format!("Root={ROOT}"),
            format!("Root={ROOT};Sampled=1"),
            format!("Root={ROOT};Parent=0000000000000000"),
        ] {
            let header = XrayHeader::parse(&header).unwrap();

            assert_eq!((header.root.to_string().as_str(), header.span()), (TRACE, None));
        }
    }

    #[test]
    fn a_malformed_header_is_no_header() {
        let upper = format!("root={ROOT};Parent={SPAN}");
        let zero = "Root=1-00000000-000000000000000000000000".to_owned();
        let short = "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e7;Parent=9a9197af755a6419".to_owned();
        let signed = format!("Root=1-+bef4de7-ad49b0e87f6ef6c87fc2e700;Parent={SPAN}");
        let version = format!("Root=2-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent={SPAN}");
        let parent = format!("Root={ROOT};Parent=+a9197af755a6419");
        let long = format!("Root={ROOT};Parent={SPAN}0");
        let unicode = format!("Root={ROOT};Parent=9a9197af755a64é");
        for header in [
            "",
            ";",
            "=",
            "Root=",
            "Root=x;;=;Parent=1",
            &upper,
            &zero,
            &short,
            &signed,
            &version,
            &parent,
            &long,
            &unicode,
        ] {
            assert_eq!(XrayHeader::parse(header), None, "{header}");
        }
    }

    #[test]
    fn the_lineage_of_a_header_is_found_wherever_it_stands() {
        assert_eq!(
            lineage("Root=1-x;Lineage=a87bd80c:1|68fd508a:5;Sampled=0"),
            Some("a87bd80c:1|68fd508a:5")
        );
        assert_eq!(lineage("Root=1-x;Lineage="), None);
        assert_eq!(lineage("Root=1-x"), None);
    }
}
