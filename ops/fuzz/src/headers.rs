use std::collections::HashMap;

use aws_lambda_events::sqs::SqsMessage;
use serde_json::json;
use telemetry::{
    Telemetry,
    context::{Origins, parse_traceparent},
};
use tracing::info_span;

/// Property of trace headers: whatever message attribute, signed metadata and X-Ray header are, there is one span in one
/// trace, and it is lost only if we decided so when we signed.
///
/// # Panics
///
/// When that is not so.
pub fn headers(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let mut lines = text.splitn(3, '\n').map(|line| (!line.is_empty()).then_some(line));
    let (attribute, metadata, system) =
        (lines.next().flatten(), lines.next().flatten(), lines.next().flatten());
    let message = message(attribute, system);
    let (telemetry, captured) = Telemetry::capture("fuzz");

    telemetry.scope(|| {
        let span = info_span!(parent: None, "process_image");
        telemetry.set_parent(&span, &Origins::of_message(&message).with_metadata(metadata));
    });

    let spans = captured.spans();
    let decided = attribute
        .iter()
        .chain(&metadata)
        .any(|header| parse_traceparent(header).is_some_and(|it| !it.is_sampled()));
    match spans.as_slice() {
        [] => assert!(decided, "lost, though none of our headers is unsampled"),
        [span] => {
            assert!(span.span_context.is_valid());
            assert!(span.links.iter().all(|link| link.span_context.is_valid()));
            // The same span id in another trace is another span.
            let parent = (span.span_context.trace_id(), span.parent_span_id);
            let mut linked =
                span.links.iter().map(|it| (it.span_context.trace_id(), it.span_context.span_id()));
            assert!(linked.all(|it| it != parent));
        }
        _ => unreachable!("one span was made"),
    }
}

fn message(attribute: Option<&str>, system: Option<&str>) -> SqsMessage {
    let attribute = attribute.map(|value| {
        let value = json!({
            "dataType": "String", "stringValue": value, "stringListValues": [], "binaryListValues": [],
        });
        ("traceparent", value)
    });
    let message = json!({
        "attributes": system.map(|value| ("AWSTraceHeader", value)).into_iter().collect::<HashMap<_, _>>(),
        "messageAttributes": attribute.into_iter().collect::<HashMap<_, _>>(),
    });
    serde_json::from_value(message).unwrap()
}
