//! Redaction of an ended span, and the length limit of its attributes.

use std::borrow::Cow;

use opentelemetry::{Array, KeyValue, StringValue, trace::Status};
use opentelemetry_sdk::trace::SpanData;

use crate::logs::redact::redact;

/// Redacts the name, attributes, events, links and status of `span`.
pub(crate) fn redact_span(span: &mut SpanData) {
    redact_text(&mut span.name);
    redact_attributes(&mut span.attributes);
    for event in &mut span.events.events {
        redact_text(&mut event.name);
        redact_attributes(&mut event.attributes);
    }
    span.links.links.iter_mut().for_each(|link| redact_attributes(&mut link.attributes));
    if let Status::Error { description } = &mut span.status {
        redact_text(description);
    }
}

/// Cuts the texts among `span`'s attributes to `length` characters.
pub(crate) fn cut_span(span: &mut SpanData, length: usize) {
    let events = span.events.events.iter_mut().flat_map(|event| &mut event.attributes);
    let links = span.links.links.iter_mut().flat_map(|link| &mut link.attributes);
    for attribute in span.attributes.iter_mut().chain(events).chain(links) {
        match &mut attribute.value {
            opentelemetry::Value::String(text) => cut(text, length),
            opentelemetry::Value::Array(Array::String(texts)) => {
                for text in texts {
                    cut(text, length);
                }
            }
            _ => {}
        }
    }
}

fn cut(text: &mut StringValue, length: usize) {
    let end = text.as_str().char_indices().nth(length).map(|(at, _)| at);
    if let Some(shorter) = end.and_then(|end| text.as_str().get(..end)) {
        *text = shorter.to_owned().into();
    }
}

fn redact_text(text: &mut Cow<'static, str>) {
    if let Cow::Owned(clean) = redact(text) {
        *text = Cow::Owned(clean);
    }
}

fn redact_attributes(attributes: &mut [KeyValue]) {
    for attribute in attributes {
        match &mut attribute.value {
            opentelemetry::Value::String(text) => redact_attribute(text),
            opentelemetry::Value::Array(Array::String(texts)) => texts.iter_mut().for_each(redact_attribute),
            _ => {}
        }
    }
}

fn redact_attribute(text: &mut StringValue) {
    if let Cow::Owned(clean) = redact(text.as_str()) {
        *text = clean.into();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_a_span_are_cut_to_the_characters_allowed() {
        let mut text = StringValue::from("äöü");
        cut(&mut text, 3);
        assert_eq!(text.as_str(), "äöü");
        cut(&mut text, 2);
        assert_eq!(text.as_str(), "äö");
        cut(&mut text, 0);
        assert_eq!(text.as_str(), "");
    }
}
