//! Answers of the query protocol.

use std::fmt::Write as _;

use super::Output;
use crate::observe::rfc3339;

const NAMESPACE: &str = "http://monitoring.amazonaws.com/doc/2010-08-01/";

/// An answer; an operation without any members has no result either.
pub(super) fn answer(operation: &str, output: &Output, request_id: &str) -> String {
    let mut xml = format!("<{operation}Response xmlns=\"{NAMESPACE}\">");
    if !matches!(output, Output::Structure(members) if members.is_empty()) {
        element(&mut xml, &format!("{operation}Result"), output);
    }
    xml + &format!(
        "<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{operation}Response>"
    )
}

/// An error.
pub(super) fn error(code: &str, message: &str, request_id: &str) -> String {
    let message = escaped(message);
    format!(
        "<ErrorResponse xmlns=\"{NAMESPACE}\"><Error><Type>Sender</Type><Code>{code}</Code>\
         <Message>{message}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    )
}

fn element(xml: &mut String, name: &str, value: &Output) {
    xml.push('<');
    xml.push_str(name);
    xml.push('>');
    match value {
        Output::Text(text) => xml.push_str(&escaped(text)),
        // A number is written into a string without an error.
        Output::Number(number) => drop(write!(xml, "{number}")),
        Output::Whole(number) => drop(write!(xml, "{number}")),
        Output::Truth(truth) => drop(write!(xml, "{truth}")),
        Output::Time(at) => xml.push_str(&rfc3339(*at)),
        Output::List(items) => items.iter().for_each(|item| element(xml, "member", item)),
        Output::Structure(members) => members.iter().for_each(|(name, value)| element(xml, name, value)),
        Output::Map(entries) => {
            for (key, value) in entries {
                xml.push_str("<entry>");
                element(xml, "key", &key.as_str().into());
                element(xml, "value", value);
                xml.push_str("</entry>");
            }
        }
    }
    xml.push_str("</");
    xml.push_str(name);
    xml.push('>');
}

/// Text as XML holds it; what XML cannot hold is left out.
fn escaped(text: &str) -> String {
    let held = |c: &char| !c.is_control() || matches!(c, '\t' | '\n' | '\r');
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars().filter(held) {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\r' => escaped.push_str("&#13;"),
            c => escaped.push(c),
        }
    }
    escaped
}
